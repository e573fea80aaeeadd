//! The full path through the tower layer and the axum extractors: the sender's responses and the
//! end of the claim. Tests that all adapters share, then tests of each.

pub(crate) mod events;
mod extractor;
mod layer;

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use countersign::outcome::Verdict;
use countersign::store::Degraded;
use countersign::{
    EarlyResponse, ManualClock, MemoryStore, OutagePolicy, Receiver, Verified, VerifyError,
    VerifyErrorKind,
};
use http::header::RETRY_AFTER;
use http::{Response, StatusCode};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use self::events::{claim, event, receiver, receiver_with};
use crate::harness::Handler;
use crate::harness::axum::{claiming, deliver};
use fixtures::delivery::{Delivery, NOW_MS, scheme, verifier};
use fixtures::faulty_store::{Fault, FaultyStore};

#[tokio::test(start_paused = true)]
async fn the_handlers_response_is_sent_and_a_duplicate_gets_200_without_a_body() {
    for open in claiming() {
        let handler = Handler::answering((StatusCode::CREATED, [("x-own", "1")], "done"));
        let adapter = open(&receiver(MemoryStore::new()), &handler);
        let first = adapter.deliver(&event(1)).await;
        assert_eq!(
            (first.status, first.code, &first.body[..]),
            (201, None, &b"done"[..]),
            "{adapter}"
        );
        for _ in 0..2 {
            let repeat = adapter.deliver(&event(1)).await;
            assert_eq!(repeat.answer(), (200, Some("duplicate")), "{adapter}");
        }
        assert_eq!(handler.calls(), 1, "{adapter}");
        assert_eq!(adapter.deliver(&event(2)).await.status, 201, "{adapter}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_duplicate_in_flight_waits_and_gets_503_until_the_event_is_handled() {
    for open in claiming() {
        let (handler, mut gate) = gated();
        let adapter = open(&receiver(MemoryStore::new()), &handler);
        let app = adapter.app.clone();
        let first = tokio::spawn(async move { deliver(&app, &event(1)).await });
        gate.wait_until_called().await;

        let began = Instant::now();
        let sent_away = adapter.deliver(&event(1)).await;
        assert_eq!(sent_away.answer(), (503, Some("in_flight")), "{adapter}");
        // A third of the 5 s for which Jupiter waits; the timer rounds each pause up.
        let waited = began.elapsed().as_millis();
        assert!((5000 / 3..5000 / 3 + 20).contains(&waited), "{adapter}: {waited} ms");

        gate.open();
        assert_eq!(first.await.unwrap().status, 200, "{adapter}");
        assert_eq!(
            adapter.deliver(&event(1)).await.answer(),
            (200, Some("duplicate")),
            "{adapter}"
        );
        assert_eq!(handler.calls(), 1, "{adapter}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_waiting_duplicate_is_answered_once_the_event_is_handled() {
    for open in claiming() {
        let (handler, mut gate) = gated();
        let adapter = open(&receiver(MemoryStore::new()), &handler);
        let app = adapter.app.clone();
        let first = tokio::spawn(async move { deliver(&app, &event(1)).await });
        gate.wait_until_called().await;

        let opened = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            gate.open();
        };
        let delivery = event(1);
        let (repeat, ()) = tokio::join!(adapter.deliver(&delivery), opened);
        assert_eq!(repeat.answer(), (200, Some("duplicate")), "{adapter}");
        assert_eq!(first.await.unwrap().status, 200, "{adapter}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failing_handlers_response_reaches_the_sender_and_releases_the_event() {
    for open in claiming() {
        for status in [500, 503, 404, 422, 302] {
            let handler = Handler::new(move |_, grant| async move {
                let status = if grant.attempt == 1 { status } else { 200 };
                (StatusCode::from_u16(status).unwrap(), "the handler's own body")
            });
            let adapter = open(&receiver(MemoryStore::new()), &handler);
            let failed = adapter.deliver(&event(1)).await;
            assert_eq!((failed.status, failed.code), (status, None), "{adapter}");
            assert_eq!(failed.body, "the handler's own body", "{adapter}: {status}");
            let again = adapter.deliver(&event(1)).await;
            assert_eq!((again.status, again.code), (200, None), "{adapter}: {status}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_outcome_rule_decides_which_statuses_complete_the_event() {
    for open in claiming() {
        let handler = Handler::answering(StatusCode::UNPROCESSABLE_ENTITY);
        let receiver = receiver(MemoryStore::new()).with_outcome_rule(|status| match status {
            422 => Verdict::Complete,
            _ => Verdict::Release,
        });
        let adapter = open(&receiver, &handler);
        assert_eq!(adapter.deliver(&event(1)).await.status, 422, "{adapter}");
        assert_eq!(
            adapter.deliver(&event(1)).await.answer(),
            (200, Some("duplicate")),
            "{adapter}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_unverified_delivery_claims_nothing() {
    for open in claiming() {
        let store = FaultyStore::new(MemoryStore::new());
        let handler = Handler::answering(());
        let adapter = open(&receiver(store.clone()), &handler);
        let mut forged = event(1);
        forged.body.push(b' ');
        assert_eq!(adapter.deliver(&forged).await.status, 401, "{adapter}");
        let unsigned = event(1).without_header("x-jup-signature");
        assert_eq!(adapter.deliver(&unsigned).await.status, 401, "{adapter}");
        assert_eq!((store.asked(), handler.calls()), (0, 0), "{adapter}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_fails_closed_handles_nothing_during_an_outage() {
    for open in claiming() {
        for fault in [Fault::NotApplied, Fault::ReplyLost] {
            let store = FaultyStore::new(MemoryStore::new());
            let handler = Handler::answering(());
            let adapter = open(&receiver(store.clone()), &handler);
            store.fail_next("claim", &[fault]);
            let away = adapter.deliver(&event(1)).await;
            assert_eq!(away.answer(), (503, Some("store_unavailable")), "{adapter}: {fault:?}");
            assert_eq!(handler.calls(), 0, "{adapter}: {fault:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_gets_the_degraded_mode_of_its_claim() {
    let policies = [
        (OutagePolicy::LocalFallback, Degraded::LocalFallback),
        (OutagePolicy::FailOpen, Degraded::FailOpen),
    ];
    for open in claiming() {
        for (policy, degraded) in policies {
            let store = FaultyStore::new(MemoryStore::new());
            let handler = Handler::new(move |_, grant| async move {
                assert_eq!(grant.degraded, Some(degraded));
            });
            let receiver = receiver(store.clone()).with_outage_policy(policy);
            let adapter = open(&receiver, &handler);
            store.fail_next("claim", &[Fault::NotApplied]);
            assert_eq!(adapter.deliver(&event(1)).await.status, 200, "{adapter}: {policy:?}");
            assert_eq!(receiver.counters().degraded, 1, "{adapter}: {policy:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_full_of_events_in_flight_accepts_no_other() {
    for open in claiming() {
        let receiver = receiver(MemoryStore::with_capacity(1));
        let handler = Handler::answering(());
        let adapter = open(&receiver, &handler);
        let held = claim(&receiver, &event(1)).await.unwrap();
        let full = adapter.deliver(&event(2)).await;
        assert_eq!(full.answer(), (503, Some("store_full")), "{adapter}");
        held.complete().await.unwrap();
        assert_eq!(adapter.deliver(&event(2)).await.status, 200, "{adapter}");
        assert_eq!(handler.calls(), 1, "{adapter}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_with_five_crashed_attempts_is_not_handled_again() {
    for open in claiming() {
        let handler = Handler::answering(());
        let adapter = open(&with_five_crashed_attempts().await, &handler);
        assert_eq!(
            adapter.deliver(&event(1)).await.answer(),
            (503, Some("exhausted")),
            "{adapter}"
        );

        let receiver = with_five_crashed_attempts().await;
        let receiver = receiver.with_dead_letters(|_: &Verified| Ok(()));
        let adapter = open(&receiver, &handler);
        assert_eq!(
            adapter.deliver(&event(1)).await.answer(),
            (200, Some("exhausted")),
            "{adapter}"
        );
        assert_eq!(
            adapter.deliver(&event(1)).await.answer(),
            (200, Some("duplicate")),
            "{adapter}"
        );
        assert_eq!(handler.calls(), 0, "{adapter}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_id_with_another_body_is_reported_as_such_a_duplicate() {
    for open in claiming() {
        let adapter = open(&receiver(MemoryStore::new()), &Handler::answering(()));
        assert_eq!(adapter.deliver(&event(1)).await.status, 200, "{adapter}");
        let other = Delivery::with_body(&scheme("jupiter"), r#"{"event_id":"1","amount":2}"#);
        assert_eq!(adapter.deliver(&other).await.answer(), (200, Some("duplicate")), "{adapter}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_early_response_makes_a_sender_stop_retrying() {
    let mut answers = vec![
        EarlyResponse::StoreUnavailable,
        EarlyResponse::StoreFull,
        EarlyResponse::HandlerFailed,
        EarlyResponse::HandlerTimeout,
        EarlyResponse::SecretNotKept,
        EarlyResponse::Busy,
    ];
    let rejections = VerifyErrorKind::ALL.iter().copied();
    answers.extend(rejections.map(|kind| EarlyResponse::from(VerifyError::from(kind))));
    let busy = receiver(MemoryStore::new());
    let held = claim(&busy, &event(1)).await.unwrap();
    answers.extend(claim(&busy, &event(1)).await.err());
    held.complete().await.unwrap();
    answers.extend(claim(&busy, &event(1)).await.err());
    let exhausted = with_five_crashed_attempts().await;
    answers.extend(claim(&exhausted, &event(1)).await.err());
    let exhausted = exhausted.with_dead_letters(|_: &Verified| Ok(()));
    answers.extend(claim(&exhausted, &event(1)).await.err());
    assert_eq!(answers.len(), 6 + VerifyErrorKind::ALL.len() + 4);

    for answer in answers {
        let response: Response<Body> = countersign::tower::into_response(answer.clone());
        let (parts, body) = response.into_parts();
        let status = parts.status.as_u16();
        assert_eq!(status, answer.status(), "{answer:?}");
        assert!(![409, 410, 425, 429].contains(&status), "{answer:?}");
        let retry_after = parts.headers.get(RETRY_AFTER).map(|value| value.to_str().unwrap());
        assert_eq!(retry_after, answer.retry_after_s().map(|s| s.to_string()).as_deref());
        assert_eq!(parts.extensions.get(), Some(&answer));
        let rejection = parts.extensions.get::<VerifyError>();
        assert_eq!(rejection.is_some(), matches!(answer, EarlyResponse::Rejected(_)), "{answer:?}");
        assert_eq!(to_bytes(body, 1).await.unwrap(), "", "{answer:?}");
    }
}

/// A handler that waits until it is released.
fn gated() -> (Handler, Gate) {
    let gate = Gate { inside: Arc::new(Semaphore::new(0)), way_out: Arc::new(Semaphore::new(0)) };
    let (inside, way_out) = (Arc::clone(&gate.inside), Arc::clone(&gate.way_out));
    let handler = Handler::new(move |_, _| {
        let (inside, way_out) = (Arc::clone(&inside), Arc::clone(&way_out));
        async move {
            inside.add_permits(1);
            // A closed semaphore lets the handler continue.
            let _ = way_out.acquire().await;
        }
    });
    (handler, gate)
}

struct Gate {
    inside: Arc<Semaphore>,
    way_out: Arc<Semaphore>,
}

impl Gate {
    async fn wait_until_called(&mut self) {
        self.inside.acquire().await.unwrap().forget();
    }

    fn open(&mut self) {
        self.way_out.close();
    }
}

/// A receiver for which five processes have claimed event 1 and crashed.
async fn with_five_crashed_attempts() -> Receiver<MemoryStore> {
    let clock = ManualClock::at_unix_ms(NOW_MS);
    let store = MemoryStore::new().with_clock(clock.clone());
    let receiver = || receiver_with(verifier(&scheme("jupiter")), store.clone());
    for _ in 0..5 {
        let receiver = receiver();
        let held = claim(&receiver, &event(1)).await.unwrap();
        clock.advance(held.lease());
        std::mem::forget(held);
    }
    receiver()
}
