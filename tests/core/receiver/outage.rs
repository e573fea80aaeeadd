//! During and after a store outage: this process does not handle an event again
//! that it is handling or has handled.

use std::time::Duration;

use countersign::outcome::Settled;
use countersign::store::{Degraded, IdempotencyStore};
use countersign::{EventKey, MemoryStore, OutagePolicy, Receiver, Repeats, TokioRuntime};
use tokio::time::sleep;

use super::{admit, epoch};
use fixtures::faulty_store::{Fault, FaultyStore};

const EVENT: &str = r#"{"event_id":"1"}"#;
const A_WHILE: Duration = Duration::from_secs(5);

#[tokio::test(start_paused = true)]
async fn an_event_handled_in_an_outage_is_a_duplicate_during_it_and_afterwards() {
    let store = FaultyStore::new(MemoryStore::new());
    // Expires long before the store is back.
    let receiver = suppressing("github", store.clone()).dangerous_with_lease(Duration::ZERO);
    tokio::spawn(receiver.settlement_task(TokioRuntime).unwrap());
    store.go_down();
    let delivery = admit(&receiver, EVENT).await.unwrap();
    assert_eq!(delivery.claim.grant().degraded, Some(Degraded::LocalFallback));
    receiver.settle(delivery.claim, 200, &TokioRuntime).await;
    for _ in 0..3 {
        assert_eq!(admit(&receiver, EVENT).await.unwrap_err().code(), "duplicate");
        sleep(Duration::from_secs(600)).await;
    }
    store.come_back();
    // Before the completion is written to the store.
    assert_eq!(admit(&receiver, EVENT).await.unwrap_err().code(), "duplicate");
    sleep(A_WHILE).await;
    let other = suppressing("github", store.of_another_process());
    for receiver in [&receiver, &other] {
        assert_eq!(admit(receiver, EVENT).await.unwrap_err().code(), "duplicate");
    }
    let counters = receiver.counters();
    assert_eq!((counters.degraded, counters.completions_after_outage), (1, 1), "{counters:?}");
    assert_eq!((counters.completions_retried, counters.completions_lost), (0, 0), "{counters:?}");
    assert_eq!(counters.late_completions, 0, "{counters:?}");
}

