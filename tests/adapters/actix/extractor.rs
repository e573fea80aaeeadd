//! Tests of the extractors alone: the source of their verifier, JSON, and the
//! claim that the handler receives.

use std::cell::Cell;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data, post, resource};
use actix_web::{HttpResponse, HttpResponseBuilder};
use countersign::actix::{ClaimedWebhook, ClaimedWebhookJson, Rejection, Webhook, WebhookJson};
use countersign::{Claim, Grant, JsonProblem, MemoryStore};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use super::app::{LocalApp, local, request};
use crate::whole_path::events::{event, receiver};
use fixtures::delivery::{self, BODY, scheme, verifier};
use fixtures::faulty_store::{Fault, FaultyStore};

#[tokio::test]
async fn the_verifier_is_read_from_the_innermost_app_data() {
    async fn scheme_name(Webhook(verified): Webhook) -> String {
        verified.scheme().name().to_owned()
    }

    let of = |name| verifier(&scheme(name));
    let bare = LocalApp::new(|config| {
        config.app_data(of("jupiter")).route("/jupiter", post().to(scheme_name));
        config.service(resource("/github").app_data(of("github")).route(post().to(scheme_name)));
    });
    let wrapped = LocalApp::new(|config| {
        config.app_data(Data::new(of("jupiter"))).route("/jupiter", post().to(scheme_name));
        let github = Data::new(of("github"));
        config.service(resource("/github").app_data(github).route(post().to(scheme_name)));
    });
    for app in [bare.await, wrapped.await] {
        for (path, name, status) in [
            ("/jupiter", "jupiter", 200),
            ("/github", "github", 200),
            ("/jupiter", "github", 401),
            ("/github", "jupiter", 401),
        ] {
            let sent = request(&delivery::Delivery::of(&scheme(name))).uri(path);
            let answer = app.answer(sent.set_payload(BODY)).await;
            assert_eq!(answer.status, status, "{name} at {path}");
        }
    }
}

#[tokio::test]
async fn without_a_verifier_or_a_receiver_nothing_is_handled() {
    async fn webhook(_: Webhook) -> HttpResponse {
        HttpResponse::Ok().finish()
    }
    async fn claimed(_: ClaimedWebhook) -> HttpResponse {
        HttpResponse::Ok().finish()
    }

    let app = LocalApp::new(|config| {
        config.route("/webhook", post().to(webhook)).route("/claimed", post().to(claimed));
        // A receiver with a store of another type does not match this handler.
        let other = receiver(FaultyStore::new(MemoryStore::new()));
        config.service(resource("/other").app_data(other).route(post().to(claimed)));
    })
    .await;
    for path in ["/webhook", "/claimed", "/other"] {
        let sent = request(&event(1)).uri(path).set_payload(event(1).body);
        assert_eq!(app.answer(sent).await.answer(), (503, Some("misconfigured")), "{path}");
    }
}

#[tokio::test]
async fn a_handler_can_handle_the_rejection_itself() {
    async fn reports(delivery: Result<Webhook, Rejection>) -> String {
        delivery.map_or_else(|rejection| rejection.code().to_owned(), |_| "verified".to_owned())
    }

    let jupiter = scheme("jupiter");
    let app = LocalApp::new(|config| {
        config.app_data(verifier(&jupiter)).route("/", post().to(reports));
    })
    .await;
    let unsigned = delivery::Delivery::of(&jupiter).without_header("x-jup-signature");
    assert_eq!(app.deliver(&unsigned).await.body, "missing_signature");
}

#[tokio::test]
async fn a_body_read_by_another_extractor_is_rejected_as_incomplete() {
    async fn greedy(body: Bytes, _: Result<Webhook, Rejection>) -> Bytes {
        body
    }
    async fn both(_: Bytes, _: Webhook) -> HttpResponse {
        HttpResponse::Ok().finish()
    }

    let jupiter = scheme("jupiter");
    let app = LocalApp::new(|config| {
        config.app_data(verifier(&jupiter));
        config.route("/", post().to(both)).route("/greedy", post().to(greedy));
    })
    .await;
    let announced = delivery::Delivery::of(&jupiter);
    let announced = announced.with_header("content-length", BODY.len().to_string());
    assert_eq!(app.deliver(&announced).await.answer(), (400, Some("body_incomplete")));
    let sent = request(&announced).uri("/greedy").set_payload(BODY);
    assert_eq!(app.answer(sent).await.body, BODY);
}

