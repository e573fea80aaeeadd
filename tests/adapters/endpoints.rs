//! Several endpoints in one app: what each layer applies to, and mistakes in how they are applied.

mod actix;

use axum::Router;
use axum::routing::{get, post};
use countersign::tower::{VerifyLayer, WebhookLayer};
use countersign::{MemoryStore, Receiver, Verified};
use http::{Method, Request, StatusCode};
use tower::ServiceExt;

use crate::harness::request;
use crate::telemetry::logged::Logged;
use crate::telemetry::recorded::Recorded;
use fixtures::delivery::{Delivery, scheme, verifier};

#[tokio::test]
async fn a_layer_of_one_route_applies_to_that_route_only() {
    let on_route = |hooks: WebhookLayer<MemoryStore>, path| {
        Router::new().route(path, post(on_event).layer(hooks))
    };
    let route_layer = |hooks: WebhookLayer<MemoryStore>, path| {
        Router::new().route(path, post(on_event)).route_layer(hooks)
    };
    for endpoint in [on_route, route_layer] {
        let recorded = Recorded::default();
        let _here = recorded.here();
        let app = Router::new()
            .route("/health", get(async || "ok"))
            .merge(endpoint(hooks("jupiter"), "/hooks/jupiter"))
            .merge(endpoint(hooks("github"), "/hooks/github"));
        assert_eq!(status(&app, Method::GET, "/health").await, 200);
        assert_eq!(status(&app, Method::GET, "/favicon.ico").await, 404);
        assert_eq!(status(&app, Method::POST, "/hooks/other").await, 404);
        assert!(recorded.keys().is_empty(), "{:?}", recorded.keys());
        assert_eq!(status(&app, Method::POST, "/hooks/github").await, 401);
        assert_eq!(recorded.counts_of("github", "github"), ["rejected missing_signature 1"]);
        for name in ["jupiter", "github"] {
            let delivery = Delivery::of(&scheme(name));
            let mut request = request(&delivery, delivery.body.clone());
            *request.uri_mut() = format!("/hooks/{name}").parse().unwrap();
            let response = app.clone().oneshot(request).await.unwrap();
            assert_eq!(response.status(), 204, "{name}");
        }
    }
}

/// What the guide warns of.
#[tokio::test]
async fn a_layer_of_a_router_applies_to_its_other_routes_and_to_unknown_paths() {
    let recorded = Recorded::default();
    let _here = recorded.here();
    let endpoint = |name: &str| {
        Router::new().route(&format!("/hooks/{name}"), post(on_event)).layer(hooks(name))
    };
    let app = Router::new()
        .route("/health", get(async || "ok"))
        .merge(endpoint("jupiter"))
        .merge(endpoint("github"));
    assert_eq!(status(&app, Method::GET, "/favicon.ico").await, 401);
    assert_eq!(recorded.counts_of("github", "github"), ["rejected missing_signature 1"]);

    let app = Router::new()
        .route("/health", get(async || "ok"))
        .route("/hooks/github", post(on_event))
        .layer(hooks("github"));
    assert_eq!(status(&app, Method::GET, "/health").await, 401);
}

#[tokio::test]
async fn another_method_is_405_with_route_layer_and_is_verified_with_layer() {
    let layered = Router::new().route("/", post(on_event).layer(hooks("github")));
    assert_eq!(status(&layered, Method::GET, "/").await, 401);
    let layered = Router::new().route("/", post(on_event).route_layer(hooks("github")));
    assert_eq!(status(&layered, Method::GET, "/").await, 405);
}

#[tokio::test]
async fn a_handler_that_needs_a_verified_without_a_layer_is_a_500_and_logs_its_path() {
    let logged = Logged::default();
    let _here = logged.here();
    let app = Router::new().route("/hooks/{name}", post(on_event));
    let response = app.oneshot(unsigned("/hooks/git\"hub?secret=1")).await.unwrap();
    assert_eq!(response.status(), 500);
    assert!(axum::body::to_bytes(response.into_body(), 100).await.unwrap().is_empty());
    let events = logged.events();
    let [event] = &events[..] else { panic!("{events:#?}") };
    assert!(event.starts_with("ERROR countersign: the handler takes a `Verified`"), "{event}");
    assert!(event.contains("/hooks/git") && !event.contains("secret"), "{event}");
}

#[tokio::test]
async fn a_handler_can_take_an_optional_verified() {
    async fn on_event(verified: Option<Verified>) -> String {
        verified.map_or("unverified".to_owned(), |it| it.event_id().to_owned())
    }
    let app = Router::new().route("/", post(on_event));
    let response = app.clone().oneshot(unsigned("/")).await.unwrap();
    assert_eq!(axum::body::to_bytes(response.into_body(), 100).await.unwrap(), "unverified");
    let app = app.layer(VerifyLayer::new(verifier(&scheme("jupiter"))));
    let delivery = Delivery::of(&scheme("jupiter"));
    let response = app.oneshot(request(&delivery, delivery.body.clone())).await.unwrap();
    assert_eq!(axum::body::to_bytes(response.into_body(), 100).await.unwrap(), "evt_1");
}

#[tokio::test(start_paused = true)]
async fn a_layer_applied_twice_passes_on_and_is_logged_once() {
    let logged = Logged::default();
    let _here = logged.here();
    let hooks = hooks("jupiter");
    let app = Router::new().route("/", post(on_event).layer(hooks.clone())).layer(hooks);
    for number in 0..3 {
        let body = format!(r#"{{"event_id":"evt_{number}"}}"#);
        let delivery = Delivery::with_body(&scheme("jupiter"), &body);
        let deliver = || app.clone().oneshot(request(&delivery, body.clone()));
        assert_eq!(deliver().await.unwrap().status(), 204);
        // The outer layer still deduplicates.
        assert_eq!(deliver().await.unwrap().status(), 200);
    }
    let forged = request(&Delivery::of(&scheme("jupiter")), "{}");
    assert_eq!(app.oneshot(forged).await.unwrap().status(), 401);
    let events = logged.events();
    let twice: Vec<_> = events.iter().filter(|event| event.contains("applied twice")).collect();
    assert_eq!(twice.len(), 1, "{events:#?}");
    assert!(twice[0].starts_with("ERROR"), "{twice:?}");
}

#[tokio::test]
async fn two_layers_with_different_receivers_both_claim() {
    let (outer, inner) = (hooks("jupiter"), hooks("jupiter"));
    let app = Router::new().route("/", post(on_event).layer(inner)).layer(outer);
    let delivery = Delivery::of(&scheme("jupiter"));
    let response = app.oneshot(request(&delivery, delivery.body.clone())).await.unwrap();
    assert_eq!(response.status(), 204);
}

pub(super) fn hooks(name: &str) -> WebhookLayer<MemoryStore> {
    WebhookLayer::new(receiver(name))
}

fn receiver(name: &str) -> Receiver<MemoryStore> {
    Receiver::new(verifier(&scheme(name)).with_endpoint(name), MemoryStore::new())
}

async fn on_event(verified: Verified) -> StatusCode {
    assert!(!verified.body().is_empty());
    StatusCode::NO_CONTENT
}

fn unsigned(path: &str) -> Request<axum::body::Body> {
    Request::post(path.replace('"', "%22")).body("{}".into()).unwrap()
}

async fn status(app: &Router, method: Method, path: &str) -> u16 {
    let mut request = unsigned(path);
    *request.method_mut() = method;
    app.clone().oneshot(request).await.unwrap().status().as_u16()
}
