//! What a process remembers of the events that it holds or has handled: claims that are
//! not renewed, and events that are forgotten.

use std::thread;
use std::time::Duration;

use countersign::store::{IdempotencyStore, LeaseLost, RenewOutcome};
use countersign::{Claim, EarlyResponse, ManualClock, MemoryStore, OutagePolicy, TokioRuntime};

use super::{admit, epoch};
use fixtures::faulty_store::{Fault, FaultyStore};

const EVENT: &str = r#"{"event_id":"1"}"#;
const POLICIES: [OutagePolicy; 3] =
    [OutagePolicy::FailClosed, OutagePolicy::LocalFallback, OutagePolicy::FailOpen];

/// Its handler blocks the thread that would renew the lease.
#[tokio::test(start_paused = true)]
async fn a_claim_that_is_not_renewed_still_blocks_duplicates_in_its_own_process() {
    let mut held = Vec::new();
    for policy in POLICIES {
        let store = FaultyStore::new(MemoryStore::new());
        let receiver = super::receiver("jupiter", store.clone()).with_outage_policy(policy);
        let receiver = receiver.with_lease(Duration::from_secs(1));
        let blocking = admit(&receiver, EVENT).await.unwrap();
        held.push((receiver, store, blocking));
    }
    // The leases are in real time.
    thread::sleep(Duration::from_millis(1100));
    for (receiver, store, blocking) in held {
        for _ in 0..2 {
            assert_eq!(admit(&receiver, EVENT).await.unwrap_err().code(), "in_flight");
        }
        receiver.flush(Duration::from_secs(1), &TokioRuntime).await;
        let other = super::receiver("jupiter", store.of_another_process());
        let taken_over = admit(&other, EVENT).await.unwrap();
        assert!(taken_over.claim.grant().reclaimed, "another process does not wait");
        taken_over.claim.release().await.unwrap();
        drop(blocking);
        admit(&receiver, EVENT).await.unwrap().claim.complete().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_delayed_claim_is_renewed_before_its_work_starts() {
    let (store, clock) = store_with_clock();
    let receiver = super::receiver("jupiter", store.clone());
    let short = receiver.clone().dangerous_with_lease(LEASE);
    for (receiver, renewals) in [(&receiver, 0), (&short, 1)] {
        let claim = admit(receiver, EVENT).await.unwrap().claim;
        // The lease runs out here, but not by the clock of the store.
        thread::sleep(LEASE);
        let before = store.asked_of("renew");
        let work = async { store.asked_of("renew") - before };
        assert_eq!(claim.run_with_renewal(work, &TokioRuntime).await, Ok(renewals));
        claim.release().await.unwrap();
        clock.advance(LEASE);
    }
}

#[tokio::test(start_paused = true)]
async fn the_work_of_a_delayed_claim_that_was_lost_is_not_started() {
    let (store, clock) = store_with_clock();
    let receiver = super::receiver("jupiter", store.clone()).dangerous_with_lease(LEASE);
    let other = super::receiver("jupiter", store.of_another_process());
    let waiting = admit(&receiver, EVENT).await.unwrap().claim;
    thread::sleep(LEASE);
    clock.advance(LEASE);
    let fast = admit(&other, EVENT).await.unwrap();
    assert_eq!(epoch(&fast), (2, true));
    let lost = run(&waiting).await.unwrap_err();
    assert_eq!(receiver.counters().leases_lost, 1);
    drop(waiting);
    assert_eq!(fast.claim.renew().await.unwrap(), RenewOutcome::Renewed);
    let early = EarlyResponse::from(lost);
    assert_eq!((early.status(), early.code()), (503, "in_flight"));
}

#[tokio::test(start_paused = true)]
async fn the_work_of_a_claim_whose_lease_ended_and_cannot_be_renewed_is_not_started() {
    for fault in [Fault::NotApplied, Fault::Hangs, Fault::Panics] {
        let (store, _clock) = store_with_clock();
        let receiver = super::receiver("jupiter", store.clone()).dangerous_with_lease(LEASE);
        let waiting = admit(&receiver, EVENT).await.unwrap().claim;
        thread::sleep(LEASE);
        store.fail_next("renew", &[fault]);
        assert!(run(&waiting).await.is_err(), "{fault:?}");
        let counters = receiver.counters();
        assert_eq!((counters.leases_lost, counters.renewals_failed), (0, 1), "{fault:?}");
        // The store is available again.
        assert_eq!(run(&waiting).await, Ok("done"), "{fault:?}");
        waiting.complete().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_event_is_handled_again_even_if_this_process_handled_it() {
    // A success that is not recorded yet.
    let store = FaultyStore::new(MemoryStore::new());
    let receiver = super::receiver("jupiter", store.clone());
    let first = admit(&receiver, EVENT).await.unwrap();
    let key = first.claim.key().clone();
    store.fail_next("complete", &[Fault::NotApplied]);
    receiver.settle(first.claim, 200, &TokioRuntime).await;
    assert_eq!(admit(&receiver, EVENT).await.unwrap_err().code(), "duplicate");
    assert!(receiver.forget(&key, &TokioRuntime).await.unwrap());
    assert!(!receiver.forget(&key, &TokioRuntime).await.unwrap());
    assert!(receiver.flush(Duration::from_secs(1), &TokioRuntime).await.is_empty());
    assert_eq!(epoch(&admit(&receiver, EVENT).await.unwrap()), (1, false));

    // An event that was handled before an outage.
    let store = FaultyStore::new(MemoryStore::new());
    let receiver =
        super::receiver("jupiter", store.clone()).with_outage_policy(OutagePolicy::LocalFallback);
    let first = admit(&receiver, EVENT).await.unwrap();
    receiver.settle(first.claim, 200, &TokioRuntime).await;
    store.go_down();
    assert_eq!(admit(&receiver, EVENT).await.unwrap_err().code(), "duplicate");
    store.come_back();
    assert!(receiver.forget(&key, &TokioRuntime).await.unwrap());
    store.go_down();
    assert!(admit(&receiver, EVENT).await.unwrap().claim.grant().degraded.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_forget_an_event_in_time_is_unavailable() {
    for fault in [Fault::NotApplied, Fault::Hangs, Fault::Panics] {
        let store = FaultyStore::new(MemoryStore::new());
        let receiver = super::receiver("jupiter", store.clone());
        let first = admit(&receiver, EVENT).await.unwrap();
        let key = first.claim.key().clone();
        receiver.settle(first.claim, 200, &TokioRuntime).await;
        store.fail_next("forget", &[fault]);
        receiver.forget(&key, &TokioRuntime).await.unwrap_err();
        assert!(receiver.forget(&key, &TokioRuntime).await.unwrap(), "{fault:?}");
    }
}

/// Runs work that must only start if the claim is held.
async fn run<S: IdempotencyStore>(claim: &Claim<S>) -> Result<&'static str, LeaseLost> {
    claim.run_with_renewal(async { "done" }, &TokioRuntime).await
}

/// The leases in the store end by this clock, and those in the process in real time.
fn store_with_clock() -> (FaultyStore, ManualClock) {
    let clock = ManualClock::at_unix_ms(1_760_000_000_000);
    (FaultyStore::new(MemoryStore::new().with_clock(clock.clone())), clock)
}

/// A lease that is waited for.
const LEASE: Duration = Duration::from_millis(30);
