//! A store that does not respond, or panics: every call ends in time, and its
//! purpose is still fulfilled.

use std::time::Duration;

use countersign::adapter::Runtime;
use countersign::outcome::Settled;
use countersign::store::{Degraded, IdempotencyStore};
use countersign::{
    EarlyResponse, Grant, ManualClock, MemoryStore, OutagePolicy, RequestHead, TokioRuntime,
    Verified,
};
use tokio::time::{Instant, sleep, timeout};

use super::{admit, epoch, signed};
use fixtures::faulty_store::{Fault, FaultyStore};

const EVENT: &str = r#"{"event_id":"1"}"#;
const A_WHILE: Duration = Duration::from_secs(5);

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_answer_a_claim_is_unavailable() {
    for fault in [Fault::Hangs, Fault::Panics, Fault::PanicsAtOnce] {
        for (policy, degraded) in [
            (OutagePolicy::FailClosed, None),
            (OutagePolicy::LocalFallback, Some(Degraded::LocalFallback)),
            (OutagePolicy::FailOpen, Some(Degraded::FailOpen)),
        ] {
            let store = FaultyStore::new(MemoryStore::new());
            let receiver = super::receiver("jupiter", store.clone()).with_outage_policy(policy);
            store.fail_next("claim", &[fault]);
            let began = Instant::now();
            let claimed = admit(&receiver, EVENT).await;
            // Jupiter waits for 5 s.
            let most = if fault == Fault::Hangs { 1250 } else { 0 };
            let waited = began.elapsed().as_millis();
            assert!((most..most + 20).contains(&waited), "{fault:?}, {policy:?}: {waited} ms");
            match claimed {
                Ok(delivery) => {
                    assert_eq!(delivery.claim.grant().degraded, degraded);
                    assert!(degraded.is_some());
                    receiver.settle(delivery.claim, 200, &TokioRuntime).await;
                }
                Err(answer) => {
                    assert_eq!((answer.code(), degraded), ("store_unavailable", None));
                }
            }
            // The store may have granted it although its response was lost.
            tokio::spawn(receiver.settlement_task(TokioRuntime).unwrap());
            sleep(A_WHILE).await;
            let step = if degraded.is_some() { "complete" } else { "release" };
            assert_eq!(store.asked_of(step), 1, "{fault:?}, {policy:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_time_for_a_claim_follows_the_ack_deadline_within_bounds() {
    let seconds = Duration::from_secs;
    for (deadline, waits) in [
        (Duration::from_millis(100), Duration::from_millis(250)),
        (seconds(8), seconds(2)),
        (seconds(3600), seconds(10)),
    ] {
        let store = FaultyStore::new(MemoryStore::new());
        let receiver = super::receiver("jupiter", store.clone()).with_ack_deadline(deadline);
        store.fail_next("claim", &[Fault::Hangs]);
        let began = Instant::now();
        assert_eq!(admit(&receiver, EVENT).await.unwrap_err().code(), "store_unavailable");
        let over = began.elapsed().checked_sub(waits).unwrap();
        assert!(over < Duration::from_millis(20), "{deadline:?}: {over:?} more");
    }
}

/// Otherwise each delivery would start and stop timers that never fire.
#[tokio::test(start_paused = true)]
async fn a_store_that_limits_its_calls_itself_is_not_limited_once_more() {
    // The receiver's own limit is 1.25 s, and the response may take 4.5 s.
    let late = Fault::ReplyLate(Duration::from_secs(2));
    for (stated_ms, claimed) in [(1250, Ok(1)), (1251, Err("store_unavailable"))] {
        let store = FaultyStore::new(MemoryStore::new());
        let store = store.with_stated_deadline(Duration::from_millis(stated_ms));
        let receiver = super::receiver("jupiter", store.clone());
        store.fail_next("claim", &[late]);
        let delivery = admit(&receiver, EVENT).await;
        let attempt = delivery.map(|delivery| delivery.claim.grant().attempt);
        assert_eq!(attempt.map_err(|early| early.code()), claimed, "{stated_ms} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_a_store_that_limits_its_calls_itself_is_an_error() {
    for fault in [Fault::Panics, Fault::PanicsAtOnce] {
        let store = FaultyStore::new(MemoryStore::new());
        let store = store.with_stated_deadline(Duration::ZERO);
        let receiver = super::receiver("jupiter", store.clone());
        store.fail_next("claim", &[fault]);
        assert_eq!(admit(&receiver, EVENT).await.unwrap_err().code(), "store_unavailable");
    }
}

/// Found by the simulation: another process has handled the event when the reply is read.
#[tokio::test(start_paused = true)]
async fn a_grant_that_is_read_after_its_lease_is_claimed_again() {
    let clock = ManualClock::at_unix_ms(1_760_000_000_000);
    let store = FaultyStore::new(MemoryStore::new().with_clock(clock.clone()));
    let [receiver, other] = [store.clone(), store.of_another_process()]
        .map(|store| super::receiver("jupiter", store).with_lease(Duration::from_secs(1)));
    store.fail_next("claim", &[Fault::ReplyLate(Duration::from_millis(1_100))]);
    let handled_elsewhere = async {
        sleep(Duration::from_millis(500)).await;
        clock.advance(Duration::from_secs(1));
        let delivery = admit(&other, EVENT).await.unwrap();
        other.settle(delivery.claim, 200, &TokioRuntime).await;
    };
    let (claimed, ()) = tokio::join!(admit(&receiver, EVENT), handled_elsewhere);
    assert_eq!(claimed.unwrap_err().code(), "duplicate");
    assert_eq!(store.asked_of("claim"), 2);
}

/// Another process holds the event.
#[tokio::test(start_paused = true)]
async fn a_duplicate_in_flight_waits_no_longer_if_the_store_is_slow() {
    let ms = Duration::from_millis;
    for (faults, least, releases) in [
        // Each query takes 0.9 s, so that a third one would end after the wait.
        (vec![Fault::ReplyLate(ms(900)); 20], 1810, 0),
        // The second query is abandoned at the end of the wait. It may have been granted.
        (vec![Fault::ReplyLate(ms(100)), Fault::Hangs], 2000, 1),
        // The first query alone takes longer than the wait.
        (vec![Fault::ReplyLate(ms(2200))], 2200, 0),
    ] {
        let store = FaultyStore::new(MemoryStore::new());
        let other = super::receiver("jupiter", store.of_another_process());
        let _held = admit(&other, EVENT).await.unwrap();
        let receiver = super::receiver("jupiter", store.clone());
        let receiver = receiver.with_ack_deadline(Duration::from_secs(10));
        store.fail_next("claim", &faults);
        let began = Instant::now();
        let answer = admit(&receiver, EVENT).await.unwrap_err();
        let waited = began.elapsed().as_millis();
        assert!((least..least + 20).contains(&waited), "{faults:?}: {waited} ms");
        assert_eq!(answer.code(), "in_flight", "{faults:?}");
        tokio::spawn(receiver.settlement_task(TokioRuntime).unwrap());
        sleep(A_WHILE).await;
        assert_eq!(store.asked_of("release"), releases, "{faults:?}");
    }
}

async fn not_called((): (), _: Verified, _: Grant) -> ((), Option<u16>) {
    panic!("the event is not claimed")
}

/// The rest of the ack deadline was needed to receive the delivery.
#[tokio::test(start_paused = true)]
async fn a_claim_without_time_left_is_answered_before_the_deadline_and_released() {
    let store = FaultyStore::new(MemoryStore::new());
    let receiver = super::receiver("jupiter", store.clone());
    let left = Duration::from_millis(500);
    let began = TokioRuntime.now();
    sleep(receiver.response_deadline() - left).await;
    let head = signed(&receiver, EVENT);
    let receiving =
        receiver.receive(RequestHead::from(&head), EVENT.as_bytes().to_vec(), TokioRuntime);
    let (_, delivery) = receiving.await.unwrap();
    store.fail_next("claim", &[Fault::Hangs]);
    let mut answer = None;
    let respond = |response: Result<(), ((), EarlyResponse)>| {
        answer = Some((response.unwrap_err().1.code(), TokioRuntime.elapsed(began)));
    };
    receiver.clone().handle(delivery, (), began, TokioRuntime, not_called, respond).await;
    let (code, elapsed) = answer.unwrap();
    assert_eq!(code, "busy");
    let over = elapsed.checked_sub(receiver.response_deadline() - left).unwrap();
    assert!(over < left, "{over:?}");
    tokio::spawn(receiver.settlement_task(TokioRuntime).unwrap());
    sleep(A_WHILE).await;
    assert_eq!(store.asked_of("release"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_success_is_known_locally_until_the_store_replies() {
    let clock = ManualClock::at_unix_ms(1_760_000_000_000);
    let store = FaultyStore::new(MemoryStore::new().with_clock(clock.clone()));
    let receiver = super::receiver("jupiter", store.clone());
    let delivery = admit(&receiver, EVENT).await.unwrap();
    let (key, lease) = (delivery.claim.key().clone(), delivery.claim.lease());
    store.fail_next("complete", &[Fault::Hangs]);
    let mut settling = Box::pin(receiver.settle(delivery.claim, 200, &TokioRuntime));
    assert!(timeout(Duration::from_millis(1), &mut settling).await.is_err());

    // The lease expires, and is not renewed any more.
    clock.advance(lease * 2);
    assert_eq!(admit(&receiver, EVENT).await.unwrap_err().code(), "duplicate");
    assert_eq!(receiver.flush(Duration::from_secs(1), &TokioRuntime).await, [key]);
    drop(settling);
    assert!(receiver.flush(A_WHILE, &TokioRuntime).await.is_empty());
    assert_eq!(receiver.counters().completions_retried, 1);
    let other = super::receiver("jupiter", store.of_another_process());
    assert_eq!(admit(&other, EVENT).await.unwrap_err().code(), "duplicate");
}

#[tokio::test(start_paused = true)]
async fn a_success_is_no_longer_known_locally_after_a_late_reply_of_the_store() {
    let store = FaultyStore::new(MemoryStore::new());
    let receiver = super::receiver("jupiter", store.clone());
    let delivery = admit(&receiver, EVENT).await.unwrap();
    let key = delivery.claim.key().clone();
    store.fail_next("complete", &[Fault::ReplyLate(Duration::from_secs(1))]);
    let settled = receiver.settle(delivery.claim, 200, &TokioRuntime).await;
    assert!(matches!(settled, Settled::Completed(Ok(_))), "{settled:?}");
    assert!(receiver.flush(Duration::ZERO, &TokioRuntime).await.is_empty());
    // What the store forgets is not remembered anywhere else.
    assert!(store.forget(&key).await.unwrap());
    assert_eq!(epoch(&admit(&receiver, EVENT).await.unwrap()), (1, false));
}

#[tokio::test(start_paused = true)]
async fn settling_waits_for_the_store_only_for_a_limited_time() {
    for fault in [Fault::Hangs, Fault::Panics, Fault::PanicsAtOnce] {
        let store = FaultyStore::new(MemoryStore::new());
        let receiver = super::receiver("jupiter", store.clone());
        let began = Instant::now();
        let delivery = admit(&receiver, EVENT).await.unwrap();
        store.fail_next("complete", &[fault]);
        let settled = receiver.settle(delivery.claim, Some(200), &TokioRuntime).await;
        assert!(matches!(settled, Settled::Completed(Err(_))), "{fault:?}: {settled:?}");
        assert_eq!(admit(&receiver, EVENT).await.unwrap_err().code(), "duplicate", "{fault:?}");

        let other = r#"{"event_id":"2"}"#;
        let delivery = admit(&receiver, other).await.unwrap();
        store.fail_next("release", &[fault]);
        let settled = receiver.settle(delivery.claim, None, &TokioRuntime).await;
        assert!(matches!(settled, Settled::Released(Err(_))), "{fault:?}: {settled:?}");
        assert!(began.elapsed() < Duration::from_secs(3), "{fault:?}");

        tokio::spawn(receiver.settlement_task(TokioRuntime).unwrap());
        sleep(A_WHILE).await;
        assert_eq!(epoch(&admit(&receiver, other).await.unwrap()), (2, false), "{fault:?}");
        let counters = receiver.counters();
        let ended = (counters.completions_retried, counters.releases_retried);
        assert_eq!(ended, (1, 1), "{fault:?}: {counters:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_panics_is_retried_and_does_not_stop_the_work() {
    for fault in [Fault::Panics, Fault::PanicsAtOnce] {
        let store = FaultyStore::new(MemoryStore::new());
        let receiver = super::receiver("jupiter", store.clone());
        let delivery = admit(&receiver, EVENT).await.unwrap();
        store.fail_next("renew", &[fault]);
        let lease = delivery.claim.lease();
        let work = async {
            sleep(lease * 9 / 10).await;
            "done"
        };
        assert_eq!(delivery.claim.run_with_renewal(work, &TokioRuntime).await, Ok("done"));
        assert_eq!(store.asked_of("renew"), 2);
        assert_eq!(receiver.counters().renewals_failed, 1);
        delivery.claim.complete().await.unwrap();
    }
}

/// The lease runs out in the store while the handler still runs.
#[tokio::test(start_paused = true)]
async fn no_event_has_two_handlers_in_one_process_if_its_lease_cannot_be_renewed() {
    for policy in [OutagePolicy::FailClosed, OutagePolicy::LocalFallback, OutagePolicy::FailOpen] {
        for fault in [Fault::Hangs, Fault::NotApplied, Fault::Panics] {
            let clock = ManualClock::at_unix_ms(1_760_000_000_000);
            let store = FaultyStore::new(MemoryStore::new().with_clock(clock.clone()));
            let receiver = super::receiver("jupiter", store.clone()).with_outage_policy(policy);
            let handled = admit(&receiver, EVENT).await.unwrap();
            store.fail_next("renew", &[fault; 3]);
            let lease = handled.claim.lease();
            let work = async {
                sleep(lease * 3 / 2).await;
                clock.advance(lease);
                for _ in 0..3 {
                    let again = admit(&receiver, EVENT).await.map(drop);
                    let code = again.as_ref().map_err(|answer| answer.code());
                    assert_eq!(code, Err("in_flight"), "{policy:?}, {fault:?}");
                }
            };
            handled.claim.run_with_renewal(work, &TokioRuntime).await.unwrap();
            assert_eq!(receiver.counters().renewals_failed, 3, "{policy:?}, {fault:?}");
            receiver.settle(handled.claim, 200, &TokioRuntime).await;
            assert_eq!(admit(&receiver, EVENT).await.unwrap_err().code(), "duplicate");
        }
    }
}

/// Another process has claimed the event in the meantime, and released it.
#[tokio::test(start_paused = true)]
async fn no_event_has_two_handlers_in_one_process_after_its_lease_is_lost() {
    let clock = ManualClock::at_unix_ms(1_760_000_000_000);
    let store = FaultyStore::new(MemoryStore::new().with_clock(clock.clone()));
    let receiver = super::receiver("jupiter", store.clone());
    let other = super::receiver("jupiter", store.of_another_process());
    let handled = admit(&receiver, EVENT).await.unwrap();
    clock.advance(handled.claim.lease());
    let elsewhere = admit(&other, EVENT).await.unwrap();
    elsewhere.claim.release().await.unwrap();
    handled.claim.renew().await.unwrap();
    assert_eq!(receiver.counters().leases_lost, 1);
    assert_eq!(admit(&receiver, EVENT).await.unwrap_err().code(), "in_flight");
    assert_eq!(store.asked_of("claim"), 1);
    receiver.settle(handled.claim, 200, &TokioRuntime).await;
    assert_eq!(admit(&other, EVENT).await.unwrap_err().code(), "duplicate");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_panics_stops_neither_a_flush_nor_the_settlement_task() {
    let store = FaultyStore::new(MemoryStore::new());
    let receiver = super::receiver("jupiter", store.clone());
    for (event, is_flush) in [(EVENT, true), (r#"{"event_id":"2"}"#, false)] {
        let delivery = admit(&receiver, event).await.unwrap();
        store.fail_next("complete", &[Fault::NotApplied, Fault::Panics, Fault::Panics]);
        receiver.settle(delivery.claim, 200, &TokioRuntime).await;
        if is_flush {
            assert!(receiver.flush(A_WHILE, &TokioRuntime).await.is_empty());
        } else {
            let background = tokio::spawn(receiver.settlement_task(TokioRuntime).unwrap());
            sleep(A_WHILE).await;
            assert!(!background.is_finished());
        }
    }
    assert_eq!(receiver.counters().completions_retried, 2);
}

/// The claim waits for the store while another delivery of the event is handled
/// without it.
#[tokio::test(start_paused = true)]
async fn a_late_grant_does_not_start_a_second_handler_in_this_process() {
    for status in [None, Some(200)] {
        let store = FaultyStore::new(MemoryStore::new());
        let receiver = super::receiver("jupiter", store.clone())
            .with_outage_policy(OutagePolicy::LocalFallback);
        store.fail_next("claim", &[Fault::ReplyLate(Duration::from_secs(1)), Fault::NotApplied]);
        let late = tokio::spawn({
            let receiver = receiver.clone();
            async move { admit(&receiver, EVENT).await.map(drop) }
        });
        sleep(Duration::from_millis(500)).await;
        let delivery = admit(&receiver, EVENT).await.unwrap();
        assert_eq!(delivery.claim.grant().degraded, Some(Degraded::LocalFallback));
        let (code, held) = match status {
            Some(status) => {
                receiver.settle(delivery.claim, status, &TokioRuntime).await;
                ("duplicate", None)
            }
            None => ("in_flight", Some(delivery)),
        };
        assert_eq!(late.await.unwrap().unwrap_err().code(), code);
        drop(held);
    }
}
