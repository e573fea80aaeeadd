//! The adapters that claim an event, each in front of one handler.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Extension, FromRef, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use countersign::axum::ClaimedWebhook;
use countersign::store::IdempotencyStore;
use countersign::tower::WebhookLayer;
use countersign::{Claim, EarlyResponse, Grant, Receiver, TokioRuntime, Verified, Verifier};
use http::header::RETRY_AFTER;
use tower::ServiceExt;

use crate::adapters::instances::request;
use fixtures::delivery::{Delivery, scheme, verifier};

/// Creates an adapter in front of a handler.
pub(crate) type Open<S> = fn(&Receiver<S>, &Handler) -> Adapter;

/// Every adapter that claims and settles.
pub(crate) fn adapters<S: IdempotencyStore>() -> [Open<S>; 2] {
    [layer, extractor]
}

pub(crate) struct Adapter {
    name: &'static str,
    pub(crate) app: Router,
}

pub(crate) fn layer<S: IdempotencyStore>(receiver: &Receiver<S>, handler: &Handler) -> Adapter {
    Adapter { name: "layer", app: behind(&WebhookLayer::new(receiver.clone()), handler) }
}

/// The app inside this layer.
pub(crate) fn behind<S: IdempotencyStore>(layer: &WebhookLayer<S>, handler: &Handler) -> Router {
    let app = Router::new().route("/", post(behind_the_layer));
    app.layer(layer.clone()).with_state(handler.clone())
}

pub(crate) fn extractor<S: IdempotencyStore>(receiver: &Receiver<S>, handler: &Handler) -> Adapter {
    let state = App { receiver: receiver.clone(), handler: handler.clone() };
    let app = Router::new().route("/", post(with_the_extractor::<S>)).with_state(state);
    Adapter { name: "extractor", app }
}

async fn behind_the_layer(
    State(handler): State<Handler>,
    Extension(verified): Extension<Verified>,
    Extension(grant): Extension<Grant>,
    body: Bytes,
) -> Response {
    assert_eq!(verified.body(), &body);
    handler.handle(verified, grant).await
}

async fn with_the_extractor<S: IdempotencyStore>(
    State(App { receiver, handler }): State<App<S>>,
    ClaimedWebhook { verified, claim, .. }: ClaimedWebhook<S>,
) -> Response {
    let response = handler.handle(verified, claim.grant()).await;
    receiver.settle(claim, response.status().as_u16(), &TokioRuntime).await;
    response
}

struct App<S: IdempotencyStore> {
    receiver: Receiver<S>,
    handler: Handler,
}

impl<S: IdempotencyStore> Clone for App<S> {
    fn clone(&self) -> Self {
        Self { receiver: self.receiver.clone(), handler: self.handler.clone() }
    }
}

impl<S: IdempotencyStore> FromRef<App<S>> for Receiver<S> {
    fn from_ref(app: &App<S>) -> Self {
        app.receiver.clone()
    }
}

/// How an event is handled, and a count of the calls.
#[derive(Clone)]
pub(crate) struct Handler {
    handle: Arc<dyn Fn(Verified, Grant) -> Handling + Send + Sync>,
    begun: Arc<AtomicUsize>,
}

type Handling = Pin<Box<dyn Future<Output = Response> + Send>>;

impl Handler {
    pub(crate) fn new<F, R>(handle: impl Fn(Verified, Grant) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = R> + Send + 'static,
        R: IntoResponse,
    {
        let handle = move |verified, grant| -> Handling {
            let handling = handle(verified, grant);
            Box::pin(async move { handling.await.into_response() })
        };
        Self { handle: Arc::new(handle), begun: Arc::default() }
    }

    /// Always returns this response.
    pub(crate) fn answering<R>(answer: R) -> Self
    where
        R: IntoResponse + Clone + Send + Sync + 'static,
    {
        Self::new(move |_, _| {
            let answer = answer.clone();
            async move { answer }
        })
    }

    /// The number of calls.
    pub(crate) fn begun(&self) -> usize {
        self.begun.load(Ordering::SeqCst)
    }

    async fn handle(&self, verified: Verified, grant: Grant) -> Response {
        self.begun.fetch_add(1, Ordering::SeqCst);
        (self.handle)(verified, grant).await
    }
}

/// What the sender receives, and what an outer layer sees.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) status: u16,
    pub(crate) code: Option<&'static str>,
    pub(crate) retry_after: Option<u64>,
    pub(crate) body: Bytes,
    /// The verified event id in the response's extensions.
    pub(crate) proved: Option<String>,
}

impl Seen {
    /// Status and code of a response. Checks that it has no body, and a
    /// `Retry-After` header if it is a 503.
    pub(crate) fn answer(&self) -> (u16, Option<&'static str>) {
        assert_eq!(self.body, "", "{self:?}");
        assert_eq!(self.retry_after.is_some(), self.status == 503, "{self:?}");
        assert!(self.retry_after.is_none_or(|seconds| (1..=30).contains(&seconds)), "{self:?}");
        (self.status, self.code)
    }
}

impl Adapter {
    pub(crate) async fn deliver(&self, delivery: &Delivery) -> Seen {
        deliver(&self.app, delivery).await
    }
}

pub(crate) async fn deliver(app: &Router, delivery: &Delivery) -> Seen {
    let request = request(delivery, delivery.body.clone());
    let response = app.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let retry_after = parts.headers.get(RETRY_AFTER);
    Seen {
        status: parts.status.as_u16(),
        code: parts.extensions.get::<EarlyResponse>().map(EarlyResponse::code),
        retry_after: retry_after.map(|seconds| seconds.to_str().unwrap().parse().unwrap()),
        proved: parts.extensions.get::<Verified>().map(|proof| proof.event_id().to_owned()),
        body: to_bytes(body, usize::MAX).await.unwrap(),
    }
}

/// A receiver of Jupiter, which waits 5 s for a response, and retries.
pub(crate) fn receiver<S: IdempotencyStore>(store: S) -> Receiver<S> {
    receiver_with(verifier(&scheme("jupiter")), store)
}

pub(crate) fn receiver_with<S: IdempotencyStore>(verifier: Verifier, store: S) -> Receiver<S> {
    Receiver::new(verifier.with_endpoint("test"), store)
}

/// Jupiter's delivery of the event with this id.
pub(crate) fn event(id: impl fmt::Display) -> Delivery {
    Delivery::with_body(&scheme("jupiter"), format!(r#"{{"event_id":"{id}"}}"#))
}

/// Claims an event without an adapter.
pub(crate) async fn claim<S: IdempotencyStore>(
    receiver: &Receiver<S>,
    delivery: &Delivery,
) -> Result<Claim<S>, EarlyResponse> {
    receiver.claim(&delivery.verify(receiver.verifier()).unwrap(), &TokioRuntime).await
}

impl fmt::Display for Adapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
