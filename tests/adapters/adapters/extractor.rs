//! Tests of the extractors alone: the source of their verifier, and JSON.

use std::cell::Cell;

use axum::Router;
use axum::extract::{FromRef, Path, State};
use axum::routing::post;
use countersign::axum::{Rejection, Webhook, WebhookJson};
use countersign::{JsonProblem, Verifier};
use serde::{Deserialize, Deserializer};
use tower::ServiceExt;

use crate::harness::axum::webhook_json;
use crate::harness::{Handler, request};
use fixtures::delivery::{BODY, Delivery, scheme, verifier};

#[tokio::test]
async fn the_verifier_itself_can_be_the_state() {
    let jupiter = scheme("jupiter");
    let app = Router::new().route("/", post(id)).with_state(verifier(&jupiter));
    let answer = app.oneshot(request(&Delivery::of(&jupiter), BODY)).await.unwrap();
    assert_eq!(answer.status(), 200);

    async fn id(Webhook(verified): Webhook) -> String {
        verified.event_id().to_owned()
    }
}

#[tokio::test]
async fn the_verifier_can_be_part_of_the_state() {
    #[derive(Clone)]
    struct App {
        greeting: &'static str,
        verifier: Verifier,
    }

    impl FromRef<App> for Verifier {
        fn from_ref(app: &App) -> Self {
            app.verifier.clone()
        }
    }

    async fn greet(
        State(app): State<App>,
        Path(name): Path<String>,
        Webhook(verified): Webhook,
    ) -> String {
        format!("{} {name} {}", app.greeting, verified.event_id())
    }

    let jupiter = scheme("jupiter");
    let app = App { greeting: "hello", verifier: verifier(&jupiter) };
    let app = Router::new().route("/{name}", post(greet)).with_state(app);
    let mut request = request(&Delivery::of(&jupiter), BODY);
    *request.uri_mut() = "/you".parse().unwrap();
    let answer = app.oneshot(request).await.unwrap();
    let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    assert_eq!(body, "hello you evt_1");
}

#[tokio::test]
async fn two_routes_of_one_app_can_have_different_verifiers() {
    async fn scheme_name(Webhook(verified): Webhook) -> String {
        verified.scheme().name().to_owned()
    }

    let app: Router = Router::new()
        .route("/jupiter", post(scheme_name).with_state(verifier(&scheme("jupiter"))))
        .route("/venum", post(scheme_name).with_state(verifier(&scheme("venum"))));
    for (path, name, status) in [
        ("/jupiter", "jupiter", 200),
        ("/venum", "venum", 200),
        ("/jupiter", "venum", 401),
        ("/venum", "jupiter", 401),
    ] {
        let mut request = request(&Delivery::of(&scheme(name)), BODY);
        *request.uri_mut() = path.parse().unwrap();
        let answer = app.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), status, "{name} at {path}");
    }
}

#[tokio::test]
async fn a_handler_can_handle_the_rejection_itself() {
    async fn reports(delivery: Result<Webhook, Rejection>) -> &'static str {
        delivery.map_or_else(|rejection| rejection.code(), |_| "verified")
    }

    let jupiter = scheme("jupiter");
    let app = Router::new().route("/", post(reports)).with_state(verifier(&jupiter));
    let unsigned = Delivery::of(&jupiter).without_header("x-jup-signature");
    let answer = app.oneshot(request(&unsigned, BODY)).await.unwrap();
    let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    assert_eq!(body, "missing_signature");
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
    let app = Router::new().route("/", post(handles)).with_state(verifier(&jupiter));
    let genuine = Delivery::of(&jupiter);

    let answer = app.clone().oneshot(request(&genuine, format!("{BODY} "))).await.unwrap();
    assert_eq!((answer.status().as_u16(), PARSED.get()), (401, false));
    let answer = app.oneshot(request(&genuine, BODY)).await.unwrap();
    assert_eq!((answer.status().as_u16(), PARSED.get()), (200, true));
}

#[tokio::test]
async fn malformed_json_is_rejected_and_not_echoed() {
    let jupiter = scheme("jupiter");
    let adapter = webhook_json(&verifier(&jupiter), &Handler::echo());
    let cases = [
        ("{\n \"canary\": canary}", JsonProblem::Syntax, 2, 12),
        ("{\"canary\":", JsonProblem::CutShort, 1, 10),
        ("", JsonProblem::CutShort, 1, 0),
        ("\u{0}canary", JsonProblem::Syntax, 1, 1),
    ];
    for (body, problem, line, column) in cases {
        let delivery = Delivery::with_body(&jupiter, body);
        let answer = adapter.answer(request(&delivery, body)).await;
        assert_eq!((answer.status, &answer.body[..]), (400, &b""[..]), "{body}");
        let malformed = answer.malformed.unwrap();
        assert_eq!(
            (malformed.problem(), malformed.line(), malformed.column()),
            (problem, line, column)
        );
        assert_eq!(Rejection::from(malformed).code(), "malformed_json");

        let shown = format!("{malformed} {malformed:?} {}", Rejection::from(malformed));
        assert!(!shown.contains("canary"), "{shown}");
    }
    assert_eq!(adapter.handled(), 0);
}

#[tokio::test]
async fn json_of_another_type_is_rejected_and_not_echoed() {
    #[derive(Debug, Deserialize)]
    struct Event {
        #[expect(dead_code, reason = "no request has this field, so it is never read")]
        amount: u64,
    }

    async fn handles(event: Result<WebhookJson<Event>, Rejection>) -> String {
        let rejection = event.unwrap_err();
        format!("{} {} {rejection} {rejection:?}", rejection.status(), rejection.code())
    }

    let jupiter = scheme("jupiter");
    let app = Router::new().route("/", post(handles)).with_state(verifier(&jupiter));
    let body = r#"{"amount":"canary"}"#;
    let delivery = Delivery::with_body(&jupiter, body);
    let answer = app.oneshot(request(&delivery, body)).await.unwrap();
    let shown = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    let shown = std::str::from_utf8(&shown).unwrap();
    assert!(shown.starts_with("400 malformed_json the body is JSON that does not fit"), "{shown}");
    assert!(!shown.contains("canary"), "{shown}");
}

#[tokio::test]
async fn debug_output_of_extractors_does_not_show_the_body() {
    async fn shows(webhook: WebhookJson<serde_json::Value>) -> String {
        format!("{webhook:?} {:?}", Webhook(webhook.verified.clone()))
    }

    let jupiter = scheme("jupiter");
    let app = Router::new().route("/", post(shows)).with_state(verifier(&jupiter));
    let body = r#"{"id":"canary"}"#;
    let answer = app.oneshot(request(&Delivery::with_body(&jupiter, body), body)).await.unwrap();
    let shown = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    let shown = std::str::from_utf8(&shown).unwrap();
    assert!(shown.contains("jupiter") && !shown.contains("canary"), "{shown}");
}
