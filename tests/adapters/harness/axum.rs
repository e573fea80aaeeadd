//! The tower layers and the axum extractors, each as an app.

use std::fmt;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Extension, FromRef, State};
use axum::response::Response;
use countersign::axum::{ClaimedWebhook, ClaimedWebhookJson, Webhook, WebhookJson};
use countersign::store::IdempotencyStore;
use countersign::tower::{VerifyLayer, WebhookLayer};
use countersign::{
    EarlyResponse, Grant, MalformedJson, MemoryStore, Receiver, TokioRuntime, Verified, Verifier,
};
use http::Request;
use http::header::RETRY_AFTER;
use serde_json::Value;
use tower::ServiceExt;

use super::{Handler, Seen, request};
use fixtures::delivery::Delivery;

/// An adapter in front of a handler. It answers every path and method.
pub(crate) struct Adapter {
    pub(crate) name: &'static str,
    pub(crate) app: Router,
    handler: Handler,
}

/// Creates an adapter that claims events.
pub(crate) type Open<S> = fn(&Receiver<S>, &Handler) -> Adapter;

/// Every adapter that claims and settles.
pub(crate) fn claiming<S: IdempotencyStore>() -> [Open<S>; 2] {
    [webhook_layer, claimed]
}

/// Every adapter that only verifies, and passes raw bytes to the handler, which returns them.
pub(crate) fn verifying(verifier: &Verifier) -> [Adapter; 2] {
    let echo = Handler::echo;
    [verify_layer(VerifyLayer::new(verifier.clone()), &echo()), webhook(verifier, &echo())]
}

/// Every adapter.
pub(crate) fn all(receiver: &Receiver<MemoryStore>, handler: &Handler) -> [Adapter; 6] {
    let verifier = receiver.verifier();
    [
        verify_layer(VerifyLayer::new(verifier.clone()), handler),
        webhook_layer(receiver, handler),
        webhook(verifier, handler),
        webhook_json(verifier, handler),
        claimed(receiver, handler),
        claimed_json(receiver, handler),
    ]
}

pub(crate) fn verify_layer(layer: VerifyLayer, handler: &Handler) -> Adapter {
    async fn on_event(
        State(handler): State<Handler>,
        Extension(verified): Extension<Verified>,
        body: Bytes,
    ) -> Response {
        assert_eq!(verified.body(), &body);
        handler.handle(verified, None).await
    }

    let app = Router::new().fallback(on_event).layer(layer).with_state(handler.clone());
    adapter("VerifyLayer", app, handler)
}

pub(crate) fn webhook_layer<S: IdempotencyStore>(
    receiver: &Receiver<S>,
    handler: &Handler,
) -> Adapter {
    adapter("WebhookLayer", behind(&WebhookLayer::new(receiver.clone()), handler), handler)
}

/// The app inside this layer.
pub(crate) fn behind<S: IdempotencyStore>(layer: &WebhookLayer<S>, handler: &Handler) -> Router {
    async fn on_event(
        State(handler): State<Handler>,
        Extension(verified): Extension<Verified>,
        Extension(grant): Extension<Grant>,
        body: Bytes,
    ) -> Response {
        assert_eq!(verified.body(), &body);
        handler.handle(verified, Some(grant)).await
    }

    Router::new().fallback(on_event).layer(layer.clone()).with_state(handler.clone())
}

pub(crate) fn webhook(verifier: &Verifier, handler: &Handler) -> Adapter {
    async fn on_event(State(handler): State<Handler>, Webhook(verified): Webhook) -> Response {
        handler.handle(verified, None).await
    }

    let state = Verifying { verifier: verifier.clone(), handler: handler.clone() };
    adapter("Webhook", Router::new().fallback(on_event).with_state(state), handler)
}

/// With the body parsed as JSON.
pub(crate) fn webhook_json(verifier: &Verifier, handler: &Handler) -> Adapter {
    async fn on_event(
        State(handler): State<Handler>,
        WebhookJson { event, verified, .. }: WebhookJson<Value>,
    ) -> Response {
        assert_eq!(event, serde_json::from_slice::<Value>(verified.body()).unwrap());
        handler.handle(verified, None).await
    }

    let state = Verifying { verifier: verifier.clone(), handler: handler.clone() };
    adapter("WebhookJson", Router::new().fallback(on_event).with_state(state), handler)
}

