//! Metrics and tracing of deliveries: everything is recorded, and exactly once.

pub(crate) mod logged;
pub(crate) mod recorded;
mod spans;

use std::collections::BTreeSet;
use std::future::pending;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::post;
use countersign::axum::{ClaimedWebhook, ClaimedWebhookJson as Extracted, Webhook, WebhookJson};
use countersign::metrics::{METRICS, MetricKind, describe_metrics};
use countersign::tenants::{TenantId, Tenants};
use countersign::tower::{VerifyLayer, WebhookLayer};
use countersign::{
    BufferBudget, ManualClock, MemoryStore, OutagePolicy, Receiver, Secrets, TokioRuntime, Verifier,
};
use http::{Request, StatusCode};
use logged::Logged;
use metrics::Unit;
use recorded::Recorded;
use serde_json::Value;
use tokio::time::{sleep, timeout};
use tower::ServiceExt;

use crate::adapters::scripted::{Step, scripted};
use crate::harness::axum::{claimed, webhook_layer};
use crate::harness::{Handler, request};
use crate::whole_path::events::{claim, event, receiver, receiver_with};
use fixtures::delivery::{BODY, Delivery, NOW_MS, scheme, secret, verifier, verifier_of};
use fixtures::faulty_store::{Fault, FaultyStore};

#[tokio::test(start_paused = true)]
async fn a_handled_delivery_is_recorded_once_at_every_step() {
    let recorded = Recorded::default();
    let _here = recorded.here();
    let adapter =
        webhook_layer(&receiver(MemoryStore::new()), &Handler::answering(StatusCode::NO_CONTENT));
    assert_eq!(adapter.deliver(&event(1)).await.status, 204);
    let counts = ["claims granted 1", "handlers handled 1", "settled completed 1", "verified 0 1"];
    assert_eq!(recorded.counts(), counts);
    let measured = [
        "countersign_body_bytes 1",
        "countersign_body_duration_seconds 1",
        "countersign_claim_duration_seconds 1",
        "countersign_handler_duration_seconds 1",
        "countersign_verify_duration_seconds 1",
    ];
    assert_eq!(recorded.measured(), measured);
    assert_eq!(recorded.values("countersign_body_bytes"), [event(1).body.len() as f64]);
}

#[tokio::test(start_paused = true)]
async fn an_extractor_records_everything_except_the_handler_outcome() {
    let recorded = Recorded::default();
    let _here = recorded.here();
    let adapter = claimed(&receiver(MemoryStore::new()), &Handler::answering(StatusCode::OK));
    assert_eq!(adapter.deliver(&event(1)).await.status, 200);
    assert_eq!(recorded.counts(), ["claims granted 1", "settled completed 1", "verified 0 1"]);
}

#[tokio::test(start_paused = true)]
async fn a_layer_that_only_verifies_records_the_handler_outcome_too() {
    let recorded = Recorded::default();
    let _here = recorded.here();
    let answers = [(StatusCode::OK, "handled"), (StatusCode::BAD_GATEWAY, "handler_failed")];
    for (status, _) in answers {
        let verify = VerifyLayer::new(verifier(&scheme("jupiter")));
        let app = Router::new().route("/", post(async move || status)).layer(verify);
        assert_eq!(send(&app, request(&event(1), event(1).body)).await, status);
    }
    assert_eq!(
        recorded.counts_of("jupiter", "jupiter"),
        ["handlers handled 1", "handlers handler_failed 1", "verified 0 2"]
    );
}

