//! Limited resources of the inner service, such as permits, are used only for
//! deliveries that are verified and claimed.

use std::cell::Cell;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use actix_web::dev::{self, ServiceRequest, ServiceResponse, Transform};
use actix_web::{Error, HttpResponse};
use axum::body::Body;
use bytes::Bytes;
use countersign::MemoryStore;
use countersign::actix::{VerifyMiddleware, WebhookMiddleware};
use countersign::tower::{ResponseBody, VerifyLayer, WebhookLayer};
use http::{Request, Response};
use http_body_util::Full;
use tokio::sync::Semaphore;
use tower::util::BoxCloneService;
use tower::{ServiceBuilder, ServiceExt};

use crate::adapters::scripted::{Step, scripted};
use crate::harness::request;
use crate::whole_path::events::{event, receiver};
use fixtures::delivery::Delivery;

type App = BoxCloneService<Request<Body>, u16, Infallible>;

#[tokio::test(start_paused = true)]
async fn forged_bodies_that_stall_take_no_permit_of_a_limit_behind_a_layer() {
    for app in [verify(|_| async {}), webhook(|_| async {})] {
        let mut stalled = Vec::new();
        for _ in 0..8 {
            let mut answer = Box::pin(app.clone().oneshot(request(&event(1), stalls())));
            assert!(answer.as_mut().poll(&mut noop()).is_pending());
            stalled.push(answer);
        }
        assert_eq!(app.clone().oneshot(genuine("1")).await, Ok(200));
        for answer in stalled {
            assert_eq!(answer.await, Ok(408));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_duplicate_needs_no_permit_of_a_limit_behind_a_layer() {
    let way_out: &Semaphore = Box::leak(Box::new(Semaphore::new(1)));
    let app = webhook(|_| async { way_out.acquire().await.unwrap().forget() });
    assert_eq!(app.clone().oneshot(genuine("1")).await, Ok(200));
    // Takes the only permit, and keeps it.
    let mut second = Box::pin(app.clone().oneshot(genuine("2")));
    assert!(second.as_mut().poll(&mut noop()).is_pending());
    assert_eq!(app.clone().oneshot(genuine("1")).await, Ok(200));
    // The next event waits for the permit, and is handled then.
    let mut third = Box::pin(app.clone().oneshot(genuine("3")));
    assert!(third.as_mut().poll(&mut noop()).is_pending());
    way_out.add_permits(2);
    assert_eq!((second.await, third.await), (Ok(200), Ok(200)));
}

#[tokio::test]
async fn an_actix_service_is_polled_for_readiness_only_for_verified_deliveries() {
    let verify = |service| async {
        let verifier = receiver(MemoryStore::new()).verifier().clone();
        let middleware = VerifyMiddleware::new(verifier);
        readiness_asked(&middleware.new_transform(service).await.unwrap()).await;
    };
    let webhook = |service| async {
        let middleware = WebhookMiddleware::new(receiver(MemoryStore::new()));
        readiness_asked(&middleware.new_transform(service).await.unwrap()).await;
    };
    let local = tokio::task::LocalSet::new();
    local
        .run_until(async {
            let asked = Counted::default();
            verify(asked.clone()).await;
            assert_eq!((asked.ready.get(), asked.called.get()), (1, 1));
            let asked = Counted::default();
            webhook(asked.clone()).await;
            assert_eq!((asked.ready.get(), asked.called.get()), (1, 1));
        })
        .await;
}

/// Sends a forged delivery, which is rejected, and a genuine one, which is not.
async fn readiness_asked<S, B>(service: &S)
where
    S: dev::Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    let forged = Delivery { body: b"{}".to_vec(), ..event(1) };
    for (delivery, status) in [(forged, 401), (event(1), 200)] {
        assert!(service.poll_ready(&mut noop()).is_ready());
        let request = crate::actix::app::request(&delivery).set_payload(delivery.body);
        let answer = service.call(request.to_srv_request()).await.unwrap();
        assert_eq!(answer.status(), status);
    }
}

/// An actix-web service that counts its calls.
#[derive(Clone, Default)]
struct Counted {
    ready: Rc<Cell<u32>>,
    called: Rc<Cell<u32>>,
}

impl dev::Service<ServiceRequest> for Counted {
    type Response = ServiceResponse;
    type Error = Error;
    type Future = Ready<Result<ServiceResponse, Error>>;

    fn poll_ready(&self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.ready.set(self.ready.get() + 1);
        Poll::Ready(Ok(()))
    }

    fn call(&self, request: ServiceRequest) -> Self::Future {
        self.called.set(self.called.get() + 1);
        ready(Ok(request.into_response(HttpResponse::Ok())))
    }
}

/// A layer in front of a handler with a concurrency limit of one.
fn verify<F: Future<Output = ()> + Send + 'static>(
    handler: impl Fn(Request<Full<Bytes>>) -> F + Clone + Send + Sync + 'static,
) -> App {
    let verifier = receiver(MemoryStore::new()).verifier().clone();
    let app = ServiceBuilder::new().layer(VerifyLayer::new(verifier)).concurrency_limit(1);
    let app = app.service_fn(move |request| handles(handler(request)));
    BoxCloneService::new(ServiceExt::<Request<Body>>::map_response(app, status))
}

fn webhook<F: Future<Output = ()> + Send + 'static>(
    handler: impl Fn(Request<Full<Bytes>>) -> F + Clone + Send + Sync + 'static,
) -> App {
    let layer = WebhookLayer::new(receiver(MemoryStore::new()));
    let app = ServiceBuilder::new().layer(layer).concurrency_limit(1);
    let app = app.service_fn(move |request| handles(handler(request)));
    BoxCloneService::new(ServiceExt::<Request<Body>>::map_response(app, status))
}

#[expect(clippy::needless_pass_by_value, reason = "`map_response` hands the response over")]
fn status(response: Response<ResponseBody<String>>) -> u16 {
    response.status().as_u16()
}

async fn handles(handler: impl Future<Output = ()>) -> Result<Response<String>, Infallible> {
    handler.await;
    Ok(Response::new(String::new()))
}

fn genuine(id: &str) -> Request<Body> {
    let delivery = event(id);
    let body = delivery.body.clone();
    request(&delivery, body)
}

/// A body that begins and then stalls.
fn stalls() -> Body {
    scripted([Step::Data(b"{".to_vec()), Step::Wait(Duration::from_secs(3600))]).0
}

fn noop() -> Context<'static> {
    Context::from_waker(Waker::noop())
}
