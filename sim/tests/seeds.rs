//! The seeds of every test run: fixed ones, and some fresh ones.

use std::time::{SystemTime, UNIX_EPOCH};

use countersign_sim::{Run, Stats, explain, simulate, sweep};

#[test]
fn every_promise_holds_in_the_worlds_of_fixed_seeds() {
    let mut stats = Stats::default();
    for seed in (1..=3_000).chain(FOUND) {
        check(seed, &mut stats);
    }
    // A world in which nothing happens keeps every promise.
    assert!(stats.deliveries > 30_000 && stats.faults > 20_000, "{stats:?}");
    assert!(stats.doubles.iter().all(|count| *count > 0), "a cause never occurs: {stats:?}");
}

#[test]
fn every_promise_holds_in_the_worlds_of_fresh_seeds() {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let first = u64::try_from(since.as_micros()).unwrap();
    println!("1,000 seeds from {first}");
    for seed in first..first + 1_000 {
        check(seed, &mut Stats::default());
    }
}

#[test]
fn a_seed_has_one_history() {
    for seed in 0..200 {
        let [first, second] = [(); 2].map(|()| simulate(Run::of_seed(seed).recorded()).history);
        assert!(!first.is_empty());
        assert_eq!(first, second, "seed {seed}");
    }
}

#[test]
fn every_promise_holds_whichever_store_call_fails() {
    let mut stats = Stats::default();
    let runs: u64 = (0..10)
        .map(|seed| sweep(seed, &mut stats).unwrap_or_else(|history| panic!("{history}")))
        .sum();
    assert!(runs > 1_000, "only {runs} runs");
}

fn check(seed: u64, stats: &mut Stats) {
    let outcome = simulate(Run::of_seed(seed));
    assert!(outcome.violation.is_none(), "{}", explain(seed));
    stats.add(&outcome.stats);
}

/// Seeds that have found a fault: a grant that was read after its lease; a success that was
/// recorded between a grant and its reply.
const FOUND: [u64; 2] = [16, 4122];
