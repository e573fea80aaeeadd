//! The load of the benchmarks of stores that are called by many tasks.

use std::time::{Duration, Instant};

use countersign_core::{
    Attempt, ClaimOutcome, CompleteOutcome, EventKey, Fingerprint, IdempotencyStore,
};
use countersign_testing::SampleDelivery;
use tokio::task::JoinSet;

/// Creates the events of each task, outside the measured time.
pub(super) fn keys(round: usize, events: usize, tasks: usize) -> Vec<Vec<EventKey>> {
    let mut keys = vec![Vec::new(); tasks];
    for number in 0..events {
        let delivery =
            SampleDelivery::of(format!("evt_{round}_{number}")).with_endpoint("/hooks/venum");
        keys[number % tasks].push(delivery.event_key());
    }
    keys
}

pub(super) fn attempt() -> Attempt {
    let body = Fingerprint::from_u64(7);
    Attempt::new(body, Duration::from_secs(60), Duration::from_secs(7 * 24 * 60 * 60)).unwrap()
}

/// Claims and completes each event, in one task for each list of keys.
pub(super) async fn claim_and_complete<S>(store: &S, keys: Vec<Vec<EventKey>>)
where
    S: IdempotencyStore + Clone + Send + Sync + 'static,
{
    let mut tasks = JoinSet::new();
    for keys in keys {
        let store = store.clone();
        tasks.spawn(async move {
            for key in keys {
                let attempt = attempt();
                let outcome = store.claim(&key, &attempt).await.unwrap();
                assert!(matches!(outcome, ClaimOutcome::Granted { attempt: 1, .. }), "{outcome:?}");
                let outcome = store.complete(&key, &attempt).await.unwrap();
                assert_eq!(outcome, CompleteOutcome::Recorded);
            }
        });
    }
    tasks.join_all().await;
}

pub(super) async fn per_second(times: usize, work: impl Future<Output = ()>) -> f64 {
    let started = Instant::now();
    work.await;
    times as f64 / started.elapsed().as_secs_f64()
}

pub(super) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

pub(super) fn row(what: &str, is: &str, budget: &str, met: bool) {
    println!("| {what} | {is} | {budget} | {} |", if met { "met" } else { "missed" });
}

pub(super) fn note(what: &str, is: &str) {
    println!("| {what} | {is} | | |");
}
