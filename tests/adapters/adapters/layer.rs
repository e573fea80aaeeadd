//! Tests of the tower layer alone: how it calls the inner service.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::post;
use countersign::tower::VerifyLayer;
use countersign::{BufferBudget, Verified};
use http::Request;
use http_body_util::Full;
use tower::{BoxError, Service, ServiceBuilder, ServiceExt};

use super::scripted::{Step, scripted};
use crate::harness::axum::verify_layer;
use crate::harness::{Handler, request};
use fixtures::delivery::{BODY, Delivery, scheme, secret_text, verifier};

#[tokio::test]
async fn the_service_that_was_polled_ready_is_the_one_that_is_called() {
    let jupiter = scheme("jupiter");
    let verify = VerifyLayer::new(verifier(&jupiter));
    let genuine = Delivery::of(&jupiter);
    let forged = genuine.clone().without_header("x-jup-signature");

    let mut bare = with_verify_layer(&verify, NeedsReadiness::default());
    answers(&mut bare, &genuine, &forged).await;

    let limited = ServiceBuilder::new().concurrency_limit(1).service(NeedsReadiness::default());
    answers(&mut with_verify_layer(&verify, limited), &genuine, &forged).await;

    let buffered = ServiceBuilder::new().buffer(1).service(NeedsReadiness::default());
    answers(&mut with_verify_layer(&verify, buffered), &genuine, &forged).await;

    let shed = ServiceBuilder::new().load_shed().service(NeedsReadiness::default());
    answers(&mut with_verify_layer(&verify, shed), &genuine, &forged).await;
}

#[tokio::test]
async fn it_works_with_concurrency_limit_buffer_and_load_shed() {
    let jupiter = scheme("jupiter");
    let genuine = Delivery::of(&jupiter);
    let forged = genuine.clone().without_header("x-jup-signature");
    let mut service = ServiceBuilder::new()
        .load_shed()
        .buffer(1)
        .concurrency_limit(1)
        .layer(VerifyLayer::new(verifier(&jupiter)))
        .service(NeedsReadiness::default());
    answers(&mut service, &genuine, &forged).await;
}

#[tokio::test(start_paused = true)]
async fn a_rejected_request_frees_its_permit_of_the_service() {
    let jupiter = scheme("jupiter");
    let forged = Delivery::of(&jupiter).without_header("x-jup-signature");
    let limited = ServiceBuilder::new().concurrency_limit(1).service(NeedsReadiness::default());
    let mut first = with_verify_layer(&VerifyLayer::new(verifier(&jupiter)), limited);
    let mut second = first.clone();

    let rejected = ready_to_take(&mut first).await.call(request(&forged, BODY)).await.unwrap();
    assert_eq!(rejected.status(), 401);

    tokio::time::timeout(Duration::from_secs(1), ready_to_take(&mut second)).await.unwrap();
}

#[tokio::test]
async fn an_error_of_the_service_is_passed_on_unchanged() {
    #[derive(Debug, PartialEq)]
    struct Broken;

    let jupiter = scheme("jupiter");
    let service = ServiceBuilder::new()
        .layer(VerifyLayer::new(verifier(&jupiter)))
        .service_fn(|_: Request<Full<Bytes>>| ready(Err::<Response<String>, _>(Broken)));
    let answer = service.oneshot(request(&Delivery::of(&jupiter), BODY)).await;
    assert_eq!(answer.unwrap_err(), Broken);
}

#[tokio::test]
async fn the_rest_of_the_request_reaches_the_service_unchanged() {
    let jupiter = scheme("jupiter");
    let service = ServiceBuilder::new().layer(VerifyLayer::new(verifier(&jupiter))).service_fn(
        |request: Request<Full<Bytes>>| {
            let (parts, _) = request.into_parts();
            ready(Ok::<_, Infallible>(Response::new(format!("{parts:?}"))))
        },
    );
    let mut sent = request(&Delivery::of(&jupiter), BODY);
    *sent.method_mut() = http::Method::PUT;
    *sent.uri_mut() = "/hooks?tenant=7".parse().unwrap();
    sent.headers_mut().append("x-other", "1".parse().unwrap());
    sent.headers_mut().append("x-other", "2".parse().unwrap());
    let (parts, body) = sent.into_parts();
    let expected = format!("{parts:?}");
    let answer = service.oneshot(Request::from_parts(parts, body)).await.unwrap();
    assert_eq!(answer.into_body().into_inner(), Some(expected));
}

#[tokio::test]
async fn a_body_of_one_piece_is_not_copied() {
    let jupiter = scheme("jupiter");
    let sent = Bytes::from(BODY);
    let service = ServiceBuilder::new().layer(VerifyLayer::new(verifier(&jupiter))).service_fn(
        |request: Request<Full<Bytes>>| {
            let verified = request.extensions().get::<Verified>().cloned();
            ready(Ok::<_, Infallible>(Response::new(verified)))
        },
    );
    let answer = service.oneshot(request(&Delivery::of(&jupiter), sent.clone())).await.unwrap();
    assert_eq!(answer.into_body().into_inner().flatten().unwrap().body().as_ptr(), sent.as_ptr());
}

