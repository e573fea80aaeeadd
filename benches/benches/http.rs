//! The doors beside bare handlers: requests per second over loopback, as a table
//! in Markdown.
//!
//! One load generator for all of them, on a thread of its own, beside servers as
//! `#[tokio::main]` and actix make them. Every delivery is a new event, signed beforehand, and every answer is looked
//! at.
//!
//! It starts its own `redis-server`; `cargo xtask test` installs one.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on ends")]

#[path = "http/load.rs"]
mod load;
#[path = "http/servers.rs"]
mod servers;

use std::hint::black_box;
use std::time::{Duration, Instant};

use countersign_benches::SECRET;
use countersign_conformance::RedisServer;
use ring::hmac;

use load::Deliveries;
use servers::Server;

fn main() {
    // `cargo test --all-targets` runs this too, and only wants to know that it works.
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let size = if is_bench { FULL } else { SMALL };
    let redis = RedisServer::start(&["--appendonly", "no"]);

    println!("| what | body | requests/s | of bare | budget | |");
    println!("| --- | ---: | ---: | ---: | ---: | --- |");
    for (body_bytes, requests, budget) in
        [(1024, size.requests, Some(0.90)), (64 * 1024, size.requests / 16, None)]
    {
        let rounds = size.rounds;
        measure(&redis, body_bytes, requests, rounds, budget);
    }
    println!();
    for bytes in [1024, 64 * 1024] {
        let ns = cryptography(bytes).as_nanos();
        println!("`ring::hmac::verify` alone, {} KiB: {ns} ns", bytes / 1024);
    }
}

struct Size {
    /// Of 1 KiB, in one round.
    requests: usize,
    rounds: usize,
}

const FULL: Size = Size { requests: 30_000, rounds: 9 };
const SMALL: Size = Size { requests: 160, rounds: 1 };

/// All servers in turn, round by round, so that a noisy minute is everybody's.
fn measure(redis: &RedisServer, bytes: usize, requests: usize, rounds: usize, budget: Option<f64>) {
    let servers = servers::all(&redis.url());
    let mut rates = vec![Vec::new(); servers.len()];
    for round in 0..rounds {
        let deliveries = Deliveries::signed(bytes, requests, round);
        for (server, rates) in servers.iter().zip(&mut rates) {
            rates.push(load::requests_per_second(server.address, &deliveries));
        }
    }
    for (index, server) in servers.iter().enumerate() {
        let bare = servers.iter().position(|other| other.name == server.bare).unwrap();
        // Of each round by itself: what disturbs a round disturbs both.
        let ratios = rates[index].iter().zip(&rates[bare]).map(|(rate, bare)| rate / bare);
        let ratio = median(ratios.collect());
        row(server, bytes, median(rates[index].clone()), ratio, budget);
    }
}

fn row(server: &Server, bytes: usize, rate: f64, ratio: f64, budget: Option<f64>) {
    let what = server.name;
    let (budget, verdict) = match budget.filter(|_| server.has_budget) {
        None => (String::new(), ""),
        Some(budget) => {
            let met = if ratio >= budget { "met" } else { "missed" };
            (format!("≥ {:.0} %", budget * 100.0), met)
        }
    };
    let kib = bytes / 1024;
    println!("| {what} | {kib} KiB | {rate:.0} | {:.1} % | {budget} | {verdict} |", ratio * 100.0);
}

/// What no door can be without.
fn cryptography(bytes: usize) -> Duration {
    let (body, key) = (vec![b'x'; bytes], hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes()));
    let tag = hmac::sign(&key, &body);
    let once = || {
        let began = Instant::now();
        for _ in 0..100 {
            hmac::verify(black_box(&key), black_box(&body), tag.as_ref()).unwrap();
        }
        began.elapsed() / 100
    };
    (0..100).map(|_| once()).min().unwrap_or_default()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
