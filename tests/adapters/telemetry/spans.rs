//! Logs: one span for each request, and events at their levels.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::post;
use countersign::tower::WebhookLayer;
use countersign::{BufferBudget, MemoryStore, Receiver, Secret, TokioRuntime, Verifier};
use http::StatusCode;
use tokio::time::sleep;
use tracing::Instrument;
use tracing::subscriber::{NoSubscriber, set_default};

use super::logged::Logged;
use super::{adapters, send};
use crate::harness::axum::webhook_layer;
use crate::harness::{Handler, request};
use crate::whole_path::events::{event, receiver};
use fixtures::delivery::{BODY, Delivery, scheme, verifier};

#[tokio::test(start_paused = true)]
async fn a_delivery_has_one_span_with_its_result_as_fields() {
    let logged = Logged::default();
    let here = logged.here();
    let adapter =
        webhook_layer(&receiver(MemoryStore::new()), &Handler::answering(StatusCode::NO_CONTENT));
    for _ in 0..2 {
        adapter.deliver(&event(1)).await;
    }
    let forged = request(&event(1), event(2).body);
    assert_eq!(send(&adapter.app, forged).await, 401);
    drop((adapter, here));

    let spans = logged.closed();
    let [handled, duplicate, rejected] = &spans[..] else { panic!("{spans:#?}") };
    let common = r#"INFO countersign.delivery{scheme="jupiter" endpoint="test" "#;
    for span in &spans {
        assert!(span.starts_with(common), "{span}");
    }
    for field in [r#"secret="0""#, "event=\"", "attempt=1", r#"code="handled" status=204"#] {
        assert!(handled.contains(field), "{field}: {handled}");
    }
    assert!(duplicate.contains(r#"code="duplicate" status=200"#), "{duplicate}");
    assert!(rejected.contains(r#"code="signature_mismatch" status=401"#), "{rejected}");
    let event = |span: &str| {
        span.split("event=\"").nth(1).map(|rest| rest.split('"').next().unwrap().to_owned())
    };
    assert_eq!(event(handled), event(duplicate));
    assert_eq!(event(handled).as_deref(), Some("1"), "{handled}");
    assert_eq!(event(rejected), None, "{rejected}");
}

#[tokio::test(start_paused = true)]
async fn each_event_is_logged_at_its_level() {
    let logged = Logged::default();
    let here = logged.here();
    let adapter = webhook_layer(&receiver(MemoryStore::new()), &Handler::answering(StatusCode::OK));
    for _ in 0..2 {
        adapter.deliver(&event(1)).await;
    }
    send(&adapter.app, request(&event(1), event(2).body)).await;
    let [(_, busy), ..] =
        adapters(&verifier(&scheme("jupiter")).with_buffer_budget(BufferBudget::new(1)));
    send(&busy, request(&event(1), event(1).body)).await;
    drop(here);
    let events = logged.events();
    for (level, message) in [
        ("INFO", "endpoint ready scheme=\"jupiter\""),
        ("DEBUG", "verified bytes="),
        ("DEBUG", "claimed"),
        ("INFO", "handled ms="),
        ("DEBUG", "the claim is settled outcome="),
        ("DEBUG", "not claimed reason="),
        ("INFO", "rejected reason="),
        ("WARN", "rejected reason="),
    ] {
        let message = format!("countersign: {message}");
        let found = |line: &&String| line.starts_with(level) && line.contains(&message);
        assert!(events.iter().any(|line| found(&line)), "{level} {message}: {events:#?}");
    }
    let warned = events.iter().filter(|line| line.starts_with("WARN")).count();
    assert_eq!(warned, 1, "{events:#?}");
}

/// The fields of the span are printed before those of the event.
#[tokio::test(start_paused = true)]
async fn a_log_line_has_no_repeated_field() {
    let logged = Logged::default();
    let here = logged.here();
    for status in [StatusCode::OK, StatusCode::BAD_GATEWAY] {
        let adapter = webhook_layer(&receiver(MemoryStore::new()), &Handler::answering(status));
        for _ in 0..2 {
            adapter.deliver(&event(1)).await;
        }
        send(&adapter.app, request(&event(1), event(2).body)).await;
    }
    for (_, app) in adapters(&verifier(&scheme("jupiter"))) {
        send(&app, request(&event(1), event(1).body)).await;
        send(&app, request(&event(1), event(2).body)).await;
    }
    drop(here);
    let events = logged.events();
    assert!(events.len() > 20, "{events:#?}");
    for line in &events {
        let names = line.split([' ', '{', '}']).filter_map(|word| word.split_once('='));
        let mut names: Vec<_> = names.map(|(name, _)| name).collect();
        names.sort_unstable();
        let repeated = names.windows(2).find(|pair| pair[0] == pair[1]);
        assert_eq!(repeated, None, "{line}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_outside_of_a_span_has_its_endpoint_itself() {
    let logged = Logged::default();
    let here = logged.here();
    let receiver = receiver(MemoryStore::new());
    let delivery = Delivery::of(&scheme("jupiter"));
    let verified = receiver.verifier().verify(&delivery.headers, BODY).unwrap();
    receiver.claim(&verified, &TokioRuntime).await.unwrap().complete().await.unwrap();
    drop(here);
    for line in logged.events() {
        assert!(line.contains("scheme=\"jupiter\" endpoint=\"test\""), "{line}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_logs_its_configuration_once_with_its_warnings() {
    let logged = Logged::default();
    let here = logged.here();
    let short = Verifier::new(scheme("venum"), Secret::new("'short'").unwrap()).unwrap();
    let receiver = Receiver::new(short.with_endpoint("trades"), MemoryStore::new());
    let hooks = WebhookLayer::new(receiver);
    for _ in 0..2 {
        let app = Router::new().route("/", post(async || {}).layer(hooks.clone()));
        assert_eq!(send(&app, request(&event(1), event(1).body)).await, 401);
    }
    drop(here);
    let events = logged.events();
    let ready: Vec<_> = events.iter().filter(|line| line.contains("endpoint ready")).collect();
    let [ready] = ready[..] else { panic!("{events:#?}") };
    assert!(ready.starts_with("INFO countersign: endpoint ready scheme=\"venum\""), "{ready}");
    for field in [
        r#"endpoint="trades""#,
        r#"secrets="1""#,
        r#"tolerance="5 min""#,
        "body_limit=1 MiB",
        "body_timeout=",
        r#"store="MemoryStore""#,
        "retention=",
        "lease=30 s",
        "ack_deadline=",
    ] {
        assert!(ready.contains(field), "{field}: {ready}");
    }
    let warnings = events.iter().filter(|line| line.starts_with("WARN")).count();
    assert_eq!(warnings, 2, "quotes and length: {events:#?}");
}

/// axum applies it at the first request.
#[tokio::test(start_paused = true)]
async fn a_route_layer_without_a_state_logs_its_configuration_before_the_first_request() {
    let logged = Logged::default();
    let here = logged.here();
    let hooks = WebhookLayer::new(receiver(MemoryStore::new()));
    let _app: Router = Router::new().route("/", post(async || {}).route_layer(hooks));
    drop(here);
    assert!(logged.text().contains("endpoint ready"), "{}", logged.text());
}

#[tokio::test(start_paused = true)]
async fn a_layer_that_is_older_than_the_subscriber_logs_its_configuration_when_it_is_applied() {
    let logged = Logged::default();
    let hooks = {
        let _nothing = set_default(NoSubscriber::default());
        WebhookLayer::new(receiver(MemoryStore::new()))
    };
    let here = logged.here();
    let app = Router::new().route("/", post(async || {}).layer(hooks)).with_state(());
    send(&app, request(&event(1), event(1).body)).await;
    drop(here);
    assert_eq!(logged.text().matches("endpoint ready").count(), 1, "{}", logged.text());
}

#[tokio::test(start_paused = true)]
async fn private_event_ids_are_digests_in_the_log() {
    let logged = Logged::default();
    let here = logged.here();
    let private = verifier(&scheme("jupiter")).with_endpoint("test").with_private_event_ids();
    let receiver = Receiver::new(private.clone(), MemoryStore::new());
    let delivery = Delivery::with_body(&scheme("jupiter"), r#"{"event_id":"ada@example.com"}"#);
    webhook_layer(&receiver, &Handler::answering(StatusCode::OK)).deliver(&delivery).await;
    for (_, app) in adapters(&private) {
        send(&app, request(&delivery, delivery.body.clone())).await;
    }
    drop(here);
    let log = logged.text();
    assert!(!log.contains("ada@"), "{log}");
    let digest = log.split("event=\"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(digest.len(), 8, "{digest}");
}

/// What the log says of code in front of the layer.
#[tokio::test(start_paused = true)]
async fn code_that_changed_the_body_is_named_once() {
    let signed = event(1);
    let length = signed.body.len().to_string();
    let with = |name: &str, value: &str, body: &str| {
        request(&signed.clone().with_header(name, value), body.to_owned())
    };
    let doubled = String::from_utf8(signed.body.repeat(2)).unwrap();
    for (name, value, body, said) in [
        ("content-length", &*length, "", "has probably read the body"),
        ("content-length", &*length, &*doubled, "has probably rewritten the body"),
        ("host", "hooks.example", &*doubled, "has probably decompressed the body"),
    ] {
        // Clones of a verifier report it once, so each adapter has its own.
        let each = || adapters(&verifier(&scheme("jupiter")));
        for index in 0..each().len() {
            let logged = Logged::default();
            let here = logged.here();
            let (adapter, app) = &each()[index];
            for _ in 0..2 {
                assert_ne!(send(app, with(name, value, body)).await, 200, "{adapter}");
            }
            drop(here);
            let events = logged.events();
            let hints: Vec<_> = events.iter().filter(|line| line.contains("probably")).collect();
            let [hint] = hints[..] else { panic!("{adapter}: {said}: {events:#?}") };
            assert!(hint.starts_with("WARN") && hint.contains(said), "{adapter}: {hint}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_outer_body_limit_is_named_in_the_log() {
    let logged = Logged::default();
    let here = logged.here();
    let [(_, app), ..] = adapters(&verifier(&scheme("jupiter")));
    let signed = event(1);
    let limited = http_body_util::Limited::new(Body::from(signed.body.clone()), 4);
    let status = send(&app, request(&signed, Body::new(limited))).await;
    assert_eq!(status, 413);
    drop(here);
    let events = logged.events();
    let named = events.iter().any(|line| line.contains("`RequestBodyLimitLayer` of tower-http"));
    assert!(named, "{events:#?}");
}

#[tokio::test(start_paused = true)]
async fn log_lines_of_a_handler_are_in_the_span_of_its_delivery() {
    let logged = Logged::default();
    let here = logged.here();
    let handler = Handler::new(|_, _| async {
        tracing::info!(target: "countersign_user", "at work");
        sleep(Duration::from_secs(1)).await;
        tracing::info!(target: "countersign_user", "still at work");
    });
    webhook_layer(&receiver(MemoryStore::new()), &handler).deliver(&event(1)).await;
    drop(here);
    let events = logged.events();
    let own: Vec<_> = events.iter().filter(|line| line.contains("at work")).collect();
    assert_eq!(own.len(), 2, "{events:#?}");
    for line in own {
        assert!(line.contains("countersign.delivery{scheme=\"jupiter\""), "{line}");
        assert!(line.contains("attempt=1"), "{line}");
    }
}

#[tokio::test(start_paused = true)]
async fn fields_of_the_users_spans_are_not_changed() {
    let logged = Logged::default();
    let here = logged.here();
    let span = tracing::info_span!(
        target: "countersign_user", "outer", code = tracing::field::Empty
    );
    let receiver = receiver(MemoryStore::new());
    // Without an adapter, and so outside of a delivery's span.
    let delivery = Delivery::of(&scheme("jupiter"));
    let verified = receiver.verifier().verify(&delivery.headers, BODY).unwrap();
    for _ in 0..2 {
        let claiming = receiver.claim(&verified, &TokioRuntime).instrument(span.clone());
        if let Ok(claim) = claiming.await {
            claim.complete().await.unwrap();
        }
    }
    drop((span, here));
    assert!(logged.closed()[0].contains("outer: "), "{:?}", logged.closed());
}