#[tokio::test(start_paused = true)]
async fn the_body_timeout_can_be_set() {
    let jupiter = scheme("jupiter");
    let delivery = Delivery::of(&jupiter);
    let verifier = verifier(&jupiter).with_min_body_rate(0);
    let verifier = verifier.with_body_timeout(Duration::from_secs(20));
    let adapter = verify_layer(VerifyLayer::new(verifier), &Handler::echo());
    for (pause, status) in [(19, 200), (21, 408)] {
        let pause = Duration::from_secs(pause);
        let (body, _) = scripted([Step::Wait(pause), Step::Data(BODY.into())]);
        assert_eq!(adapter.answer(request(&delivery, body)).await.status, status);
    }
}

#[tokio::test(start_paused = true)]
async fn a_long_timeout_still_requires_the_minimum_body_rate() {
    let jupiter = scheme("jupiter");
    let body = vec![b' '; 20_000];
    let delivery = Delivery::with_body(&jupiter, &body);
    let verifier = verifier(&jupiter).with_body_timeout(Duration::from_secs(3600));
    let adapter = verify_layer(VerifyLayer::new(verifier), &Handler::echo());
    for (bytes_a_second, status) in [(2_000, 200), (500, 408)] {
        let pieces = body
            .chunks(bytes_a_second)
            .flat_map(|piece| [Step::Wait(Duration::from_secs(1)), Step::Data(piece.to_vec())]);
        let (sent, _) = scripted(pieces);
        assert_eq!(adapter.answer(request(&delivery, sent)).await.status, status);
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_above_the_shared_budget_is_rejected_and_can_be_retried() {
    let jupiter = scheme("jupiter");
    // Enough for one request.
    let budget = BufferBudget::new(8 * 1024);
    let verify = VerifyLayer::new(verifier(&jupiter).with_buffer_budget(budget.clone()));
    let adapter = verify_layer(verify, &Handler::echo());
    let delivery = Delivery::of(&jupiter);
    let (going_on, _) = scripted([Step::Data(BODY.into()), Step::Wait(Duration::from_secs(1))]);
    let mut first = Box::pin(adapter.answer(request(&delivery, going_on)));
    let mut context = Context::from_waker(Waker::noop());
    assert!(first.as_mut().poll(&mut context).is_pending());
    assert!(budget.used() > 4 * 1024 + BODY.len());

    let second = adapter.answer(request(&delivery, BODY)).await;
    assert_eq!((second.status, second.code), (503, Some("busy")));

    // The client disconnects.
    drop(first);
    assert_eq!(budget.used(), 0);
    assert_eq!(adapter.answer(request(&delivery, BODY)).await.status, 200);
    assert_eq!(budget.used(), 0);
}

#[tokio::test]
async fn a_middleware_that_requires_axums_body_works_after_a_conversion() {
    async fn passes_on(request: Request<Body>, next: Next) -> Response {
        next.run(request).await
    }

    let jupiter = scheme("jupiter");
    let app = Router::new().route("/", post(|body: Bytes| async { body })).layer(
        ServiceBuilder::new()
            .layer(VerifyLayer::new(verifier(&jupiter)))
            .map_request(|request: Request<Full<Bytes>>| request.map(Body::new))
            .layer(from_fn(passes_on)),
    );
    let answer = app.oneshot(request(&Delivery::of(&jupiter), BODY)).await.unwrap();
    assert_eq!(answer.status(), 200);
}

#[test]
fn debug_output_shows_no_secret() {
    let layer = VerifyLayer::new(verifier(&scheme("jupiter")));
    let service = with_verify_layer(&layer, NeedsReadiness::default());
    let shown = format!("{layer:?} {service:?}");
    assert!(shown.contains("jupiter"));
    assert!(!shown.contains(&secret_text(1)));
}

fn with_verify_layer<S>(layer: &VerifyLayer, service: S) -> countersign::tower::VerifyService<S> {
    ServiceBuilder::new().layer(layer.clone()).service(service)
}

/// Calls a service several times, as a server would: one call after another,
/// and on clones.
async fn answers<S, B>(service: &mut S, genuine: &Delivery, forged: &Delivery)
where
    S: Service<Request<Body>, Response = Response<B>> + Clone,
    S::Error: Into<BoxError>,
{
    for (delivery, status) in [(genuine, 200), (forged, 401), (genuine, 200), (genuine, 200)] {
        let answer = ready_to_take(service)
            .await
            .call(request(delivery, BODY))
            .await
            .map_err(Into::into)
            .unwrap();
        assert_eq!(answer.status(), status);

        let answer = service.clone().oneshot(request(delivery, BODY)).await;
        assert_eq!(answer.map_err(Into::into).unwrap().status(), status);
    }
}

async fn ready_to_take<S>(service: &mut S) -> &mut S
where
    S: Service<Request<Body>>,
    S::Error: Into<BoxError>,
{
    service.ready().await.map_err(Into::into).unwrap()
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
        ready(Ok(Response::new(String::new())))
    }
}
