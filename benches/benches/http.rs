//! Benchmark of the adapters, compared with bare handlers and with handlers that
//! verify and deduplicate by hand: requests per second over loopback, as Markdown
//! tables.
//!
//! One load generator for all servers runs on a separate thread. The servers use
//! the default runtimes of `#[tokio::main]` and actix. Every delivery is a new
//! event that was signed in advance, and every response is checked. The budgets
//! are relative to the handlers by hand.
//!
//! With arguments, it measures only the servers whose names contain one of them,
//! and those that they are compared with:
//! `cargo bench -p countersign-benches --bench http -- Redis`.
//!
//! It starts a `redis-server`, which `cargo xtask test` installs.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot continue ends")]

#[path = "http/by_hand.rs"]
mod by_hand;
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
    let (options, names): (Vec<_>, Vec<_>) =
        std::env::args().skip(1).partition(|argument| argument.starts_with("--"));
    let is_bench = options.iter().any(|option| option == "--bench");
    let size = if is_bench { FULL } else { SMALL };
    let redis = RedisServer::start(&["--appendonly", "no"]);

    let measured: Vec<_> = [(1024, size.requests), (64 * 1024, size.requests / 16)]
        .into_iter()
        .map(|(bytes, requests)| Measured::of(&redis, &names, bytes, requests, size.rounds))
        .collect();
    println!("| what | body | requests/s | relative to bare |");
    println!("| --- | ---: | ---: | ---: |");
    measured.iter().for_each(Measured::print_rates);
    println!();
    println!("| what | body | relative to by hand | budget | |");
    println!("| --- | ---: | ---: | ---: | --- |");
    measured.iter().for_each(Measured::print_budgets);
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

/// The rates of all servers for one size of the body.
struct Measured {
    bytes: usize,
    servers: Vec<Server>,
    /// Of each server, the requests per second in each round.
    rates: Vec<Vec<f64>>,
}

impl Measured {
    /// Measures the servers in turn, round by round, so that other load on the
    /// machine affects all of them.
    fn of(
        redis: &RedisServer,
        names: &[String],
        bytes: usize,
        requests: usize,
        rounds: usize,
    ) -> Self {
        let servers = servers::all(&redis.url());
        let is_named =
            |name: &str| names.is_empty() || names.iter().any(|part| name.contains(part));
        let is_measured = |server: &Server| {
            servers.iter().filter(|other| is_named(other.name)).any(|other| {
                let references = [Some(other.bare), other.by_hand.map(|by_hand| by_hand.name)];
                other.name == server.name || references.contains(&Some(server.name))
            })
        };
        let measured: Vec<_> = servers.iter().map(is_measured).collect();
        let mut rates = vec![Vec::new(); servers.len()];
        for round in 0..rounds {
            let deliveries = Deliveries::signed(bytes, requests, round);
            for (index, server) in servers.iter().enumerate().filter(|(index, _)| measured[*index])
            {
                rates[index].push(load::requests_per_second(
                    server.address,
                    &deliveries,
                    load::CONNECTIONS,
                ));
            }
        }
        Self { bytes, servers, rates }
    }

    fn print_rates(&self) {
        for (server, rates) in self.servers.iter().zip(&self.rates) {
            if rates.is_empty() {
                continue;
            }
            let (what, kib, rate) = (server.name, self.bytes / 1024, median(rates.clone()));
            let ratio = self.ratio(rates, server.bare) * 100.0;
            println!("| {what} | {kib} KiB | {rate:.0} | {ratio:.1} % |");
        }
    }

    fn print_budgets(&self) {
        for (server, rates) in self.servers.iter().zip(&self.rates) {
            let Some(by_hand) = server.by_hand.filter(|_| !rates.is_empty()) else { continue };
            let (what, kib, budget) = (server.name, self.bytes / 1024, by_hand.budget);
            let ratio = self.ratio(rates, by_hand.name);
            let met = if ratio >= budget { "met" } else { "missed" };
            println!("| {what} | {kib} KiB | {ratio:.3} | ≥ {budget:.2} | {met} |");
        }
    }

    /// The median of the ratios of the rounds: other load on the machine affects
    /// both rates of a round.
    fn ratio(&self, rates: &[f64], reference: &str) -> f64 {
        let reference = self.servers.iter().position(|other| other.name == reference).unwrap();
        let ratios = rates.iter().zip(&self.rates[reference]).map(|(rate, other)| rate / other);
        median(ratios.collect())
    }
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
