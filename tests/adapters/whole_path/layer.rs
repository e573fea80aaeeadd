//! Tests of the tower layer alone: the handler's task, deadline and lease, and
//! errors of the inner service.

use std::convert::Infallible;
use std::future::{Ready, pending, ready};
use std::io::Write;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::Response;
use countersign::scheme::BodyView;
use countersign::store::IdempotencyStore;
use countersign::tower::WebhookLayer;
use countersign::{
    BufferBudget, EarlyResponse, Endpoint, EventKey, Grant, MemoryStore, Receiver, Scheme,
    Verified, VerifyError,
};
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderName};
use http::{Request, StatusCode};
use http_body_util::Full;
use tokio::time::{Instant, sleep, timeout};
use tower::{Service, ServiceBuilder, ServiceExt};

use super::events::{event, receiver, receiver_with};
use super::gated;
use crate::adapters::scripted::{Step, scripted};
use crate::harness::axum::{behind, deliver, webhook_layer};
use crate::harness::{Handler, request};
use fixtures::delivery::{BODY, Delivery, NOW_MS, scheme, secret_text, verifier};
use fixtures::faulty_store::{Fault, FaultyStore};

#[tokio::test(start_paused = true)]
async fn a_panicking_handler_is_answered_500_and_releases_the_event() {
    let handler = Handler::new(|_, grant| async move {
        assert!(grant.attempt > 1, "intended panic of the first attempt");
    });
    let adapter = webhook_layer(&receiver(MemoryStore::new()), &handler);
    let panicked = adapter.deliver(&event(1)).await;
    assert_eq!(panicked.answer(), (500, Some("handler_failed")));
    assert_eq!(panicked.proved.as_deref(), Some("1"));
    assert_eq!(adapter.deliver(&event(1)).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_panics_in_call_releases_the_event_too() {
    let calls = Arc::new(AtomicU32::new(0));
    let app = ServiceBuilder::new().layer(WebhookLayer::new(receiver(MemoryStore::new())));
    let app = app.service_fn(move |_: Request<Full<Bytes>>| {
        let earlier = calls.fetch_add(1, Ordering::SeqCst);
        assert!(earlier > 0, "intended panic of the first call");
        ready(Ok::<_, Infallible>(Response::new(String::new())))
    });
    let panicked = app.clone().oneshot(request(&event(1), event(1).body)).await.unwrap();
    assert_eq!(panicked.status(), 500);
    let again = app.oneshot(request(&event(1), event(1).body)).await.unwrap();
    assert_eq!((again.status(), code(&again)), (StatusCode::OK, None));
}

#[tokio::test(start_paused = true)]
async fn a_handler_past_its_deadline_is_answered_503_and_still_completes_its_event() {
    let (handler, mut gate) = gated();
    let layer = WebhookLayer::new(receiver(MemoryStore::new()));
    let app = behind(&layer, &handler);
    let began = Instant::now();
    let late = deliver(&app, &event(1)).await;
    assert_eq!(late.answer(), (503, Some("handler_timeout")));
    assert_eq!(late.proved.as_deref(), Some("1"));
    // Jupiter waits for 5 s, and part of that is for sending the response.
    let after = began.elapsed().as_millis();
    assert!((4400..4600).contains(&after), "{after} ms");

    gate.open();
    layer.drain().await;
    assert_eq!(deliver(&app, &event(1)).await.answer(), (200, Some("duplicate")));
    assert_eq!(handler.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_slow_body_leaves_its_handler_less_time() {
    let (handler, _gate) = gated();
    let app = behind(&WebhookLayer::new(receiver(MemoryStore::new())), &handler);
    let began = Instant::now();
    let (body, _) = scripted([Step::Wait(Duration::from_secs(1)), Step::Data(event(1).body)]);
    let late = app.oneshot(request(&event(1), body)).await.unwrap();
    assert_eq!(code(&late), Some("handler_timeout"));
    let after = began.elapsed().as_millis();
    assert!((4400..4600).contains(&after), "{after} ms");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_never_answers_a_claim_is_answered_503_at_the_deadline() {
    let store = FaultyStore::new(MemoryStore::new());
    store.fail_next("claim", &[Fault::Hangs]);
    let handler = Handler::answering(());
    let hangs = webhook_layer(&receiver(store), &handler).deliver(&event(1)).await;
    assert_eq!((hangs.answer().0, handler.calls()), (503, 0));
}

#[tokio::test(start_paused = true)]
async fn the_delivery_and_the_early_response_are_in_the_response_extensions() {
    let adapter = webhook_layer(&receiver(MemoryStore::new()), &Handler::answering(()));
    let handled = adapter.deliver(&event("evt_1")).await;
    assert_eq!((handled.code, handled.proved.as_deref()), (None, Some("evt_1")));
    let duplicate = adapter.deliver(&event("evt_1")).await;
    assert_eq!((duplicate.code, duplicate.proved.as_deref()), (Some("duplicate"), Some("evt_1")));
    let rejected = adapter.deliver(&event(1).without_header("x-jup-signature")).await;
    assert_eq!((rejected.code, rejected.proved), (Some("missing_signature"), None));

    let forged = event(1).without_header("x-jup-signature");
    let rejected = adapter.app.oneshot(request(&forged, Body::empty())).await.unwrap();
    assert_eq!(
        rejected.extensions().get::<VerifyError>().map(VerifyError::code),
        Some("missing_signature"),
    );
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_service_is_passed_on_and_releases_the_event() {
    #[derive(Debug, PartialEq)]
    struct Broken;

    let service = ServiceBuilder::new()
        .layer(WebhookLayer::new(receiver(MemoryStore::new())))
        .service_fn(|request: Request<Full<Bytes>>| {
            let grant = request.extensions().get::<Grant>().copied().unwrap();
            ready(match grant.attempt {
                1 => Err(Broken),
                _ => Ok(Response::new(String::new())),
            })
        });
    let answer = service.clone().oneshot(request(&event(1), event(1).body)).await;
    assert_eq!(answer.err(), Some(Broken));
    let answer = service.oneshot(request(&event(1), event(1).body)).await.unwrap();
    assert_eq!((answer.status(), code(&answer)), (StatusCode::OK, None));
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_renewed_while_its_handler_runs() {
    // A lease lasts for 30 s.
    let receiver = patient(FaultyStore::new(with_tokio_clock()));
    let handler = slow(Duration::from_secs(600));
    let app = behind(&WebhookLayer::new(receiver.clone()), &handler);
    // Renewals start early enough for one of them to fail.
    receiver.store().fail_next("renew", &[Fault::NotApplied]);
    let slow = tokio::spawn({
        let app = app.clone();
        async move { deliver(&app, &event(1)).await }
    });
    for _ in 0..5 {
        sleep(Duration::from_secs(100)).await;
        assert_eq!(deliver(&app, &event(1)).await.code, Some("in_flight"));
    }
    assert_eq!(slow.await.unwrap().status, 200);
    assert_eq!(deliver(&app, &event(1)).await.code, Some("duplicate"));
    assert_eq!(handler.calls(), 1);
    let counters = receiver.counters();
    assert_eq!((counters.leases_lost, counters.late_completions), (0, 0));
    assert!((50..=60).contains(&receiver.store().asked_of("renew")));
}

#[tokio::test(start_paused = true)]
async fn a_lost_lease_is_not_renewed_and_its_handler_still_finishes() {
    let receiver = patient(FaultyStore::new(with_tokio_clock()));
    let app = behind(&WebhookLayer::new(receiver.clone()), &slow(Duration::from_secs(600)));
    let slow = tokio::spawn({
        let app = app.clone();
        async move { deliver(&app, &event(1)).await }
    });
    sleep(Duration::from_secs(1)).await;
    let verified = event(1).verify(receiver.verifier()).unwrap();
    let key = EventKey::of(&verified, &Endpoint::new("test"));
    assert!(receiver.store().forget(&key).await.unwrap());
    assert_eq!(slow.await.unwrap().status, 200);
    let counters = receiver.counters();
    // The store has forgotten the event, and no other attempt handled it.
    assert_eq!((counters.leases_lost, counters.late_completions), (1, 0));
    assert_eq!(receiver.store().asked_of("renew"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_success_is_answered_as_one_while_its_record_cannot_be_written() {
    for fault in [Fault::NotApplied, Fault::ReplyLost] {
        let store = FaultyStore::new(MemoryStore::new());
        let receiver = receiver(store.clone());
        let handler = Handler::answering((StatusCode::CREATED, "done"));
        let adapter = webhook_layer(&receiver, &handler);
        store.fail_next("complete", &[fault, fault]);
        let handled = adapter.deliver(&event(1)).await;
        assert_eq!((handled.status, handled.code), (201, None), "{fault:?}");
        assert_eq!(handled.body, "done", "{fault:?}");

        // The completion is written a moment later, and the event is in flight
        // until then.
        assert_eq!(adapter.deliver(&event(1)).await.code, Some("duplicate"), "{fault:?}");
        sleep(Duration::from_secs(1)).await;
        assert_eq!(receiver.counters().completions_retried, 1, "{fault:?}");
        assert_eq!(handler.calls(), 1, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_success_is_answered_as_one_while_the_store_hangs() {
    let store = FaultyStore::new(MemoryStore::new());
    store.fail_next("complete", &[Fault::Hangs]);
    let adapter =
        webhook_layer(&receiver(store), &Handler::answering((StatusCode::CREATED, "done")));
    let began = Instant::now();
    let handled = adapter.deliver(&event(1)).await;
    assert_eq!((handled.status, handled.code, &handled.body[..]), (201, None, &b"done"[..]));
    assert_eq!(handled.proved.as_deref(), Some("1"));
    assert!(began.elapsed() < Duration::from_secs(5), "after the sender's deadline");
}

#[tokio::test(start_paused = true)]
async fn a_body_frees_its_budget_before_its_success_is_recorded() {
    let budget = BufferBudget::new(1 << 20);
    let verifier = verifier(&scheme("jupiter")).with_buffer_budget(budget.clone());
    let store = FaultyStore::new(MemoryStore::new());
    let receiver = receiver_with(verifier, store.clone());
    let (handler, mut gate) = gated();
    let app = webhook_layer(&receiver, &handler).app;
    store.fail_next("complete", &[Fault::Hangs]);
    let handled = tokio::spawn(async move { deliver(&app, &event(1)).await });
    gate.wait_until_called().await;
    assert!(budget.used() > 0);
    gate.open();
    sleep(Duration::from_secs(1)).await;
    assert_eq!((store.asked_of("complete"), handled.is_finished()), (1, false));
    assert_eq!(budget.used(), 0);
    assert_eq!(handled.await.unwrap().status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_hanging_store_does_not_delay_a_drain() {
    let store = FaultyStore::new(MemoryStore::new());
    for (status, step) in [(200, "complete"), (500, "release")] {
        let handler = Handler::answering(StatusCode::from_u16(status).unwrap());
        let layer = WebhookLayer::new(receiver(store.clone()));
        store.fail_next(step, &[Fault::Hangs]);
        assert_eq!(deliver(&behind(&layer, &handler), &event(status)).await.status, status);
        timeout(Duration::from_secs(5), layer.drain()).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn encoding_headers_are_removed_with_a_decoded_body() {
    let decoded = Scheme::builder("decoded")
        .signature_header("x-signature")
        .signed_payload("{body}")
        .body_view(BodyView::Decoded)
        .build()
        .unwrap();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(BODY.as_bytes()).unwrap();
    let gzip = encoder.finish().unwrap();
    let delivery = Delivery::of(&decoded)
        .with_header("content-encoding", "gzip")
        .with_header("content-length", gzip.len().to_string());
    let (headers, body) = received_by_service(&decoded, &delivery, gzip).await;
    assert_eq!(body, BODY);
    assert_eq!(headers, [None, None]);

    let jupiter = scheme("jupiter");
    let length = BODY.len().to_string();
    let delivery = Delivery::of(&jupiter).with_header("content-length", &length);
    let (headers, body) = received_by_service(&jupiter, &delivery, BODY.into()).await;
    assert_eq!((body, headers), (Bytes::from(BODY), [None, Some(length)]));
}

#[tokio::test]
async fn the_service_that_was_polled_ready_is_the_one_that_is_called() {
    let layer = WebhookLayer::new(receiver(MemoryStore::new()));
    let bare = ServiceBuilder::new().layer(layer.clone()).service(NeedsReadiness::default());
    answers_in_turn(bare, 1).await;
    let limited = ServiceBuilder::new().layer(layer.clone()).concurrency_limit(1);
    answers_in_turn(limited.service(NeedsReadiness::default()), 2).await;
    let buffered = ServiceBuilder::new().layer(layer.clone()).buffer(1);
    answers_in_turn(buffered.service(NeedsReadiness::default()), 3).await;
    let shed = ServiceBuilder::new().layer(layer).load_shed();
    answers_in_turn(shed.service(NeedsReadiness::default()), 4).await;
}

#[tokio::test(start_paused = true)]
async fn no_setting_makes_it_panic_or_spin() {
    for extreme in [Duration::ZERO, Duration::MAX] {
        let verifier = verifier(&scheme("jupiter")).with_body_timeout(extreme);
        let receiver = receiver_with(verifier, MemoryStore::new()).with_lease(extreme);
        let layer = WebhookLayer::new(receiver);
        let handled = deliver(&behind(&layer, &slow(Duration::from_secs(1))), &event(1)).await;
        assert_eq!(handled.status, 200, "lease and body timeout of {extreme:?}");
    }
    let hasty = receiver(MemoryStore::new()).with_ack_deadline(Duration::ZERO);
    let handler = Handler::new(|_, _| pending::<()>());
    assert_eq!(
        webhook_layer(&hasty, &handler).deliver(&event(1)).await.code,
        Some("handler_timeout")
    );
    let patient = receiver(MemoryStore::new()).with_ack_deadline(Duration::MAX);
    let handler = slow(Duration::from_secs(86_400));
    assert_eq!(webhook_layer(&patient, &handler).deliver(&event(1)).await.status, 200);
}

#[test]
fn debug_output_shows_no_secret() {
    let layer = WebhookLayer::new(receiver(MemoryStore::new()));
    let service = ServiceBuilder::new().layer(layer.clone()).service(NeedsReadiness::default());
    let shown = format!("{layer:?} {service:?}");
    assert!(shown.contains("jupiter"));
    assert!(!shown.contains(&secret_text(1)));
}

/// A receiver whose handlers have an hour.
fn patient<S: IdempotencyStore>(store: S) -> Receiver<S> {
    receiver(store).with_ack_deadline(Duration::from_secs(3600))
}

fn slow(takes: Duration) -> Handler {
    Handler::new(move |_, _| sleep(takes))
}

/// A store with a fixed clock, which is advanced together with the runtime's
/// time.
fn with_tokio_clock() -> MemoryStore {
    let start = Instant::now();
    MemoryStore::new()
        .with_clock(move || NOW_MS + i64::try_from(start.elapsed().as_millis()).unwrap())
}

/// The body and its headers, as the inner service receives them.
async fn received_by_service(
    scheme: &Scheme,
    delivery: &Delivery,
    body: Vec<u8>,
) -> ([Option<String>; 2], Bytes) {
    let receiver = receiver_with(verifier(scheme), MemoryStore::new());
    let arrived = Arc::new(Mutex::new(None));
    let keep = Arc::clone(&arrived);
    let service = ServiceBuilder::new().layer(WebhookLayer::new(receiver)).service_fn(
        move |request: Request<Full<Bytes>>| {
            let (parts, body) = request.into_parts();
            let text = |name: HeaderName| {
                parts.headers.get(name).map(|value| value.to_str().unwrap().to_owned())
            };
            let headers = [text(CONTENT_ENCODING), text(CONTENT_LENGTH)];
            *keep.lock().unwrap() = Some((headers, body));
            ready(Ok::<_, Infallible>(Response::new(String::new())))
        },
    );
    assert_eq!(service.oneshot(request(delivery, body)).await.unwrap().status(), 200);
    let (headers, body) = arrived.lock().unwrap().take().unwrap();
    let body = axum::body::to_bytes(Body::new(body), usize::MAX).await.unwrap();
    (headers, body)
}

/// Calls a service as a server would: one call after another, and on clones.
async fn answers_in_turn<S, B>(mut service: S, round: u32)
where
    S: Service<Request<Body>, Response = Response<B>> + Clone,
    S::Error: std::fmt::Debug,
{
    for turn in 0..3 {
        let delivery = event(format_args!("{round}-{turn}"));
        let sent = || request(&delivery, delivery.body.clone());
        let first = service.ready().await.unwrap().call(sent()).await.unwrap();
        assert_eq!((first.status(), code(&first)), (StatusCode::OK, None));
        let again = service.clone().oneshot(sent()).await.unwrap();
        assert_eq!(code(&again), Some("duplicate"));
    }
}

fn code<B>(response: &Response<B>) -> Option<&'static str> {
    response.extensions().get::<EarlyResponse>().map(EarlyResponse::code)
}

/// Panics if it is called before `poll_ready` has returned `Ready`. Each clone
/// needs its own `poll_ready`.
#[derive(Debug, Default)]
struct NeedsReadiness {
    ready: bool,
}

impl Clone for NeedsReadiness {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Service<Request<Full<Bytes>>> for NeedsReadiness {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = Ready<Result<Response<String>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        assert!(std::mem::take(&mut self.ready), "called without having been polled ready");
        assert!(request.extensions().get::<Verified>().is_some());
        assert!(request.extensions().get::<Grant>().is_some());
        ready(Ok(Response::new(String::new())))
    }
}