#[tokio::test(start_paused = true)]
async fn every_success_of_more_than_ten_thousand_events_in_an_outage_is_recorded() {
    let store = FaultyStore::new(MemoryStore::new());
    let receiver = suppressing("github", store.clone());
    tokio::spawn(receiver.settlement_task(TokioRuntime).unwrap());
    store.go_down();
    for number in 0..MANY {
        let delivery = admit(&receiver, &number.to_string()).await.unwrap();
        receiver.settle(delivery.claim, 200, &TokioRuntime).await;
    }
    store.come_back();
    sleep(A_WHILE).await;
    let counters = receiver.counters();
    assert_eq!((counters.completions_after_outage, counters.completions_lost), (MANY, 0));
    let other = suppressing("github", store.of_another_process());
    for number in [0, 9_999, 10_000, MANY - 1] {
        let again = admit(&other, &number.to_string()).await.unwrap_err();
        assert_eq!(again.code(), "duplicate", "{number}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_fails_closed_remembers_a_success_longer_than_its_lease() {
    let store = FaultyStore::new(MemoryStore::new());
    let receiver = super::receiver("jupiter", store.clone()).dangerous_with_lease(Duration::ZERO);
    tokio::spawn(receiver.settlement_task(TokioRuntime).unwrap());
    let delivery = admit(&receiver, EVENT).await.unwrap();
    store.go_down();
    let settled = receiver.settle(delivery.claim, 200, &TokioRuntime).await;
    assert!(matches!(settled, Settled::Completed(Err(_))), "{settled:?}");
    sleep(Duration::from_secs(600)).await;
    // It knows this event although the store is unavailable, but no others.
    assert_eq!(admit(&receiver, EVENT).await.unwrap_err().code(), "duplicate");
    let unknown = admit(&receiver, r#"{"event_id":"2"}"#).await.unwrap_err();
    assert_eq!(unknown.code(), "store_unavailable");
    store.come_back();
    assert_eq!(admit(&receiver, EVENT).await.unwrap_err().code(), "duplicate");
    sleep(A_WHILE).await;
    let other = super::receiver("jupiter", store.of_another_process());
    assert_eq!(admit(&other, EVENT).await.unwrap_err().code(), "duplicate");
    let counters = receiver.counters();
    assert_eq!((counters.completions_retried, counters.completions_lost), (1, 0), "{counters:?}");
    assert_eq!(
        (counters.completions_after_outage, counters.late_completions),
        (0, 0),
        "{counters:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_claim_of_an_outage_moves_to_the_store_while_its_handler_runs() {
    let store = FaultyStore::new(MemoryStore::new());
    let receiver = suppressing("github", store.clone());
    let other = suppressing("github", store.of_another_process());
    tokio::spawn(receiver.settlement_task(TokioRuntime).unwrap());
    store.go_down();
    let handled = admit(&receiver, EVENT).await.unwrap();
    assert_eq!(admit(&receiver, EVENT).await.unwrap_err().code(), "in_flight");
    store.come_back();
    assert_eq!(admit(&receiver, EVENT).await.unwrap_err().code(), "in_flight");
    sleep(A_WHILE).await;
    for receiver in [&receiver, &other] {
        assert_eq!(admit(receiver, EVENT).await.unwrap_err().code(), "in_flight");
    }
    handled.claim.renew().await.unwrap();
    assert_eq!(store.asked_of("renew"), 1);
    receiver.settle(handled.claim, 200, &TokioRuntime).await;
    assert_eq!(store.asked_of("release"), 0);
    assert_eq!(admit(&other, EVENT).await.unwrap_err().code(), "duplicate");
    let counters = receiver.counters();
    assert_eq!((counters.late_completions, counters.leases_lost), (0, 0), "{counters:?}");
}

#[tokio::test(start_paused = true)]
async fn no_event_has_two_handlers_in_a_second_outage() {
    for status in [200, 500] {
        let store = FaultyStore::new(MemoryStore::new());
        let receiver = suppressing("github", store.clone());
        let other = suppressing("github", store.of_another_process());
        tokio::spawn(receiver.settlement_task(TokioRuntime).unwrap());
        store.go_down();
        let handled = admit(&receiver, EVENT).await.unwrap();
        store.come_back();
        sleep(A_WHILE).await;
        assert_eq!(admit(&other, EVENT).await.unwrap_err().code(), "in_flight", "handed over");

        store.go_down();
        assert_eq!(admit(&receiver, EVENT).await.unwrap_err().code(), "in_flight");
        handled.claim.renew().await.unwrap_err();
        assert_eq!(admit(&receiver, EVENT).await.unwrap_err().code(), "in_flight");
        receiver.settle(handled.claim, status, &TokioRuntime).await;
        let again = admit(&receiver, EVENT).await;
        assert_eq!(again.is_ok(), status == 500, "{again:?}");
        drop(again);

        store.come_back();
        sleep(A_WHILE).await;
        let again = admit(&other, EVENT).await;
        assert_eq!(again.is_ok(), status == 500, "{again:?}");
        let counters = receiver.counters();
        assert_eq!((counters.late_completions, counters.leases_lost), (0, 0), "{counters:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_success_that_the_store_rejects_does_not_block_others() {
    let store = FaultyStore::new(MemoryStore::new());
    let receiver = suppressing("github", store.clone());
    let other = suppressing("github", store.of_another_process());
    tokio::spawn(receiver.settlement_task(TokioRuntime).unwrap());
    for event in ["rejected 1", "rejected 2"] {
        let rejected = admit(&receiver, event).await.unwrap();
        store.reject_success(rejected.claim.key().clone());
        let settled = receiver.settle(rejected.claim, 200, &TokioRuntime).await;
        assert!(matches!(settled, Settled::Completed(Err(_))), "{settled:?}");
    }
    sleep(A_WHILE).await;

    drop(admit(&receiver, "released").await.unwrap());
    store.go_down();
    let handed_over = admit(&receiver, "handed over").await.unwrap();
    store.come_back();
    store.fail_next("complete", &[Fault::NotApplied]);
    let recorded = admit(&receiver, "recorded").await.unwrap();
    receiver.settle(recorded.claim, 200, &TokioRuntime).await;
    sleep(A_WHILE).await;
    assert_eq!(epoch(&admit(&other, "released").await.unwrap()), (2, false));
    assert_eq!(admit(&other, "handed over").await.unwrap_err().code(), "in_flight");
    assert_eq!(admit(&other, "recorded").await.unwrap_err().code(), "duplicate");
    assert_eq!(admit(&receiver, "rejected 1").await.unwrap_err().code(), "duplicate");
    drop(handed_over);
    let counters = receiver.counters();
    assert_eq!((counters.releases_retried, counters.completions_retried), (1, 1), "{counters:?}");
    assert_eq!(counters.completions_lost, 0, "{counters:?}");
    // A retry several times a second would be too often.
    assert!(store.asked_of("complete") < 60, "{}", store.asked_of("complete"));
    assert_eq!(receiver.flush(A_WHILE, &TokioRuntime).await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_the_store_granted_to_another_process_does_not_block_others() {
    let store = FaultyStore::new(MemoryStore::new());
    let receiver = suppressing("github", store.clone());
    let other = suppressing("github", store.of_another_process());
    tokio::spawn(receiver.settlement_task(TokioRuntime).unwrap());
    store.go_down();
    let here = admit(&receiver, EVENT).await.unwrap();
    let there = admit(&other, EVENT).await.unwrap();
    store.come_back();
    sleep(A_WHILE).await;
    drop(admit(&receiver, "released").await.unwrap());
    sleep(A_WHILE).await;
    assert_eq!(receiver.counters().releases_retried, 1);
    there.claim.release().await.unwrap();
    sleep(A_WHILE).await;
    assert_eq!(admit(&other, EVENT).await.unwrap_err().code(), "in_flight", "handed over");
    here.claim.complete().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_failure_after_the_claim_moved_to_the_store_releases_it_for_every_process() {
    let store = FaultyStore::new(MemoryStore::new());
    let receiver = suppressing("github", store.clone());
    let other = suppressing("github", store.of_another_process());
    tokio::spawn(receiver.settlement_task(TokioRuntime).unwrap());
    store.go_down();
    let failing = admit(&receiver, EVENT).await.unwrap();
    store.come_back();
    sleep(A_WHILE).await;
    receiver.settle(failing.claim, 500, &TokioRuntime).await;
    let again = admit(&other, EVENT).await.unwrap();
    assert_eq!(epoch(&again), (2, false));
    other.settle(again.claim, 200, &TokioRuntime).await;
}

#[tokio::test(start_paused = true)]
async fn no_event_has_two_handlers_in_one_process_when_the_store_fails_meanwhile() {
    let store = FaultyStore::new(MemoryStore::new());
    let receiver = suppressing("github", store.clone());
    let handled = admit(&receiver, EVENT).await.unwrap();
    store.go_down();
    assert_eq!(admit(&receiver, EVENT).await.unwrap_err().code(), "in_flight");
    handled.claim.renew().await.unwrap_err();
    assert_eq!(admit(&receiver, EVENT).await.unwrap_err().code(), "in_flight");
    receiver.settle(handled.claim, 200, &TokioRuntime).await;
    assert_eq!(admit(&receiver, EVENT).await.unwrap_err().code(), "duplicate");

    store.come_back();
    for status in [200, 500] {
        let event = status.to_string();
        let settled = admit(&receiver, &event).await.unwrap();
        receiver.settle(settled.claim, status, &TokioRuntime).await;
        store.go_down();
        let again = admit(&receiver, &event).await;
        if status == 200 {
            assert_eq!(again.unwrap_err().code(), "duplicate");
        } else {
            let grant = again.unwrap().claim.grant();
            assert_eq!(grant.degraded, Some(Degraded::LocalFallback));
        }
        store.come_back();
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_handled_before_or_in_an_outage_is_a_duplicate_in_the_next_one() {
    let store = FaultyStore::new(MemoryStore::new());
    let receiver = suppressing("github", store.clone());
    tokio::spawn(receiver.settlement_task(TokioRuntime).unwrap());
    store.go_down();
    let in_outage = admit(&receiver, "in an outage").await.unwrap();
    receiver.settle(in_outage.claim, 200, &TokioRuntime).await;
    let across = admit(&receiver, "across its end").await.unwrap();
    store.come_back();
    sleep(A_WHILE).await;
    receiver.settle(across.claim, 200, &TokioRuntime).await;
    let through_the_store = admit(&receiver, "through the store").await.unwrap();
    receiver.settle(through_the_store.claim, 200, &TokioRuntime).await;
    let retried = admit(&receiver, "retried").await.unwrap();
    store.fail_next("complete", &[Fault::NotApplied, Fault::ReplyLost]);
    receiver.settle(retried.claim, 200, &TokioRuntime).await;
    sleep(A_WHILE).await;
    let late = admit(&receiver, "late").await.unwrap();
    store.fail_next("complete", &[Fault::ReplyLate(Duration::from_secs(1))]);
    receiver.settle(late.claim, 200, &TokioRuntime).await;
    assert!(receiver.flush(Duration::ZERO, &TokioRuntime).await.is_empty(), "all are recorded");

    store.go_down();
    for event in ["in an outage", "across its end", "through the store", "retried", "late"] {
        let again = admit(&receiver, event).await.map(drop);
        assert_eq!(again.map_err(|answer| answer.code()), Err("duplicate"), "{event}");
    }
    // Duplicates that are handled are flagged.
    let handling = receiver.clone().with_repeats(Repeats::Handle);
    let grant = admit(&handling, "late").await.unwrap().claim.grant();
    assert_eq!((grant.possible_duplicate, grant.attempt), (true, 1));
}

/// Only the store knows what other processes have handled.
#[tokio::test(start_paused = true)]
async fn an_event_claimed_without_the_store_is_a_possible_duplicate() {
    for policy in [OutagePolicy::LocalFallback, OutagePolicy::FailOpen] {
        let store = FaultyStore::new(MemoryStore::new());
        let receiver = suppressing("jupiter", store.clone()).with_outage_policy(policy);
        let other = super::receiver("jupiter", store.of_another_process());
        let elsewhere = admit(&other, EVENT).await.unwrap();
        other.settle(elsewhere.claim, 200, &TokioRuntime).await;
        store.fail_next("claim", &[Fault::NotApplied]);
        let again = admit(&receiver, EVENT).await.unwrap();
        let grant = again.claim.grant();
        assert_eq!((grant.degraded.is_some(), grant.possible_duplicate), (true, true));
        receiver.settle(again.claim, 200, &TokioRuntime).await;

        let new = admit(&receiver, r#"{"event_id":"2"}"#).await.unwrap();
        assert!(!new.claim.grant().possible_duplicate, "the store knows");
    }
}

/// The store has granted the claim, and its response was lost.
#[tokio::test(start_paused = true)]
async fn a_claim_is_never_released_while_its_handler_runs() {
    for status in [200, 500] {
        let store = FaultyStore::new(MemoryStore::new());
        let receiver = suppressing("github", store.clone());
        let other = suppressing("github", store.of_another_process());
        tokio::spawn(receiver.settlement_task(TokioRuntime).unwrap());
        store.fail_next("claim", &[Fault::ReplyLost]);
        let handled = admit(&receiver, EVENT).await.unwrap();
        assert_eq!(handled.claim.grant().degraded, Some(Degraded::LocalFallback));
        assert_eq!(admit(&other, EVENT).await.unwrap_err().code(), "in_flight");
        sleep(A_WHILE).await;
        assert_eq!(admit(&other, EVENT).await.unwrap_err().code(), "in_flight");
        receiver.settle(handled.claim, status, &TokioRuntime).await;
        sleep(A_WHILE).await;
        let again = admit(&other, EVENT).await;
        assert_eq!(again.is_ok(), status == 500, "{again:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_in_an_outage_releases_a_grant_whose_reply_was_lost() {
    let store = FaultyStore::new(MemoryStore::new());
    let receiver = suppressing("github", store.clone());
    store.fail_next("claim", &[Fault::ReplyLost]);
    let failing = admit(&receiver, EVENT).await.unwrap();
    receiver.settle(failing.claim, 500, &TokioRuntime).await;
    tokio::spawn(receiver.settlement_task(TokioRuntime).unwrap());
    sleep(A_WHILE).await;
    let other = suppressing("github", store.of_another_process());
    assert_eq!(epoch(&admit(&other, EVENT).await.unwrap()), (2, false));
}

#[tokio::test(start_paused = true)]
async fn only_an_event_also_handled_by_another_process_counts_as_handled_twice() {
    let store = FaultyStore::new(MemoryStore::new());
    let receiver = suppressing("github", store.clone());
    let other = suppressing("github", store.of_another_process());
    tokio::spawn(receiver.settlement_task(TokioRuntime).unwrap());
    store.go_down();
    for event in ["once", "twice"] {
        let delivery = admit(&receiver, event).await.unwrap();
        receiver.settle(delivery.claim, 200, &TokioRuntime).await;
    }
    let twice = admit(&other, "twice").await.unwrap();
    other.settle(twice.claim, 200, &TokioRuntime).await;
    store.come_back();
    sleep(A_WHILE).await;
    let counters = receiver.counters();
    assert_eq!(
        (counters.completions_after_outage, counters.late_completions),
        (2, 1),
        "{counters:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_retry_in_an_outage_does_not_count_as_handled_twice() {
    let store = FaultyStore::new(MemoryStore::new());
    let receiver = suppressing("github", store.clone());
    store.go_down();
    for status in [500, 200] {
        let delivery = admit(&receiver, EVENT).await.unwrap();
        receiver.settle(delivery.claim, status, &TokioRuntime).await;
    }
    store.come_back();
    tokio::spawn(receiver.settlement_task(TokioRuntime).unwrap());
    sleep(A_WHILE).await;
    let counters = receiver.counters();
    assert_eq!(
        (counters.completions_after_outage, counters.late_completions),
        (1, 0),
        "{counters:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_flush_returns_the_successes_that_it_could_not_record() {
    let store = FaultyStore::new(MemoryStore::new());
    let receiver = super::receiver("jupiter", store.clone());
    let mut keys = Vec::new();
    for number in 0..3 {
        let body = format!(r#"{{"event_id":"{number}"}}"#);
        let delivery = admit(&receiver, &body).await.unwrap();
        keys.push(delivery.claim.key().clone());
        store.fail_next("complete", &[Fault::NotApplied]);
        receiver.settle(delivery.claim, 200, &TokioRuntime).await;
    }
    store.go_down();
    let by_digest = |mut keys: Vec<EventKey>| {
        keys.sort_by_key(|key| *key.digest());
        keys
    };
    let began = tokio::time::Instant::now();
    let unrecorded = receiver.flush(A_WHILE, &TokioRuntime).await;
    assert_eq!(began.elapsed().as_secs(), A_WHILE.as_secs());
    assert_eq!(by_digest(unrecorded), by_digest(keys));
    store.come_back();
    assert!(receiver.flush(A_WHILE, &TokioRuntime).await.is_empty());
    assert_eq!(receiver.counters().completions_retried, 3);
}

#[tokio::test(start_paused = true)]
async fn a_flush_waits_no_longer_than_necessary_and_not_for_a_hanging_store() {
    let store = FaultyStore::new(MemoryStore::new());
    let receiver = super::receiver("jupiter", store.clone());
    let began = tokio::time::Instant::now();
    assert!(receiver.flush(A_WHILE, &TokioRuntime).await.is_empty());
    assert!(began.elapsed().is_zero());
    let delivery = admit(&receiver, EVENT).await.unwrap();
    store.fail_next("complete", &[Fault::NotApplied]);
    // Each try takes a quarter of the time.
    store.fail_next("complete", &[Fault::Hangs; 4]);
    receiver.settle(delivery.claim, 200, &TokioRuntime).await;
    assert_eq!(receiver.flush(A_WHILE, &TokioRuntime).await.len(), 1);
    assert!(receiver.flush(A_WHILE, &TokioRuntime).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_flush_resends_steps_that_hang() {
    for is_in_background in [true, false] {
        for status in [200, 500] {
            let step = if status == 200 { "complete" } else { "release" };
            let store = FaultyStore::new(MemoryStore::new());
            let receiver = super::receiver("jupiter", store.clone());
            let delivery = admit(&receiver, EVENT).await.unwrap();
            store.fail_next(step, &[Fault::NotApplied, Fault::Hangs]);
            receiver.settle(delivery.claim, status, &TokioRuntime).await;
            if is_in_background {
                tokio::spawn(receiver.settlement_task(TokioRuntime).unwrap());
                sleep(Duration::from_millis(300)).await;
                assert_eq!(store.asked_of(step), 2, "the background task waits for the store");
            }
            let began = tokio::time::Instant::now();
            assert!(receiver.flush(Duration::from_secs(2), &TokioRuntime).await.is_empty());
            assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
            assert_eq!(store.asked_of(step), 3, "{step}, {is_in_background}");
            let counters = receiver.counters();
            let ended = counters.completions_retried + counters.releases_retried;
            assert_eq!(ended, 1, "{counters:?}");
        }
    }
}

/// As in a test with its own runtime, or in a server that is restarted in the
/// same process.
#[test]
fn the_settlement_task_continues_in_the_next_runtime() {
    let runtime = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_time().start_paused(true).build().unwrap()
    };
    let store = FaultyStore::new(MemoryStore::new());
    let receiver = super::receiver("jupiter", store.clone());
    let first = runtime();
    first.block_on(async {
        tokio::spawn(receiver.settlement_task(TokioRuntime).unwrap());
        assert!(receiver.settlement_task(TokioRuntime).is_none(), "one at a time");
        store.fail_next("release", &[Fault::Hangs]);
        drop(admit(&receiver, EVENT).await.unwrap());
        sleep(Duration::from_secs(1)).await;
        assert_eq!(store.asked_of("release"), 1, "it is in the midst of a step");
    });
    drop(first);
    runtime().block_on(async {
        tokio::spawn(receiver.settlement_task(TokioRuntime).unwrap());
        sleep(Duration::from_secs(1)).await;
        assert_eq!(epoch(&admit(&receiver, EVENT).await.unwrap()), (2, false));
    });
}

/// As in a program that starts a second runtime and keeps the first.
#[test]
fn the_settlement_task_continues_if_its_first_runtime_is_idle() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let store = FaultyStore::new(MemoryStore::new());
    let receiver = super::receiver("jupiter", store.clone());
    let (first, second) = (runtime(), runtime());
    first.block_on(async {
        tokio::spawn(receiver.settlement_task(TokioRuntime).unwrap());
        tokio::task::yield_now().await;
    });
    second.block_on(async {
        let delivery = admit(&receiver, EVENT).await.unwrap();
        store.fail_next("complete", &[Fault::NotApplied]);
        receiver.settle(delivery.claim, 200, &TokioRuntime).await;
        let went_on = async {
            // As an adapter does for every request.
            while receiver.counters().completions_retried == 0 {
                if let Some(background) = receiver.settlement_task(TokioRuntime) {
                    tokio::spawn(background);
                }
                sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), went_on).await.unwrap();
    });
    // When the first one is driven again, it has nothing left to do.
    first.block_on(tokio::task::yield_now());
    assert_eq!(receiver.counters().completions_retried, 1);
}

/// By default a duplicate from GitHub is handled again, because GitHub
/// redelivers only on request.
fn suppressing<S: IdempotencyStore>(scheme: &str, store: S) -> Receiver<S> {
    super::receiver(scheme, store).with_repeats(Repeats::Suppress)
}

const MANY: u64 = 11_000;

/// A full Redis with `noeviction` has no room for new events, possibly for
/// hours.
#[tokio::test(start_paused = true)]
async fn a_full_store_follows_the_outage_policy() {
    for (policy, degraded) in [
        (OutagePolicy::FailClosed, None),
        (OutagePolicy::LocalFallback, Some(Degraded::LocalFallback)),
        (OutagePolicy::FailOpen, Some(Degraded::FailOpen)),
    ] {
        let store = MemoryStore::with_capacity(1);
        let receiver = suppressing("jupiter", store).with_outage_policy(policy);
        let mut held = Vec::new();
        let last = loop {
            let body = format!(r#"{{"event_id":"{}"}}"#, held.len());
            match admit(&receiver, &body).await {
                Ok(delivery) if delivery.claim.grant().degraded.is_none() => held.push(delivery),
                last => break last,
            }
        };
        let Some(degraded) = degraded else {
            assert_eq!(last.unwrap_err().code(), "store_full");
            continue;
        };
        let delivery = last.unwrap();
        assert_eq!(delivery.claim.grant().degraded, Some(degraded));
        receiver.settle(delivery.claim, 200, &TokioRuntime).await;
        if policy == OutagePolicy::LocalFallback {
            let body = format!(r#"{{"event_id":"{}"}}"#, held.len());
            assert_eq!(admit(&receiver, &body).await.unwrap_err().code(), "duplicate");
        }
    }
}
