//! Tests of the extractors alone: the handler receives the claim.

use std::time::Duration;

use axum::Router;
use axum::extract::Extension;
use axum::routing::post;
use countersign::axum::{ClaimedWebhook, ClaimedWebhookJson};
use countersign::{Claim, Grant, MemoryStore};
use http::StatusCode;
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tower::ServiceExt;

use super::events::{claim, event, receiver};
use crate::harness::axum::{claimed, deliver, webhook_layer};
use crate::harness::{Handler, request};
use fixtures::delivery::scheme;
use fixtures::faulty_store::{Fault, FaultyStore};

#[derive(Deserialize)]
struct Event {
    event_id: String,
}

#[tokio::test(start_paused = true)]
async fn the_claiming_extractor_returns_parsed_json_the_delivery_and_the_claim() {
    async fn on_event(delivery: ClaimedWebhookJson<Event>) -> String {
        let Grant { attempt, .. } = delivery.claim.grant();
        assert_eq!(delivery.verified.event_id(), delivery.event.event_id);
        let shown = format!("{delivery:?}");
        delivery.claim.complete().await.unwrap();
        format!("{} at attempt {attempt}, {}", delivery.event.event_id, shown.contains("amount"))
    }

    let receiver = receiver(MemoryStore::new());
    let app = Router::new().route("/", post(on_event)).with_state(receiver);
    let body = r#"{"event_id":"evt_1","amount":7}"#;
    let delivery = fixtures::delivery::Delivery::with_body(&scheme("jupiter"), body);
    assert_eq!(deliver(&app, &delivery).await.body, "evt_1 at attempt 1, false");
    assert_eq!(deliver(&app, &delivery).await.answer(), (200, Some("duplicate")));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_the_handler_cannot_parse_claims_nothing() {
    async fn on_event(_: ClaimedWebhookJson<Event, FaultyStore>) {}

    let store = FaultyStore::new(MemoryStore::new());
    let app = Router::new().route("/", post(on_event)).with_state(receiver(store.clone()));
    let delivery = fixtures::delivery::Delivery::with_body(&scheme("jupiter"), "[]");
    assert_eq!(deliver(&app, &delivery).await.status, 400);
    assert_eq!(store.asked(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_unsettled_claim_releases_its_event_when_the_handler_returns_early() {
    async fn on_event(ClaimedWebhook { claim, .. }: ClaimedWebhook) -> Result<String, StatusCode> {
        match claim.grant().attempt {
            1 => Err(StatusCode::BAD_GATEWAY),
            epoch => Ok(epoch.to_string()),
        }
    }

    let app = Router::new().route("/", post(on_event)).with_state(receiver(MemoryStore::new()));
    assert_eq!(deliver(&app, &event(1)).await.status, 502);
    assert_eq!(deliver(&app, &event(1)).await.body, "2");
}

#[tokio::test(start_paused = true)]
async fn a_claim_can_be_moved_to_a_worker_while_the_sender_is_answered_at_once() {
    type Jobs = mpsc::Sender<Claim<MemoryStore>>;

    async fn on_event(
        jobs: Extension<Jobs>,
        ClaimedWebhook { claim, .. }: ClaimedWebhook,
    ) -> StatusCode {
        jobs.try_send(claim).unwrap();
        StatusCode::ACCEPTED
    }

    let (jobs, mut work) = mpsc::channel(1);
    let app = Router::new().route("/", post(on_event)).layer(Extension::<Jobs>(jobs));
    let app = app.with_state(receiver(MemoryStore::new()));
    assert_eq!(deliver(&app, &event(1)).await.status, 202);
    assert_eq!(deliver(&app, &event(1)).await.answer(), (503, Some("in_flight")));
    work.recv().await.unwrap().complete().await.unwrap();
    assert_eq!(deliver(&app, &event(1)).await.answer(), (200, Some("duplicate")));
}

#[tokio::test(start_paused = true)]
async fn a_sender_that_disconnects_during_the_claim_leaves_no_claim() {
    let held = MemoryStore::new();
    let store = FaultyStore::new(held.clone());
    store.fail_next("claim", &[Fault::ReplyLate(Duration::from_millis(200))]);
    let receiver = receiver(store.clone());
    let handler = Handler::answering(());
    let adapter = claimed(&receiver, &handler);
    let asking = adapter.app.clone().oneshot(request(&event(1), event(1).body));
    assert!(timeout(Duration::from_millis(100), asking).await.is_err());
    assert_eq!((held.live(), handler.calls()), (1, 0));

    sleep(Duration::from_secs(1)).await;
    assert_eq!((held.live(), handler.calls()), (0, 0));
    assert_eq!(receiver.counters().releases_retried, 1);
}

#[tokio::test(start_paused = true)]
async fn a_sender_that_disconnects_stops_the_handler_and_releases_the_event() {
    let handler = Handler::new(|_, grant| async move {
        if grant.attempt == 1 {
            std::future::pending::<()>().await;
        }
    });
    let receiver = receiver(MemoryStore::new());
    let adapter = claimed(&receiver, &handler);
    let asking = adapter.app.clone().oneshot(request(&event(1), event(1).body));
    assert!(timeout(Duration::from_millis(100), asking).await.is_err());
    let again = adapter.deliver(&event(1)).await;
    assert_eq!((again.status, handler.calls()), (200, 2));
}

#[tokio::test(start_paused = true)]
async fn a_receiver_its_layer_and_its_extractors_share_their_events() {
    let receiver = receiver(MemoryStore::new());
    let handler = Handler::answering(());
    assert_eq!(webhook_layer(&receiver, &handler).deliver(&event(1)).await.status, 200);
    let repeat = claimed(&receiver, &handler).deliver(&event(1)).await;
    assert_eq!(repeat.answer(), (200, Some("duplicate")));
    assert!(claim(&receiver, &event(1)).await.is_err());
}
