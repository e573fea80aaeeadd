//! Benchmark of growth: what each quantity costs, as Markdown tables. Only the
//! growth within a table means anything; it has no budgets.
//!
//! With arguments, it measures only the tables whose names contain one of them:
//! `cargo bench -p countersign-benches --bench growth -- secrets tenants`.
//!
//! It starts a `redis-server`, which `cargo xtask test` installs. The table
//! `endpoints` needs the program: `COUNTERSIGN_PROGRAM` is its path.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot continue ends")]

#[path = "growth/bodies.rs"]
mod bodies;
#[path = "growth/connections.rs"]
mod connections;
#[path = "growth/cores.rs"]
mod cores;
#[path = "growth/endpoints.rs"]
mod endpoints;
#[path = "growth/events.rs"]
mod events;
#[path = "http/load.rs"]
mod load;
#[path = "growth/memory.rs"]
mod memory;
#[path = "growth/round_trip.rs"]
mod round_trip;
#[path = "growth/secrets.rs"]
mod secrets;
#[path = "growth/server.rs"]
mod server;
#[path = "store/load.rs"]
mod store;
#[path = "growth/tenants.rs"]
mod tenants;

use std::time::Instant;

/// A table: its name, and what prints it.
type Table = (&'static str, fn(is_full: bool));

const TABLES: [Table; 8] = [
    ("secrets", secrets::print),
    ("tenants", tenants::print),
    ("events", events::print),
    ("bodies", bodies::print),
    ("connections", connections::print),
    ("round-trip", round_trip::print),
    ("endpoints", endpoints::print),
    (cores::NAME, cores::print),
];

fn main() {
    // `cargo test --all-targets` also runs this, only to check that it works.
    let (options, names): (Vec<_>, Vec<_>) =
        std::env::args().skip(1).partition(|argument| argument.starts_with("--"));
    let is_full = options.iter().any(|option| option == "--bench");
    if options.iter().any(|option| option == cores::ONE_RATE) {
        return cores::print_one_rate(is_full);
    }
    for (name, print) in TABLES {
        if names.is_empty() || names.iter().any(|part| name.contains(part)) {
            print(is_full);
            println!();
        }
    }
}

/// The least nanoseconds for each call, over rounds of about a millisecond: other
/// load on the machine can only add to it.
fn nanoseconds(is_full: bool, mut call: impl FnMut()) -> f64 {
    let calls = {
        let began = Instant::now();
        call();
        (1_000_000 / (began.elapsed().as_nanos().max(1))).clamp(1, 10_000) as u32
    };
    let rounds = if is_full { 200 } else { 1 };
    let round = |_| {
        let began = Instant::now();
        (0..calls).for_each(|_| call());
        began.elapsed().as_nanos() as f64 / f64::from(calls)
    };
    (0..rounds).map(round).fold(f64::INFINITY, f64::min)
}

/// `12,345,678`
fn grouped(number: impl TryInto<u64>) -> String {
    let digits = number.try_into().unwrap_or(u64::MAX).to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