#[tokio::test]
async fn json_is_parsed_only_after_it_verified() {
    thread_local! {
        static PARSED: Cell<bool> = const { Cell::new(false) };
    }

    struct Watched;

    impl<'de> Deserialize<'de> for Watched {
        fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
            PARSED.set(true);
            serde::de::IgnoredAny::deserialize(json).map(|_| Self)
        }
    }

    async fn handles(WebhookJson { verified, event: Watched }: WebhookJson<Watched>) -> String {
        verified.event_id().to_owned()
    }

    let jupiter = scheme("jupiter");
    let app = LocalApp::new(|config| {
        config.app_data(verifier(&jupiter)).route("/", post().to(handles));
    })
    .await;
    let mut tampered = delivery::Delivery::of(&jupiter);
    tampered.body.push(b' ');
    assert_eq!((app.deliver(&tampered).await.status, PARSED.get()), (401, false));
    let genuine = app.deliver(&delivery::Delivery::of(&jupiter)).await;
    assert_eq!((genuine.status, PARSED.get()), (200, true));
}

#[tokio::test]
async fn malformed_json_is_rejected_and_not_echoed() {
    async fn handles(_: WebhookJson<Value>) -> HttpResponse {
        HttpResponse::Ok().finish()
    }

    let jupiter = scheme("jupiter");
    let app = LocalApp::new(|config| {
        config.app_data(verifier(&jupiter)).route("/", post().to(handles));
    })
    .await;
    for (body, problem, line, column) in [
        ("{\n \"canary\": canary}", JsonProblem::Syntax, 2, 12),
        ("{\"canary\":", JsonProblem::CutShort, 1, 10),
    ] {
        let answer = app.deliver(&delivery::Delivery::with_body(&jupiter, body)).await;
        assert_eq!((answer.status, &answer.body[..]), (400, &b""[..]), "{body}");
        let malformed = answer.malformed.unwrap();
        assert_eq!(
            (malformed.problem(), malformed.line(), malformed.column()),
            (problem, line, column)
        );
        let rejection = Rejection::from(malformed);
        assert_eq!((rejection.status(), rejection.code()), (400, "malformed_json"));
        let shown = format!("{rejection} {rejection:?}");
        assert!(!shown.contains("canary"), "{shown}");
    }
}

#[tokio::test]
async fn extractors_and_their_errors_show_nothing_of_the_request() {
    async fn shows(webhook: WebhookJson<Value>) -> String {
        format!("{webhook:?} {:?}", Webhook(webhook.verified.clone()))
    }
    async fn shows_claimed(claimed: ClaimedWebhookJson<Value>) -> String {
        format!("{claimed:?}")
    }
    async fn shows_rejected(rejected: Result<Webhook, actix_web::Error>) -> String {
        let error = rejected.unwrap_err();
        format!("jupiter {error} {error:?}")
    }

    let jupiter = scheme("jupiter");
    let body = r#"{"id":"canary"}"#;
    let genuine = delivery::Delivery::with_body(&jupiter, body);
    let forged = genuine.clone().with_header("x-jup-signature", "canary");
    local(async {
        let app = LocalApp::new(|config| {
            config.app_data(verifier(&jupiter)).app_data(receiver(MemoryStore::new()));
            config.route("/", post().to(shows)).route("/claimed", post().to(shows_claimed));
            config.route("/rejected", post().to(shows_rejected));
        })
        .await;
        for (path, delivery) in [("/", &genuine), ("/claimed", &genuine), ("/rejected", &forged)] {
            let answer = app.answer(request(delivery).uri(path).set_payload(body)).await;
            let shown = std::str::from_utf8(&answer.body).unwrap();
            assert!(shown.contains("jupiter") && !shown.contains("canary"), "{path}: {shown}");
        }
    })
    .await;
}

#[derive(Deserialize)]
struct Event {
    event_id: String,
}

