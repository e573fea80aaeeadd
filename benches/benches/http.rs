//! Benchmark of the adapters, compared with bare handlers: requests per second
//! over loopback, as a Markdown table.
//!
//! One load generator for all servers runs on a separate thread. The servers use
//! the default runtimes of `#[tokio::main]` and actix. Every delivery is a new
//! event that was signed in advance, and every response is checked.
//!
//! It starts a `redis-server`, which `cargo xtask test` installs.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot continue ends")]

#[path = "http/load.rs"]
mod load;
#[path = "http/servers.rs"]
mod servers;

use std::hint::black_box;
use std::time::{Duration, Instant};

use countersign_benches::SECRET;
use countersign_test_servers::RedisServer;
use ring::hmac;

use load::Deliveries;
use servers::Server;

fn main() {
    // `cargo test --all-targets` also runs this, only to check that it works.
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let size = if is_bench { FULL } else { SMALL };
    let redis = RedisServer::start(&["--appendonly", "no"]);

    println!("| what | body | requests/s | relative to bare | budget | |");
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
    /// The number of requests with 1 KiB in one round.
    requests: usize,
    rounds: usize,
}

const FULL: Size = Size { requests: 30_000, rounds: 9 };
const SMALL: Size = Size { requests: 160, rounds: 1 };

/// Measures all servers in turn, round by round, so that other load on the
/// machine affects all of them.
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
        // One ratio for each round: other load on the machine affects both rates.
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

/// The time for the cryptography alone, which every adapter needs.
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
