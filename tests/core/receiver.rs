//! The receiver: which deliveries `receive` accepts, its early responses, and how
//! a claim ends in every case.

mod durations;
mod held_events;
mod outage;
mod pieces;
mod slow_store;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use countersign::outcome::{Settled, Verdict};
use countersign::store::{Degraded, IdempotencyStore};
use countersign::{
    Clock, ConfigError, EarlyResponse, ManualClock, MemoryStore, OutagePolicy, Receiver, Repeats,
    Scheme, Secret, Signer, TokioRuntime, Tolerance, Verified, Verifier, VerifyErrorKind, schemes,
};
use fixtures::faulty_store::{Fault, FaultyStore};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use fixtures::receiving::{ClaimedDelivery, receive};

const SECRET: &str = "whsec_receiver";

#[tokio::test(start_paused = true)]
async fn a_delivery_is_handled_once_and_redeliveries_are_duplicates() {
    let receiver = receiver("jupiter", MemoryStore::new());
    let delivery = admit(&receiver, r#"{"event_id":"1"}"#).await.unwrap();
    assert_eq!(epoch(&delivery), (1, false));
    let settled = receiver.settle(delivery.claim, 204, &TokioRuntime).await;
    assert!(matches!(settled, Settled::Completed(Ok(_))), "{settled:?}");

    let again = admit(&receiver, r#"{"event_id":"1"}"#).await.unwrap_err();
    assert!(
        matches!(again, EarlyResponse::Duplicate { fingerprint_matches: true, .. }),
        "{again:?}"
    );
    assert_eq!((again.status(), again.code(), again.retry_after_s()), (200, "duplicate", None));
}

#[tokio::test(start_paused = true)]
async fn the_same_id_with_another_body_is_a_duplicate_and_is_reported() {
    let receiver = receiver("jupiter", MemoryStore::new());
    let delivery = admit(&receiver, r#"{"event_id":"1","n":1}"#).await.unwrap();
    receiver.settle(delivery.claim, 200, &TokioRuntime).await;
    let other = admit(&receiver, r#"{"event_id":"1","n":2}"#).await.unwrap_err();
    assert!(
        matches!(other, EarlyResponse::Duplicate { fingerprint_matches: false, .. }),
        "{other:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_failure_releases_the_event_at_once() {
    let receiver = receiver("jupiter", MemoryStore::new());
    let first = admit(&receiver, r#"{"event_id":"1"}"#).await.unwrap();
    let settled = receiver.settle(first.claim, 500, &TokioRuntime).await;
    assert!(matches!(settled, Settled::Released(Ok(_))), "{settled:?}");
    let second = admit(&receiver, r#"{"event_id":"1"}"#).await.unwrap();
    assert_eq!(epoch(&second), (2, false));
    drop(second);
}

#[tokio::test(start_paused = true)]
async fn the_outcome_rule_decides_which_statuses_complete() {
    let receiver = receiver("jupiter", MemoryStore::new()).with_outcome_rule(|status| {
        if status == 422 { Verdict::Complete } else { Verdict::Release }
    });
    for (id, status, complete) in [("1", 422, true), ("2", 200, false)] {
        let body = format!(r#"{{"event_id":"{id}"}}"#);
        let delivery = admit(&receiver, &body).await.unwrap();
        let settled = receiver.settle(delivery.claim, status, &TokioRuntime).await;
        assert_eq!(matches!(settled, Settled::Completed(Ok(_))), complete, "{settled:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_outcome_rule_that_panics_does_not_release_a_success() {
    let receiver = receiver("jupiter", MemoryStore::new());
    let receiver = receiver.with_outcome_rule(|_: u16| -> Verdict { panic!("intended panic") });
    for (status, code) in [(500, None), (204, Some("duplicate"))] {
        let delivery = admit(&receiver, r#"{"event_id":"1"}"#).await.unwrap();
        receiver.settle(delivery.claim, status, &TokioRuntime).await;
        let again = admit(&receiver, r#"{"event_id":"1"}"#).await;
        assert_eq!(again.as_ref().err().map(EarlyResponse::code), code, "{status}");
        if let Ok(again) = again {
            again.claim.release().await.unwrap();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_callback_that_panics_did_not_accept_the_event() {
    let (receiver, clock) = receiver_with_clock();
    let receiver = receiver.with_dead_letters(
        |_: &Verified| -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
            panic!("intended panic")
        },
    );
    kill_five(&receiver, &clock).await;
    let answer = admit(&receiver, r#"{"event_id":"1"}"#).await.unwrap_err();
    assert_eq!((answer.status(), answer.code()), (503, "exhausted"));
}

#[test]
fn leases_and_deadlines_have_a_minimum() {
    let new = || receiver("jupiter", MemoryStore::new());
    for tiny in [Duration::ZERO, Duration::from_nanos(1), Duration::from_millis(1)] {
        let lease = |receiver: Receiver<MemoryStore>| {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(admit(&receiver, r#"{"event_id":"1"}"#)).unwrap().claim.lease()
        };
        assert_eq!(lease(new().with_lease(tiny)), Duration::from_secs(1));
        assert_eq!(lease(new().dangerous_with_lease(tiny)), tiny);

        let least = Duration::from_millis(100);
        let scheme = Scheme::builder("hasty").signature_header("x-s").signed_payload("{body}");
        let scheme = scheme.ack_deadline(least).build().unwrap();
        let by_scheme = Verifier::new(scheme, secret()).unwrap();
        let by_scheme = Receiver::new(by_scheme.with_endpoint("test"), MemoryStore::new());
        for receiver in [new().with_ack_deadline(tiny), by_scheme] {
            assert_eq!(receiver.ack_deadline(), least);
            assert_eq!(receiver.verifier().body_timeout(), least / 3);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_unverified_reaches_the_store() {
    let store = FaultyStore::new(MemoryStore::new());
    let receiver = receiver("jupiter", store.clone());
    let headers = vec![("x-jup-signature".to_owned(), "00".repeat(32))];
    let rejected = receive(&receiver, &headers, "").await.err().unwrap();
    let EarlyResponse::Rejected(error) = &rejected else { panic!("{rejected:?}") };
    assert_eq!(error.kind(), VerifyErrorKind::SignatureMismatch);
    assert_eq!((rejected.status(), rejected.code()), (401, "signature_mismatch"));
    assert_eq!(store.asked(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_duplicate_in_flight_waits_a_third_of_the_deadline_and_is_then_rejected() {
    // Jupiter waits 5 s for the response.
    let receiver = receiver("jupiter", MemoryStore::new());
    let held = admit(&receiver, r#"{"event_id":"1"}"#).await.unwrap();
    let began = Instant::now();
    let answer = admit(&receiver, r#"{"event_id":"1"}"#).await.unwrap_err();
    // The timer rounds each pause up to a millisecond.
    let waited = began.elapsed().as_millis();
    assert!((5000 / 3..5000 / 3 + 20).contains(&waited), "{waited} ms");
    assert_eq!((answer.status(), answer.code()), (503, "in_flight"));
    // The handler may finish soon, so this is not the rest of the lease.
    assert!((1..=5).contains(&answer.retry_after_s().unwrap()), "{answer:?}");
    drop(held);
}

#[tokio::test(start_paused = true)]
async fn a_waiting_duplicate_is_answered_when_the_event_succeeds() {
    let receiver = receiver("jupiter", MemoryStore::new());
    let held = admit(&receiver, r#"{"event_id":"1"}"#).await.unwrap();
    let settling = receiver.clone();
    tokio::spawn(async move {
        sleep(Duration::from_millis(300)).await;
        settling.settle(held.claim, 200, &TokioRuntime).await;
    });
    let answer = admit(&receiver, r#"{"event_id":"1"}"#).await.unwrap_err();
    assert_eq!(answer.code(), "duplicate");
}

#[tokio::test(start_paused = true)]
async fn four_duplicates_of_an_event_in_flight_wait_and_others_are_rejected_at_once() {
    let body = |id: u32| format!(r#"{{"event_id":"{id}"}}"#);
    let receiver = receiver("jupiter", MemoryStore::new());
    let held = [admit(&receiver, &body(1)).await, admit(&receiver, &body(2)).await];
    for _ in 0..2 {
        let mut duplicates = JoinSet::new();
        // A changed copy of the receiver has no places of its own.
        let copies = [receiver.clone(), receiver.clone().with_repeats(Repeats::Suppress)];
        for (number, receiver) in copies.iter().cycle().take(20).enumerate() {
            let (receiver, body) = (receiver.clone(), body(if number < 19 { 1 } else { 2 }));
            duplicates.spawn(async move {
                let began = Instant::now();
                let answer = admit(&receiver, &body).await.unwrap_err();
                (answer.code(), answer.retry_after_s(), began.elapsed() > Duration::from_secs(1))
            });
        }
        let answers = duplicates.join_all().await;
        assert!(answers.iter().all(|answer| (answer.0, answer.1) == ("in_flight", Some(5))));
        // One of them is of another event.
        assert_eq!(answers.iter().filter(|answer| answer.2).count(), 5, "{answers:?}");
    }
    drop(held);
}

/// GitHub does not sign an id, so that repeats are handled.
#[tokio::test(start_paused = true)]
async fn four_possible_duplicates_are_handled_at_once_and_others_are_rejected() {
    for is_done in [false, true] {
        let receiver = receiver("github", MemoryStore::new());
        let first = admit(&receiver, "{}").await.unwrap();
        let mut held = None;
        if is_done {
            receiver.settle(first.claim, 200, &TokioRuntime).await;
        } else {
            held = Some(first);
        }
        let mut duplicates = JoinSet::new();
        // A changed copy of the receiver has no places of its own.
        let copies = [receiver.clone(), receiver.clone().with_repeats(Repeats::Handle)];
        for receiver in copies.iter().cycle().take(64) {
            let receiver = receiver.clone();
            duplicates.spawn(async move { admit(&receiver, "{}").await });
        }
        let answers = duplicates.join_all().await;
        let (mut handled, rejected): (Vec<_>, Vec<_>) =
            answers.into_iter().partition(Result::is_ok);
        assert_eq!((handled.len(), rejected.len()), (4, 60), "done: {is_done}");
        for answer in rejected {
            let answer = answer.unwrap_err();
            assert_eq!((answer.status(), answer.code()), (503, "in_flight"));
            assert!((1..=5).contains(&answer.retry_after_s().unwrap()), "{answer:?}");
        }
        for delivery in &handled {
            assert!(delivery.as_ref().unwrap().claim.grant().possible_duplicate);
        }
        // Another event is not affected.
        admit(&receiver, r#"{"n":1}"#).await.unwrap().claim.complete().await.unwrap();

        // Each place is free again when its duplicate is settled or dropped.
        let settled = handled.pop().unwrap().unwrap();
        receiver.settle(settled.claim, 200, &TokioRuntime).await;
        handled.pop();
        let again = [admit(&receiver, "{}").await, admit(&receiver, "{}").await];
        assert!(again.iter().all(Result::is_ok), "{again:?}");
        assert_eq!(admit(&receiver, "{}").await.unwrap_err().code(), "in_flight");
        drop(held);
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_waiting_duplicate_frees_its_slot() {
    let receiver = receiver("jupiter", MemoryStore::new());
    let held = admit(&receiver, r#"{"event_id":"1"}"#).await.unwrap();
    for _ in 0..8 {
        let duplicate = admit(&receiver, r#"{"event_id":"1"}"#);
        assert!(timeout(Duration::from_millis(1), duplicate).await.is_err(), "it waits");
    }
    drop(held);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_claim_releases_its_event_in_the_background() {
    let receiver = receiver("jupiter", MemoryStore::new());
    drop(admit(&receiver, r#"{"event_id":"1"}"#).await.unwrap());
    let background = tokio::spawn(receiver.settlement_task(TokioRuntime).unwrap());
    let again = admit(&receiver, r#"{"event_id":"1"}"#).await.unwrap();
    assert_eq!(epoch(&again), (2, false));
    assert_eq!(receiver.counters().releases_retried, 1);
    again.claim.complete().await.unwrap();
    drop(receiver);
    background.await.unwrap();
}

#[test]
fn a_claim_can_be_dropped_outside_of_a_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let receiver = receiver("jupiter", MemoryStore::new());
    let delivery = runtime.block_on(admit(&receiver, r#"{"event_id":"1"}"#)).unwrap();
    drop(runtime);
    drop(delivery);
    drop(receiver);
}

#[tokio::test(start_paused = true)]
async fn a_panicking_holder_releases_its_event() {
    let receiver = receiver("jupiter", MemoryStore::new());
    let delivery = admit(&receiver, r#"{"event_id":"1"}"#).await.unwrap();
    let holder = tokio::spawn(async move {
        let _held = delivery;
        panic!("intended panic");
    });
    assert!(holder.await.unwrap_err().is_panic());
    tokio::spawn(receiver.settlement_task(TokioRuntime).unwrap());
    let again = admit(&receiver, r#"{"event_id":"1"}"#).await.unwrap();
    assert_eq!(epoch(&again), (2, false));
}

#[tokio::test(start_paused = true)]
async fn a_claim_can_be_moved_to_a_worker_and_settled_later() {
    let receiver = receiver("jupiter", MemoryStore::new());
    let delivery = admit(&receiver, r#"{"event_id":"1"}"#).await.unwrap();
    let (hand_over, work) = tokio::sync::oneshot::channel();
    hand_over.send(delivery).unwrap();
    tokio::spawn(async move {
        let delivery: ClaimedDelivery<MemoryStore> = work.await.unwrap();
        delivery.claim.renew().await.unwrap();
        delivery.claim.complete().await.unwrap();
    })
    .await
    .unwrap();
    assert_eq!(admit(&receiver, r#"{"event_id":"1"}"#).await.unwrap_err().code(), "duplicate");
}

#[tokio::test(start_paused = true)]
async fn a_success_that_cannot_be_recorded_is_recorded_in_the_background() {
    for fault in [Fault::NotApplied, Fault::ReplyLost] {
        let store = FaultyStore::new(MemoryStore::new());
        let receiver = receiver("jupiter", store.clone());
        let delivery = admit(&receiver, r#"{"event_id":"1"}"#).await.unwrap();
        store.fail_next("complete", &[fault, fault]);
        let settled = receiver.settle(delivery.claim, 200, &TokioRuntime).await;
        assert!(matches!(settled, Settled::Completed(Err(_))), "{settled:?}");

        tokio::spawn(receiver.settlement_task(TokioRuntime).unwrap());
        sleep(Duration::from_secs(1)).await;
        assert_eq!(admit(&receiver, r#"{"event_id":"1"}"#).await.unwrap_err().code(), "duplicate");
        let counters = receiver.counters();
        assert_eq!((counters.completions_retried, counters.completions_lost), (1, 0), "{fault:?}");
        assert_eq!(counters.late_completions, 0, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_success_that_is_cancelled_while_it_is_recorded_is_still_recorded() {
    let store = FaultyStore::new(MemoryStore::new());
    let receiver = receiver("jupiter", store.clone());
    let delivery = admit(&receiver, r#"{"event_id":"1"}"#).await.unwrap();
    store.fail_next("complete", &[Fault::Hangs]);
    let hanging = timeout(Duration::from_millis(1), delivery.claim.complete());
    assert!(hanging.await.is_err());

    tokio::spawn(receiver.settlement_task(TokioRuntime).unwrap());
    assert_eq!(admit(&receiver, r#"{"event_id":"1"}"#).await.unwrap_err().code(), "duplicate");
}

#[tokio::test(start_paused = true)]
async fn a_record_that_is_never_written_is_counted() {
    let store = FaultyStore::new(MemoryStore::new());
    let receiver = receiver("jupiter", store.clone()).dangerous_with_retention(Duration::ZERO);
    let delivery = admit(&receiver, r#"{"event_id":"1"}"#).await.unwrap();
    store.fail_next("complete", &[Fault::NotApplied; 2]);
    receiver.settle(delivery.claim, 200, &TokioRuntime).await;
    tokio::spawn(receiver.settlement_task(TokioRuntime).unwrap());
    sleep(Duration::from_secs(1)).await;
    assert_eq!(receiver.counters().completions_lost, 1);
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_fails_closed_answers_503_during_an_outage() {
    for fault in [Fault::NotApplied, Fault::ReplyLost] {
        let store = FaultyStore::new(MemoryStore::new());
        // Jupiter retries, so failing closed is its default.
        let receiver = receiver("jupiter", store.clone());
        store.fail_next("claim", &[fault]);
        let answer = admit(&receiver, r#"{"event_id":"1"}"#).await.unwrap_err();
        assert_eq!((answer.status(), answer.code()), (503, "store_unavailable"));
        assert_eq!(answer.retry_after_s(), Some(1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_claim_with_a_lost_reply_is_released() {
    let store = FaultyStore::new(MemoryStore::new());
    let receiver = receiver("jupiter", store.clone());
    store.fail_next("claim", &[Fault::ReplyLost]);
    admit(&receiver, r#"{"event_id":"1"}"#).await.unwrap_err();
    store.fail_next("claim", &[Fault::Hangs]);
    let left = timeout(Duration::from_millis(1), admit(&receiver, r#"{"event_id":"2"}"#)).await;
    assert!(left.is_err());

    tokio::spawn(receiver.settlement_task(TokioRuntime).unwrap());
    sleep(Duration::from_secs(1)).await;
    assert_eq!(store.asked_of("release"), 2);
    let again = admit(&receiver, r#"{"event_id":"1"}"#).await.unwrap();
    assert_eq!(epoch(&again), (2, false));
    assert_eq!(receiver.counters().releases_retried, 1);
}

#[tokio::test(start_paused = true)]
async fn a_claim_with_the_maximum_lease_can_be_dropped() {
    let receiver = receiver("jupiter", MemoryStore::new()).with_lease(Duration::MAX);
    drop(admit(&receiver, r#"{"event_id":"1"}"#).await.unwrap());
    tokio::spawn(receiver.settlement_task(TokioRuntime).unwrap());
    let again = admit(&receiver, r#"{"event_id":"1"}"#).await.unwrap();
    assert_eq!(epoch(&again), (2, false));
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_whose_sender_never_retries_falls_back_to_local_claims() {
    let store = FaultyStore::new(MemoryStore::new());
    let receiver = receiver("github", store.clone()).with_repeats(Repeats::Suppress);
    store.fail_next("claim", &[Fault::NotApplied]);
    let delivery = admit(&receiver, "{}").await.unwrap();
    assert_eq!(delivery.claim.grant().degraded, Some(Degraded::LocalFallback));
    receiver.settle(delivery.claim, 200, &TokioRuntime).await;
    let duplicate = admit(&receiver, "{}").await.unwrap_err();
    assert_eq!(duplicate.code(), "duplicate");
    assert_eq!(receiver.counters().degraded, 1);

    // Once the store is available again, the completions are written to it.
    tokio::spawn(receiver.settlement_task(TokioRuntime).unwrap());
    sleep(Duration::from_secs(1)).await;
    assert_eq!(admit(&receiver, "{}").await.unwrap_err().code(), "duplicate");
    assert_eq!(store.asked_of("complete"), 1);
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_fails_open_handles_everything_and_marks_it() {
    let store = FaultyStore::new(MemoryStore::new());
    let receiver = receiver("jupiter", store.clone()).with_outage_policy(OutagePolicy::FailOpen);
    store.fail_next("claim", &[Fault::NotApplied; 2]);
    for _ in 0..2 {
        let delivery = admit(&receiver, r#"{"event_id":"1"}"#).await.unwrap();
        assert_eq!(delivery.claim.grant().degraded, Some(Degraded::FailOpen));
        receiver.settle(delivery.claim, 200, &TokioRuntime).await;
    }
    assert_eq!(receiver.counters().degraded, 2);
}

#[tokio::test(start_paused = true)]
async fn an_event_with_five_crashed_attempts_is_not_granted_again() {
    let (receiver, clock) = receiver_with_clock();
    kill_five(&receiver, &clock).await;
    let answer = admit(&receiver, r#"{"event_id":"1"}"#).await.unwrap_err();
    assert_eq!((answer.status(), answer.code()), (503, "exhausted"));
    assert_eq!(answer.retry_after_s(), Some(30));
}

#[tokio::test(start_paused = true)]
async fn an_exhausted_event_is_dead_lettered_once() {
    let taken = Arc::new(AtomicU32::new(0));
    let (receiver, clock) = receiver_with_clock();
    let count = Arc::clone(&taken);
    let receiver = receiver.with_dead_letters(move |verified: &Verified| {
        assert_eq!(verified.event_id(), "1");
        count.fetch_add(1, Ordering::SeqCst);
        Ok(())
    });
    kill_five(&receiver, &clock).await;
    let answer = admit(&receiver, r#"{"event_id":"1"}"#).await.unwrap_err();
    assert_eq!((answer.status(), answer.code()), (200, "exhausted"));
    let answer = admit(&receiver, r#"{"event_id":"1"}"#).await.unwrap_err();
    assert_eq!(answer.code(), "duplicate");
    assert_eq!(taken.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_holder_that_lost_its_event_cannot_renew_and_its_success_is_late() {
    let (receiver, clock) = receiver_with_clock();
    let slow = admit(&receiver, r#"{"event_id":"1"}"#).await.unwrap();
    clock.advance(slow.claim.lease());
    let fast = admit(&in_another_process(&receiver), r#"{"event_id":"1"}"#).await.unwrap();
    assert_eq!(epoch(&fast), (2, true));
    slow.claim.renew().await.unwrap();
    slow.claim.complete().await.unwrap();
    let counters = receiver.counters();
    assert_eq!((counters.leases_lost, counters.late_completions), (1, 1));
    fast.claim.release().await.unwrap();
    assert_eq!(admit(&receiver, r#"{"event_id":"1"}"#).await.unwrap_err().code(), "duplicate");
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_hangs_is_retried_before_the_lease_expires() {
    let store = FaultyStore::new(MemoryStore::new());
    let receiver = receiver("jupiter", store.clone());
    let delivery = admit(&receiver, r#"{"event_id":"1"}"#).await.unwrap();
    store.fail_next("renew", &[Fault::Hangs]);
    let lease = delivery.claim.lease();
    delivery.claim.run_with_renewal(sleep(lease * 9 / 10), &TokioRuntime).await.unwrap();
    assert_eq!(store.asked_of("renew"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_clock_jump_neither_frees_claimed_events_nor_forgets_done_ones() {
    let clock = ManualClock::at_unix_ms(1_760_000_000_000);
    let verifier = Verifier::new(schemes::jupiter(), secret()).unwrap();
    let verifier = verifier.with_clock(clock.clone());
    let receiver = Receiver::new(verifier.with_endpoint("test"), MemoryStore::new());
    let done = admit(&receiver, r#"{"event_id":"1"}"#).await.unwrap();
    receiver.settle(done.claim, 200, &TokioRuntime).await;
    let held = admit(&receiver, r#"{"event_id":"2"}"#).await.unwrap();
    for unix_ms in [i64::MAX, 0, 1_860_000_000_000, i64::MIN, 1_760_000_000_000] {
        clock.set_unix_ms(unix_ms);
        for (id, code) in [("1", "duplicate"), ("2", "in_flight")] {
            let body = format!(r#"{{"event_id":"{id}"}}"#);
            let answer = admit(&receiver, &body).await.unwrap_err();
            assert_eq!(answer.code(), code, "at {unix_ms}");
        }
    }
    held.claim.complete().await.unwrap();
}

#[test]
fn the_body_timeout_is_a_third_of_the_configured_ack_deadline() {
    let ms = Duration::from_millis;
    let verifier = || Verifier::new(schemes::github(), secret()).unwrap();
    let new = || Receiver::new(verifier(), MemoryStore::new());
    for (deadline, body) in [(1500, 500), (600, 200), (60_000, 2000)] {
        let hasty = new().with_ack_deadline(ms(deadline));
        assert_eq!(hasty.verifier().body_timeout(), ms(body));
    }
    let verifier = verifier().with_body_timeout(ms(900));
    let given = Receiver::new(verifier, MemoryStore::new()).with_ack_deadline(ms(1500));
    assert_eq!(given.verifier().body_timeout(), ms(900));
}

#[tokio::test(start_paused = true)]
async fn a_full_store_is_reported_as_full() {
    let receiver = receiver("jupiter", MemoryStore::with_capacity(1));
    let mut held = Vec::new();
    let full = loop {
        match admit(&receiver, &format!(r#"{{"event_id":"{}"}}"#, held.len())).await {
            Ok(delivery) => held.push(delivery),
            Err(answer) => break answer,
        }
    };
    assert_eq!((full.status(), full.code()), (503, "store_full"));
}

#[test]
fn a_retention_shorter_than_the_senders_retries_is_rejected() {
    // Jupiter's last retry is 2 h 35.5 min after the original, and replays are
    // not limited.
    let new = || receiver("jupiter", MemoryStore::new());
    let least = Duration::from_secs(9330);
    let rejected = new().with_retention(least - Duration::from_secs(1)).unwrap_err();
    assert!(
        matches!(rejected, ConfigError::Retention { least: l, .. } if l == least),
        "{rejected:?}"
    );
    assert!(new().with_retention(least).is_ok());
    let _accepted = new().dangerous_with_retention(Duration::from_secs(1));
}

/// Slack's last retry is sent after 6 min, and Slack's scheme accepts 5 min of
/// clock difference in both directions.
#[tokio::test(start_paused = true)]
async fn a_replay_of_the_last_retry_is_a_duplicate_for_as_long_as_it_is_accepted() {
    let minute = Duration::from_secs(60);
    let clock = ManualClock::at_unix_ms(1_760_000_000_000);
    let verifier = Verifier::new(schemes::slack(), secret()).unwrap();
    let store = MemoryStore::new().with_clock(clock.clone());
    let verifier = verifier.with_clock(clock.clone());
    let receiver = Receiver::new(verifier.with_endpoint("test"), store);
    let receiver = receiver.with_repeats(Repeats::Suppress);
    let retried = receiver.verifier().scheme().profile().retries().window().unwrap();
    let least = retried + 10 * minute;
    let rejected = receiver.clone().with_retention(least - Duration::from_millis(1)).unwrap_err();
    assert!(matches!(rejected, ConfigError::Retention { least: l, .. } if l == least));
    let receiver = receiver.with_retention(least).unwrap();

    let body = r#"{"event_id":"Ev1","type":"event_callback"}"#;
    let first = admit_at(&receiver, body, clock.now_unix_ms()).await.unwrap();
    receiver.settle(first.claim, 503, &TokioRuntime).await;
    clock.advance(retried);
    let last_signed_ms = clock.now_unix_ms() + 300_000;
    let last = admit_at(&receiver, body, last_signed_ms).await.unwrap();
    receiver.settle(last.claim, 200, &TokioRuntime).await;
    for _ in 0..10 {
        let replay = admit_at(&receiver, body, last_signed_ms).await.unwrap_err();
        assert_eq!(replay.code(), "duplicate");
        clock.advance(minute);
    }
}

#[test]
fn a_wider_tolerance_keeps_events_longer() {
    let hour = Duration::from_secs(3600);
    let scheme = || schemes::slack();
    let usual = scheme().profile().retention();
    let verifier = Verifier::new(scheme(), secret()).unwrap();
    let verifier = verifier.with_tolerance(Tolerance::new(30 * hour, hour));
    let receiver = Receiver::new(verifier.with_endpoint("test"), MemoryStore::new());
    assert_eq!(receiver.retention(), usual + 31 * hour - Duration::from_secs(600));
}

/// A receiver of this scheme, on this store.
fn receiver<S: IdempotencyStore>(scheme: &str, store: S) -> Receiver<S> {
    let verifier = Verifier::new(schemes::named(scheme).unwrap(), secret()).unwrap();
    Receiver::new(verifier.with_endpoint("test"), store)
}

fn receiver_with_clock() -> (Receiver<MemoryStore>, ManualClock) {
    let clock = ManualClock::at_unix_ms(1_760_000_000_000);
    assert_eq!(clock.now_unix_ms(), 1_760_000_000_000);
    (receiver("jupiter", MemoryStore::new().with_clock(clock.clone())), clock)
}

/// Sends a delivery as its provider would.
async fn admit<S: IdempotencyStore>(
    receiver: &Receiver<S>,
    body: &str,
) -> Result<ClaimedDelivery<S>, EarlyResponse> {
    let signer = Signer::new(receiver.verifier().scheme().clone(), secret()).unwrap();
    send(receiver, &signer, body).await
}

/// Like `receive`, signed at this time.
async fn admit_at<S: IdempotencyStore>(
    receiver: &Receiver<S>,
    body: &str,
    signed_at_unix_ms: i64,
) -> Result<ClaimedDelivery<S>, EarlyResponse> {
    let signer = Signer::new(receiver.verifier().scheme().clone(), secret()).unwrap();
    send(receiver, &signer.at_unix_ms(signed_at_unix_ms), body).await
}

fn secret() -> Secret {
    Secret::from_text(SECRET).unwrap()
}

async fn send<S: IdempotencyStore>(
    receiver: &Receiver<S>,
    signer: &Signer,
    body: &str,
) -> Result<ClaimedDelivery<S>, EarlyResponse> {
    receive(receiver, &headers(signer, body), body).await
}

/// The headers of a delivery with this body.
fn signed<S: IdempotencyStore>(receiver: &Receiver<S>, body: &str) -> Vec<(String, String)> {
    headers(&Signer::new(receiver.verifier().scheme().clone(), secret()).unwrap(), body)
}

fn headers(signer: &Signer, body: &str) -> Vec<(String, String)> {
    signer.sign(body.as_bytes()).unwrap()
}

/// The number of the attempt, and whether an earlier one has crashed.
fn epoch<S: IdempotencyStore>(delivery: &ClaimedDelivery<S>) -> (u32, bool) {
    let grant = delivery.claim.grant();
    (grant.attempt, grant.reclaimed)
}

/// A process does not give up what it holds itself.
fn in_another_process(receiver: &Receiver<MemoryStore>) -> Receiver<MemoryStore> {
    self::receiver("jupiter", receiver.store().clone())
}

/// Five processes claim the event and crash.
async fn kill_five(receiver: &Receiver<MemoryStore>, clock: &ManualClock) {
    for _ in 0..5 {
        let crashing = in_another_process(receiver);
        let delivery = admit(&crashing, r#"{"event_id":"1"}"#).await.unwrap();
        clock.advance(delivery.claim.lease());
        std::mem::forget(delivery);
    }
}