#[tokio::test(start_paused = true)]
async fn the_claiming_extractor_returns_parsed_json_the_delivery_and_the_claim() {
    async fn on_event(delivery: ClaimedWebhookJson<Event>) -> String {
        let Grant { attempt, .. } = delivery.claim.grant();
        assert_eq!(delivery.verified.event_id(), delivery.event.event_id);
        delivery.claim.complete().await.unwrap();
        format!("{} at attempt {attempt}", delivery.event.event_id)
    }

    local(async {
        let app = LocalApp::new(|config| {
            config.app_data(receiver(MemoryStore::new())).route("/", post().to(on_event));
        })
        .await;
        assert_eq!(app.deliver(&event("evt_1")).await.body, "evt_1 at attempt 1");
        assert_eq!(app.deliver(&event("evt_1")).await.answer(), (200, Some("duplicate")));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_body_that_the_handler_cannot_parse_claims_nothing() {
    async fn on_event(_: ClaimedWebhookJson<Event, FaultyStore>) -> HttpResponse {
        HttpResponse::Ok().finish()
    }

    let store = FaultyStore::new(MemoryStore::new());
    local(async {
        let app = LocalApp::new(|config| {
            config.app_data(receiver(store.clone())).route("/", post().to(on_event));
        })
        .await;
        let delivery = delivery::Delivery::with_body(&scheme("jupiter"), "[]");
        assert_eq!(app.deliver(&delivery).await.status, 400);
        assert_eq!(store.asked(), 0);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_unsettled_claim_releases_its_event_when_the_handler_returns_early() {
    async fn on_event(ClaimedWebhook { claim, .. }: ClaimedWebhook) -> HttpResponse {
        let status = if claim.grant().attempt == 1 { 502 } else { 200 };
        HttpResponseBuilder::new(StatusCode::from_u16(status).unwrap()).finish()
    }

    local(async {
        let app = LocalApp::new(|config| {
            config.app_data(receiver(MemoryStore::new())).route("/", post().to(on_event));
        })
        .await;
        assert_eq!(app.deliver(&event(1)).await.status, 502);
        assert_eq!(app.deliver(&event(1)).await.status, 200);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_claim_can_be_moved_to_a_worker_while_the_sender_is_answered_at_once() {
    type Jobs = mpsc::Sender<Claim<MemoryStore>>;

    async fn on_event(
        jobs: Data<Jobs>,
        ClaimedWebhook { claim, .. }: ClaimedWebhook,
    ) -> HttpResponse {
        jobs.try_send(claim).unwrap();
        HttpResponse::Accepted().finish()
    }

    let (jobs, mut work) = mpsc::channel(1);
    local(async {
        let app = LocalApp::new(|config| {
            config.app_data(receiver(MemoryStore::new())).app_data(Data::<Jobs>::new(jobs));
            config.route("/", post().to(on_event));
        })
        .await;
        assert_eq!(app.deliver(&event(1)).await.status, 202);
        assert_eq!(app.deliver(&event(1)).await.answer(), (503, Some("in_flight")));
        work.recv().await.unwrap().complete().await.unwrap();
        assert_eq!(app.deliver(&event(1)).await.answer(), (200, Some("duplicate")));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_sender_that_disconnects_during_the_claim_leaves_no_claim() {
    async fn on_event(_: ClaimedWebhook<FaultyStore>) -> HttpResponse {
        HttpResponse::Ok().finish()
    }

    let held = MemoryStore::new();
    let store = FaultyStore::new(held.clone());
    store.fail_next("claim", &[Fault::ReplyLate(Duration::from_millis(200))]);
    let receiver = receiver(store);
    local(async {
        let app = LocalApp::new(|config| {
            config.app_data(receiver.clone()).route("/", post().to(on_event));
        })
        .await;
        let leaves = timeout(Duration::from_millis(100), app.deliver(&event(1))).await;
        assert!(leaves.is_err());
        assert_eq!(held.live(), 1);

        sleep(Duration::from_secs(1)).await;
        assert_eq!((held.live(), receiver.counters().releases_retried), (0, 1));
    })
    .await;
}