pub(crate) fn claimed<S: IdempotencyStore>(receiver: &Receiver<S>, handler: &Handler) -> Adapter {
    async fn on_event<S: IdempotencyStore>(
        State(Claiming { receiver, handler }): State<Claiming<S>>,
        ClaimedWebhook { verified, claim, .. }: ClaimedWebhook<S>,
    ) -> Response {
        let response = handler.handle(verified, Some(claim.grant())).await;
        receiver.settle(claim, response.status().as_u16(), &TokioRuntime).await;
        response
    }

    let state = Claiming { receiver: receiver.clone(), handler: handler.clone() };
    adapter("ClaimedWebhook", Router::new().fallback(on_event::<S>).with_state(state), handler)
}

/// With the body parsed as JSON.
pub(crate) fn claimed_json<S: IdempotencyStore>(
    receiver: &Receiver<S>,
    handler: &Handler,
) -> Adapter {
    async fn on_event<S: IdempotencyStore>(
        State(Claiming { receiver, handler }): State<Claiming<S>>,
        ClaimedWebhookJson { verified, claim, .. }: ClaimedWebhookJson<Value, S>,
    ) -> Response {
        let response = handler.handle(verified, Some(claim.grant())).await;
        receiver.settle(claim, response.status().as_u16(), &TokioRuntime).await;
        response
    }

    let state = Claiming { receiver: receiver.clone(), handler: handler.clone() };
    let app = Router::new().fallback(on_event::<S>).with_state(state);
    adapter("ClaimedWebhookJson", app, handler)
}

fn adapter(name: &'static str, app: Router, handler: &Handler) -> Adapter {
    Adapter { name, app, handler: handler.clone() }
}

#[derive(Clone)]
struct Verifying {
    verifier: Verifier,
    handler: Handler,
}

impl FromRef<Verifying> for Verifier {
    fn from_ref(state: &Verifying) -> Self {
        state.verifier.clone()
    }
}

impl FromRef<Verifying> for Handler {
    fn from_ref(state: &Verifying) -> Self {
        state.handler.clone()
    }
}

struct Claiming<S: IdempotencyStore> {
    receiver: Receiver<S>,
    handler: Handler,
}

impl<S: IdempotencyStore> Clone for Claiming<S> {
    fn clone(&self) -> Self {
        Self { receiver: self.receiver.clone(), handler: self.handler.clone() }
    }
}

impl<S: IdempotencyStore> FromRef<Claiming<S>> for Receiver<S> {
    fn from_ref(state: &Claiming<S>) -> Self {
        state.receiver.clone()
    }
}

impl Adapter {
    pub(crate) async fn deliver(&self, delivery: &Delivery) -> Seen {
        deliver(&self.app, delivery).await
    }

    pub(crate) async fn answer(&self, request: Request<Body>) -> Seen {
        answer(&self.app, request).await
    }

    /// How often the handler was called.
    pub(crate) fn handled(&self) -> usize {
        self.handler.calls()
    }
}

pub(crate) async fn deliver(app: &Router, delivery: &Delivery) -> Seen {
    answer(app, request(delivery, delivery.body.clone())).await
}

async fn answer(app: &Router, request: Request<Body>) -> Seen {
    let (parts, body) = app.clone().oneshot(request).await.unwrap().into_parts();
    let retry_after = parts.headers.get(RETRY_AFTER);
    let headers = parts.headers.iter();
    Seen {
        status: parts.status.as_u16(),
        code: parts.extensions.get::<EarlyResponse>().map(EarlyResponse::code),
        retry_after: retry_after.map(|seconds| seconds.to_str().unwrap().parse().unwrap()),
        headers: headers
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect(),
        proved: parts.extensions.get::<Verified>().map(|proof| proof.event_id().to_owned()),
        malformed: parts.extensions.get::<MalformedJson>().copied(),
        body: to_bytes(body, usize::MAX).await.unwrap(),
    }
}

impl fmt::Display for Adapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
