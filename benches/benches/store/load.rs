//! The load of the benchmarks of stores that are called by many tasks.

use std::sync::Arc;
use std::time::Duration;

use countersign_core::{
    Attempt, ClaimOutcome, CompleteOutcome, EventKey, Fingerprint, IdempotencyStore,
};
use countersign_testing::SampleDelivery;
use tokio::task::JoinSet;

/// Creates the events of each task, outside the measured time.
pub(crate) fn keys(round: usize, events: usize, tasks: usize) -> Vec<Vec<EventKey>> {
    let mut keys = vec![Vec::new(); tasks];
    for number in 0..events {
        let delivery =
            SampleDelivery::of(format!("evt_{round}_{number}")).with_endpoint("/hooks/venum");
        keys[number % tasks].push(delivery.event_key());
    }
    keys
}

pub(crate) fn attempt() -> Attempt {
    let body = Fingerprint::from_u64(7);
    Attempt::new(body, Duration::from_secs(60), Duration::from_secs(7 * 24 * 60 * 60)).unwrap()
}

/// Claims and completes each event, in one task for each list of keys.
pub(crate) async fn claim_and_complete<S>(store: &Arc<S>, keys: Vec<Vec<EventKey>>)
where
    S: IdempotencyStore,
{
    let mut tasks = JoinSet::new();
    for keys in keys {
        let store = Arc::clone(store);
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
