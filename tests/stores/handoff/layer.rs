//! `HandoffLayer`: the response to each outcome, and what never reaches the queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use countersign::queue::{
    HandoffDelivery, HandoffError, HandoffErrorKind, HandoffOutcome, HandoffReceiver,
};
use countersign::scheme::Interactive;
use countersign::{ConfigError, Verified};
use http::StatusCode;
use tokio::sync::Notify;
use tower::{Layer, service_fn};

use super::*;

/// A queue that returns the same result each time.
#[derive(Clone)]
struct Fixed(Result<HandoffOutcome, HandoffErrorKind>);

impl Handoff for Fixed {
    async fn hand_off(&self, _: &HandoffDelivery) -> Result<HandoffOutcome, HandoffError> {
        self.0.map_err(HandoffError::from)
    }
}

#[tokio::test]
async fn each_outcome_has_its_response_and_only_a_stored_delivery_is_answered_202() {
    let in_flight = HandoffOutcome::InFlight { retry_after: Duration::from_secs(2) };
    let duplicate = HandoffOutcome::Duplicate { same_body: true, at_unix_ms: 1 };
    for (outcome, expected) in [
        (Ok(HandoffOutcome::Stored { possible_duplicate: false }), (202, None)),
        (Ok(duplicate), (200, Some("duplicate"))),
        (Ok(in_flight), (503, Some("in_flight"))),
        (Ok(HandoffOutcome::Full), (503, Some("store_full"))),
        (Err(HandoffErrorKind::Unavailable), (503, Some("store_unavailable"))),
        (Err(HandoffErrorKind::NoReply), (503, Some("store_unavailable"))),
        (Err(HandoffErrorKind::NotAccepted), (503, Some("store_unavailable"))),
    ] {
        let response = deliver(&layer(Fixed(outcome)), "evt_1").await;
        assert_eq!(result(&response), expected);
        assert_eq!(response.headers().contains_key("retry-after"), expected.0 == 503);
        assert!(response.extensions().get::<Verified>().is_some());
    }
}

#[tokio::test]
async fn a_queue_that_panics_is_answered_500() {
    #[derive(Clone)]
    struct Panics;
    impl Handoff for Panics {
        async fn hand_off(&self, _: &HandoffDelivery) -> Result<HandoffOutcome, HandoffError> {
            panic!("a defect of the queue")
        }
    }
    assert_eq!(result(&deliver(&layer(Panics), "evt_1").await), (500, Some("handler_failed")));
}

/// A queue that stores when the test lets it.
#[derive(Clone, Default)]
struct Slow(Arc<(Notify, AtomicUsize)>);

impl Handoff for Slow {
    async fn hand_off(&self, _: &HandoffDelivery) -> Result<HandoffOutcome, HandoffError> {
        self.0.0.notified().await;
        self.0.1.fetch_add(1, Ordering::SeqCst);
        Ok(HandoffOutcome::Stored { possible_duplicate: false })
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_queue_is_answered_503_before_the_senders_deadline_and_is_not_cancelled() {
    let slow = Slow::default();
    let receiver = HandoffReceiver::new(verifier(), slow.clone());
    let deadline = receiver.response_deadline();
    let layer = HandoffLayer::new(receiver);
    let since = tokio::time::Instant::now();
    assert_eq!(result(&deliver(&layer, "evt_1").await), (503, Some("busy")));
    assert!(since.elapsed() <= deadline, "{:?}", since.elapsed());
    assert_eq!(slow.0.1.load(Ordering::SeqCst), 0);
    slow.0.0.notify_one();
    layer.drain().await;
    assert_eq!(slow.0.1.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn interactive_deliveries_reach_the_service_and_the_others_the_queue() {
    let stored = Fixed(Ok(HandoffOutcome::Stored { possible_duplicate: false }));
    for (interactive, expected) in [
        (Interactive::No, 202),
        (Interactive::Yes, 418),
        (Interactive::WithId, 418),
        (Interactive::WithoutId, 202),
    ] {
        let scheme = Scheme::builder("sample")
            .signature_header("X-Sample-Signature")
            .signed_payload("{body}")
            .event_id("body:/id")
            .interactive(interactive)
            .build()
            .unwrap();
        let layer = layer_with(Verifier::new(scheme, secret()).unwrap(), stored.clone());
        let service = layer.layer(service_fn(async |request: Request<Body>| {
            assert!(request.extensions().get::<Verified>().is_some());
            let response = Response::builder().status(StatusCode::IM_A_TEAPOT);
            Ok::<_, std::convert::Infallible>(
                response.body(Full::<bytes::Bytes>::default()).unwrap(),
            )
        }));
        let response = service.oneshot(request("evt_1")).await.unwrap();
        assert_eq!(response.status().as_u16(), expected, "{interactive:?}");
        let endpoint = layer.endpoint();
        match (interactive, endpoint) {
            (Interactive::No, Ok(_)) => {}
            (Interactive::No, Err(error)) => panic!("{error}"),
            (_, Err(ConfigError::Interactive { scheme, .. })) => assert_eq!(scheme, "sample"),
            (_, other) => panic!("{interactive:?}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn deliveries_of_one_event_have_one_message_id_and_other_events_another() {
    #[derive(Clone, Default)]
    struct Ids(Arc<std::sync::Mutex<Vec<String>>>);
    impl Handoff for Ids {
        async fn hand_off(
            &self,
            delivery: &HandoffDelivery,
        ) -> Result<HandoffOutcome, HandoffError> {
            self.0.lock().unwrap().push(delivery.message.id().to_owned());
            Ok(HandoffOutcome::Stored { possible_duplicate: false })
        }
    }
    let ids = Ids::default();
    let layer = layer(ids.clone());
    for id in ["evt_1", "evt_1", "evt_2"] {
        deliver(&layer, id).await;
    }
    let ids = ids.0.lock().unwrap();
    assert!(ids[0].starts_with("msg_") && ids[0].len() == 36, "{ids:?}");
    assert!(ids[0] == ids[1] && ids[0] != ids[2], "{ids:?}");
}