#[tokio::test(start_paused = true)]
async fn every_rejection_is_counted_once_by_its_code_at_every_adapter() {
    let unsigned = || event(1).without_header("x-jup-signature");
    let forged = || request(&event(1), event(2).body);
    let steps = |steps: Vec<Step>| request(&event(1), scripted(steps).0);
    let hour = Duration::from_secs(3600);
    let jupiter = || verifier(&scheme("jupiter"));
    let small = || jupiter().with_body_limit(10);
    let busy = || jupiter().with_buffer_budget(BufferBudget::new(1));
    let cases: [(&str, Verifier, Sends); 9] = [
        ("missing_signature", jupiter(), Box::new(move || request(&unsigned(), event(1).body))),
        ("signature_mismatch", jupiter(), Box::new(forged)),
        ("body_too_large", small(), Box::new(forged)),
        ("body_too_large", small(), Box::new(move || steps(vec![Step::Data(vec![0; 11])]))),
        ("body_timeout", jupiter(), Box::new(move || steps(vec![Step::Wait(hour)]))),
        ("body_incomplete", jupiter(), Box::new(move || steps(vec![Step::Fail]))),
        ("busy", busy(), Box::new(forged)),
        ("unknown_tenant", of_tenants(), Box::new(move || of_tenant("unknown"))),
        ("secrets_unavailable", of_tenants(), Box::new(move || of_tenant("hangs"))),
    ];
    for (code, verifier, request) in cases {
        for (name, app) in adapters(&verifier) {
            let recorded = Recorded::default();
            let here = recorded.here();
            let status = send(&app, request()).await;
            assert!(!status.is_success(), "{name}: {code}");
            assert_eq!(recorded.counts(), [format!("rejected {code} 1")], "{name}");
            assert!(recorded.measured().is_empty(), "{name}: {code}");
            drop(here);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_handshake_is_recorded_as_a_handshake_and_not_as_a_rejection() {
    let zoom = scheme("zoom");
    let body = r#"{"event":"endpoint.url_validation","payload":{"plainToken":"abc"}}"#;
    let asked = Delivery::with_body(&zoom, body);
    for (name, app) in adapters(&verifier(&zoom)) {
        let recorded = Recorded::default();
        let _here = recorded.here();
        assert_eq!(send(&app, request(&asked, body)).await, 200, "{name}");
        assert_eq!(recorded.counts_of("zoom", "test"), ["handshakes 1"], "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_its_handler_cannot_parse_is_counted() {
    let app = Router::new()
        .route("/", post(async |_: WebhookJson<Value>| {}))
        .with_state(verifier(&scheme("jupiter")));
    let claiming = Router::new()
        .route("/", post(async |_: Extracted<Value>| {}))
        .with_state(receiver(MemoryStore::new()));
    for (app, endpoint) in [(app, "jupiter"), (claiming, "test")] {
        let recorded = Recorded::default();
        let _here = recorded.here();
        let delivery = Delivery::with_body(&scheme("jupiter"), "nonsense");
        assert_eq!(send(&app, request(&delivery, "nonsense")).await, 400);
        assert_eq!(recorded.counts_of("jupiter", endpoint), ["malformed_json 1", "verified 0 1"]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_age_of_a_delivery_by_its_signed_time_is_measured() {
    let venum = scheme("venum");
    for (off_ms, skew) in [(1500, 1.5), (-250, -0.25)] {
        let recorded = Recorded::default();
        let _here = recorded.here();
        let late = verifier(&venum).with_clock(move || NOW_MS + off_ms);
        let delivery = Delivery::of(&venum);
        let [(_, app), ..] = adapters(&late);
        assert_eq!(send(&app, request(&delivery, delivery.body.clone())).await, 200);
        assert_eq!(recorded.values("countersign_timestamp_skew_seconds"), [skew]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_matching_secret_is_recorded_by_name_or_number_and_a_tenants_by_number() {
    let jupiter = scheme("jupiter");
    let secrets = Secrets::new(secret(1).named("new")).with_previous(secret(2));
    let rotating = verifier_of(&jupiter, secrets);
    for (verifier, number, delivery, reported) in [
        (&rotating, 1, event(1), "new"),
        (&rotating, 2, event(1), "1"),
        (&of_tenants(), 1, event(1).with_header(TENANT, "acme"), "0"),
    ] {
        let recorded = Recorded::default();
        let _here = recorded.here();
        let signed = Delivery::signed(&jupiter, secret(number), NOW_MS, &delivery.body);
        let tag = signed.header("x-jup-signature").to_vec();
        let delivery = delivery.with_header("x-jup-signature", tag);
        let [(_, app), ..] = adapters(verifier);
        assert_eq!(send(&app, request(&delivery, delivery.body.clone())).await, 200);
        assert_eq!(recorded.counts().last().unwrap(), &format!("verified {reported} 1"));
    }
}

#[tokio::test(start_paused = true)]
async fn duplicates_are_recorded_and_those_with_another_body_separately() {
    let recorded = Recorded::default();
    let _here = recorded.here();
    let adapter = webhook_layer(&receiver(MemoryStore::new()), &Handler::answering(StatusCode::OK));
    let other = Delivery::with_body(&scheme("jupiter"), r#"{"event_id":"1","amount":7}"#);
    for delivery in [event(1), event(1), other] {
        assert_eq!(adapter.deliver(&delivery).await.status, 200);
    }
    let counts = recorded.counts();
    assert_eq!(counts[..2], ["claims duplicate 2", "claims granted 1"]);
    assert!(counts.contains(&"fingerprint_mismatches 1".to_owned()), "{counts:?}");
    assert!(counts.contains(&"handlers handled 1".to_owned()), "{counts:?}");
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_another_attempt_is_measured() {
    let recorded = Recorded::default();
    let _here = recorded.here();
    let receiver = receiver(MemoryStore::new());
    let held = claim(&receiver, &event(1)).await.unwrap();
    claim(&receiver, &event(1)).await.unwrap_err();
    // A third of the time for which Jupiter waits.
    let waited = recorded.values("countersign_in_flight_wait_duration_seconds");
    let [waited] = waited[..] else { panic!("{waited:?}") };
    let third = (Duration::from_secs(5) / 3).as_secs_f64();
    // The timer of the runtime counts whole milliseconds.
    assert!((third..third + 0.002).contains(&waited), "{waited}");
    assert_eq!(recorded.counts(), ["claims granted 1", "claims in_flight 1"]);
    drop(held);
}

#[tokio::test(start_paused = true)]
async fn the_effect_of_an_unavailable_store_is_recorded() {
    for (policy, counts) in [
        (OutagePolicy::FailClosed, &["claims store_unavailable 1"][..]),
        (OutagePolicy::LocalFallback, &["claims granted 1", "degraded local_fallback 1"]),
        (OutagePolicy::FailOpen, &["claims granted 1", "degraded fail_open 1"]),
    ] {
        let recorded = Recorded::default();
        let _here = recorded.here();
        let store = FaultyStore::new(MemoryStore::new());
        store.fail_next("claim", &[Fault::NotApplied]);
        let receiver = receiver(store).with_outage_policy(policy);
        let claimed = claim(&receiver, &event(1)).await;
        assert_eq!(recorded.counts(), counts);
        drop(claimed);
    }
}

#[tokio::test(start_paused = true)]
async fn the_cause_of_an_outage_is_logged_once_and_so_is_its_end() {
    let logged = Logged::default();
    let _here = logged.here();
    let store = FaultyStore::new(MemoryStore::new());
    let receiver = receiver(store.clone());
    for _ in 0..2 {
        store.go_down();
        for _ in 0..3 {
            claim(&receiver, &event(1)).await.unwrap_err();
        }
        store.come_back();
        for number in 2..4 {
            claim(&receiver, &event(number)).await.unwrap().release().await.unwrap();
        }
    }
    let events = logged.events();
    let count = |text: &str| events.iter().filter(|event| event.contains(text)).count();
    assert_eq!(count("the idempotency store failed scheme="), 2, "{events:#?}");
    assert_eq!(count("nothing was changed: the store is down"), 2, "{events:#?}");
    assert_eq!(count("available again"), 2, "{events:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_full_store_and_an_exhausted_event_are_recorded() {
    let recorded = Recorded::default();
    let _here = recorded.here();
    let full = receiver(MemoryStore::with_capacity(1));
    let mut held = Vec::new();
    while let Ok(claim) = claim(&full, &event(held.len())).await {
        held.push(claim);
    }
    assert!(recorded.counts().contains(&"claims store_full 1".to_owned()));

    let (receiver, clock) = receiver_with_clock();
    for _ in 0..5 {
        let died = claim(&in_another_process(&receiver), &event(1)).await.unwrap();
        clock.advance(died.lease());
        std::mem::forget(died);
    }
    claim(&receiver, &event(1)).await.unwrap_err();
    let counts = recorded.counts();
    assert!(counts.contains(&"claims exhausted 1".to_owned()), "{counts:?}");
    assert!(counts.contains(&"claims reclaimed 4".to_owned()), "{counts:?}");
}

#[tokio::test(start_paused = true)]
async fn a_lost_lease_is_recorded_by_the_attempt_that_lost_it() {
    let recorded = Recorded::default();
    let _here = recorded.here();
    let (receiver, clock) = receiver_with_clock();
    let slow = claim(&receiver, &event(1)).await.unwrap();
    clock.advance(slow.lease());
    let fast = claim(&in_another_process(&receiver), &event(1)).await.unwrap();
    slow.renew().await.unwrap();
    slow.complete().await.unwrap();
    let counts = [
        "claims granted 1",
        "claims reclaimed 1",
        "late_completions 1",
        "leases_lost 1",
        "settled completed 1",
    ];
    assert_eq!(recorded.counts(), counts);
    drop(fast);
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_fails_or_hangs_is_recorded() {
    let recorded = Recorded::default();
    let _here = recorded.here();
    let store = FaultyStore::new(MemoryStore::new());
    let claimed = claim(&receiver(store.clone()), &event(1)).await.unwrap();
    store.fail_next("renew", &[Fault::Hangs, Fault::NotApplied]);
    // The first renewal is sent after a third of the lease, and has a third of it to reply.
    let work = sleep(claimed.lease() * 9 / 10);
    claimed.run_with_renewal(work, &TokioRuntime).await.unwrap();
    claimed.complete().await.unwrap();
    let counts = ["claims granted 1", "renewals_failed 2", "settled completed 1"];
    assert_eq!(recorded.counts(), counts);
}

#[tokio::test(start_paused = true)]
async fn retries_in_the_background_are_recorded() {
    let recorded = Recorded::default();
    let _here = recorded.here();
    let store = FaultyStore::new(MemoryStore::new());
    let short = receiver(store.clone()).dangerous_with_lease(Duration::ZERO);
    let short = short.dangerous_with_retention(Duration::ZERO);
    let long = receiver(store.clone());
    for receiver in [&short, &long] {
        let claimed = claim(receiver, &event("dropped")).await.unwrap();
        store.fail_next("release", &[Fault::NotApplied]);
        drop(claimed);
        tokio::spawn(receiver.settlement_task(TokioRuntime).unwrap());
        sleep(Duration::from_secs(1)).await;
        let claimed = claim(receiver, &event("completed")).await.unwrap();
        store.fail_next("complete", &[Fault::NotApplied, Fault::NotApplied]);
        claimed.complete().await.unwrap_err();
        sleep(Duration::from_secs(1)).await;
        claim(receiver, &event("released")).await.unwrap().release().await.unwrap();
    }
    let counts: Vec<_> = recorded.counts().into_iter().filter(|count| !is_claim(count)).collect();
    let expected = [
        "claim_release_retries 1",
        "claim_releases_lost 1",
        "completion_retries 1",
        "completions_lost 1",
        "settled completed 2",
        "settled dropped 2",
        "settled released 2",
    ];
    assert_eq!(counts, expected);
}

#[tokio::test(start_paused = true)]
async fn a_success_during_an_outage_is_recorded_once_the_store_has_it() {
    let recorded = Recorded::default();
    let _here = recorded.here();
    let store = FaultyStore::new(MemoryStore::new());
    let receiver = receiver(store.clone()).with_outage_policy(OutagePolicy::LocalFallback);
    store.fail_next("claim", &[Fault::NotApplied]);
    claim(&receiver, &event(1)).await.unwrap().complete().await.unwrap();
    tokio::spawn(receiver.settlement_task(TokioRuntime).unwrap());
    sleep(Duration::from_secs(1)).await;
    let counts: Vec<_> = recorded.counts().into_iter().filter(|count| !is_claim(count)).collect();
    let expected =
        ["completions_after_outage 1", "degraded local_fallback 1", "settled completed 1"];
    assert_eq!(counts, expected);
}

fn is_claim(count: &str) -> bool {
    count.starts_with("claims ")
}

#[tokio::test(start_paused = true)]
async fn the_outcome_of_a_handler_is_recorded_once_even_after_a_disconnect() {
    let failing = Handler::answering(StatusCode::INTERNAL_SERVER_ERROR);
    let panics = || -> StatusCode { panic!("intended panic") };
    let panicking = Handler::new(move |_, _| async move { panics() });
    let panicking_later = Handler::new(move |_, _| async move {
        sleep(Duration::from_secs(1)).await;
        panics()
    });
    let late = Handler::new(|_, _| sleep(Duration::from_secs(10)));
    for (handler, counts) in [
        (failing, &["handlers handler_failed 1", "settled released 1"][..]),
        (panicking, &["claim_release_retries 1", "handlers handler_failed 1", "settled dropped 1"]),
        (
            panicking_later,
            &["claim_release_retries 1", "handlers handler_failed 1", "settled dropped 1"],
        ),
        (late, &["handler_timeouts 1", "handlers handled 1", "settled completed 1"]),
    ] {
        let recorded = Recorded::default();
        let _here = recorded.here();
        let adapter = webhook_layer(&receiver(MemoryStore::new()), &handler);
        adapter.deliver(&event(1)).await;
        sleep(Duration::from_secs(60)).await;
        let mut after_claim = recorded.counts();
        after_claim.retain(|count| count != "claims granted 1" && !count.starts_with("verified "));
        assert_eq!(after_claim, *counts);
        assert_eq!(recorded.values("countersign_handler_duration_seconds").len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_is_stopped_with_its_request_is_recorded() {
    let recorded = Recorded::default();
    let _here = recorded.here();
    let verify = VerifyLayer::new(verifier(&scheme("jupiter")));
    let app = Router::new().route("/", post(pending::<()>)).layer(verify);
    let left = timeout(Duration::from_secs(1), send(&app, request(&event(1), event(1).body)));
    assert!(left.await.is_err());
    assert_eq!(
        recorded.counts_of("jupiter", "jupiter"),
        ["handlers handler_stopped 1", "verified 0 1"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_sender_that_disconnects_before_its_body_arrives_is_not_recorded() {
    for (name, app) in adapters(&verifier(&scheme("jupiter"))) {
        let recorded = Recorded::default();
        let _here = recorded.here();
        let waits = scripted([Step::Wait(Duration::from_secs(3600))]).0;
        let left = timeout(Duration::from_millis(1), send(&app, request(&event(1), waits)));
        assert!(left.await.is_err(), "{name}");
        assert!(recorded.counts().is_empty(), "{name}");
    }
}

#[test]
fn the_standalone_call_records_nothing() {
    let (recorded, logged) = (Recorded::default(), Logged::default());
    let (_recorded, _logged) = (recorded.here(), logged.here());
    let verifier = verifier(&scheme("jupiter"));
    event(1).verify(&verifier).unwrap();
    event(1).with_header("x-jup-signature", "00").verify(&verifier).unwrap_err();
    assert_eq!((recorded.keys().len(), logged.text()), (0, String::new()));
}

#[test]
fn every_metric_is_described_with_the_unit_of_its_name() {
    let recorded = Recorded::default();
    {
        let _here = recorded.here();
        describe_metrics();
    }
    let described = recorded.descriptions();
    assert_eq!(described.len(), METRICS.len());
    for metric in METRICS {
        let (unit, text) = &described[metric.name];
        let expected = match metric.kind {
            MetricKind::Counter => (Unit::Count, "_total"),
            _ if metric.name.ends_with("_bytes") => (Unit::Bytes, "_bytes"),
            _ => (Unit::Seconds, "_seconds"),
        };
        assert_eq!((unit.unwrap(), text.as_str()), (expected.0, metric.help), "{metric:?}");
        assert!(metric.name.starts_with("countersign_"), "{metric:?}");
        assert!(metric.name.ends_with(expected.1), "{metric:?}");
    }
}

#[test]
fn every_metric_is_asserted_by_a_test_of_this_file() {
    let tests = include_str!("telemetry.rs");
    for metric in METRICS {
        let short = metric.name.strip_prefix("countersign_").unwrap();
        let short = short.strip_suffix("_total").unwrap_or(short);
        let awaited = [format!("\"{short} "), format!("\"{}", metric.name)];
        assert!(awaited.iter().any(|text| tests.contains(text)), "{}", metric.name);
    }
}

#[tokio::test(start_paused = true)]
async fn senders_cannot_choose_label_values() {
    let recorded = Recorded::default();
    let _here = recorded.here();
    for (_, app) in adapters(&of_tenants()) {
        for tenant in ["acme", "unknown", "hangs"] {
            send(&app, of_tenant(tenant)).await;
        }
    }
    let known: BTreeSet<&str> = BTreeSet::from(["code", "endpoint", "scheme", "secret"]);
    for key in recorded.keys() {
        let metric = METRICS.iter().find(|metric| metric.name == key.name()).unwrap();
        let labels: Vec<_> = key.labels().map(|label| label.key()).collect();
        assert_eq!(labels, metric.labels);
        assert!(labels.iter().all(|label| known.contains(label)), "{key}");
        for word in ["acme", "unknown ", "hangs", "evt_1", "thing.made"] {
            assert!(key.labels().all(|label| !label.value().contains(word)), "{key}");
        }
    }
}

/// Makes a request, a new one for each adapter.
type Sends = Box<dyn Fn() -> Request<Body>>;

/// Every tower and axum adapter, with a handler that responds with 200.
fn adapters(verifier: &Verifier) -> [(&'static str, Router); 4] {
    let verifier = verifier.clone().with_endpoint("test");
    let receiver = receiver_with(verifier.clone(), MemoryStore::new());
    let claimed = async |ClaimedWebhook { claim, .. }: ClaimedWebhook| drop(claim.complete().await);
    let answering = || Router::new().route("/", post(async || {}));
    [
        ("verify layer", answering().layer(VerifyLayer::new(verifier.clone()))),
        ("webhook layer", answering().layer(WebhookLayer::new(receiver.clone()))),
        (
            "webhook extractor",
            Router::new().route("/", post(async |_: Webhook| {})).with_state(verifier),
        ),
        ("claimed extractor", Router::new().route("/", post(claimed)).with_state(receiver)),
    ]
}

async fn send(app: &Router, request: Request<Body>) -> StatusCode {
    app.clone().oneshot(request).await.unwrap().status()
}

fn receiver_with_clock() -> (Receiver<MemoryStore>, ManualClock) {
    let clock = ManualClock::at_unix_ms(NOW_MS);
    (receiver(MemoryStore::new().with_clock(clock.clone())), clock)
}

/// A process does not give up what it holds itself.
fn in_another_process(receiver: &Receiver<MemoryStore>) -> Receiver<MemoryStore> {
    self::receiver(receiver.store().clone())
}

fn of_tenants() -> Verifier {
    let tenants = Tenants::new(TenantId::header(TENANT).unwrap(), async |tenant: String| {
        match tenant.as_str() {
            "acme" => Ok(Some(secret(1).named(tenant).into())),
            "hangs" => pending().await,
            _ => Ok(None),
        }
    });
    Verifier::for_tenants(scheme("jupiter"), tenants).unwrap()
}

fn of_tenant(tenant: &str) -> Request<Body> {
    let delivery = Delivery::of(&scheme("jupiter")).with_header(TENANT, tenant);
    request(&delivery, BODY)
}

const TENANT: &str = "x-tenant";
