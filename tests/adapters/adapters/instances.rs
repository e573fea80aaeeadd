//! The adapters, each as an app that responds with the verified body.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Extension, FromRef, State};
use axum::routing::post;
use countersign::axum::{Webhook, WebhookJson};
use countersign::tower::VerifyLayer;
use countersign::{MalformedJson, Verified, Verifier};
use http::Request;
use serde_json::Value;
use tower::ServiceExt;

use fixtures::delivery::Delivery;

pub(crate) struct Adapter {
    pub(crate) name: &'static str,
    pub(crate) app: Router,
    handled: Handled,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) code: Option<&'static str>,
    pub(crate) body: Bytes,
    pub(crate) malformed: Option<MalformedJson>,
}

/// Every adapter that passes raw bytes to the handler.
pub(crate) fn adapters(verifier: &Verifier) -> [Adapter; 2] {
    [layer(VerifyLayer::new(verifier.clone())), extractor(verifier)]
}

pub(crate) fn layer(layer: VerifyLayer) -> Adapter {
    let handled = Handled::default();
    let app =
        Router::new().route("/", post(behind_the_layer)).layer(layer).with_state(handled.clone());
    Adapter { name: "layer", app, handled }
}

pub(crate) fn extractor(verifier: &Verifier) -> Adapter {
    let handled = Handled::default();
    let state = App { verifier: verifier.clone(), handled: handled.clone() };
    let app = Router::new().route("/", post(with_the_extractor)).with_state(state);
    Adapter { name: "extractor", app, handled }
}

/// Responds with the parsed JSON.
pub(crate) fn typed_extractor(verifier: &Verifier) -> Adapter {
    let handled = Handled::default();
    let state = App { verifier: verifier.clone(), handled: handled.clone() };
    let app = Router::new().route("/", post(with_the_typed_extractor)).with_state(state);
    Adapter { name: "typed extractor", app, handled }
}

async fn behind_the_layer(
    State(handled): State<Handled>,
    Extension(verified): Extension<Verified>,
    body: Bytes,
) -> Bytes {
    handled.count();
    assert_eq!(verified.body(), &body);
    body
}

async fn with_the_extractor(State(handled): State<Handled>, Webhook(verified): Webhook) -> Bytes {
    handled.count();
    verified.into_body()
}

async fn with_the_typed_extractor(
    State(handled): State<Handled>,
    WebhookJson { event, .. }: WebhookJson<Value>,
) -> String {
    handled.count();
    event.to_string()
}

#[derive(Clone)]
struct App {
    verifier: Verifier,
    handled: Handled,
}

impl FromRef<App> for Verifier {
    fn from_ref(app: &App) -> Self {
        app.verifier.clone()
    }
}

impl FromRef<App> for Handled {
    fn from_ref(app: &App) -> Self {
        app.handled.clone()
    }
}

#[derive(Clone, Default)]
struct Handled(Arc<AtomicUsize>);

impl Handled {
    fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Adapter {
    pub(crate) async fn answer(&self, request: Request<Body>) -> Answer {
        let response = self.app.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        Answer {
            status: parts.status.as_u16(),
            code: parts
                .extensions
                .get::<countersign::EarlyResponse>()
                .map(countersign::EarlyResponse::code),
            malformed: parts.extensions.get::<MalformedJson>().copied(),
            body: to_bytes(body, usize::MAX).await.unwrap(),
        }
    }

    /// How often the handler was called.
    pub(crate) fn handled(&self) -> usize {
        self.handled.0.load(Ordering::Relaxed)
    }
}

impl fmt::Display for Adapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// The headers of a delivery, valid for any body.
pub(crate) fn request(delivery: &Delivery, body: impl Into<Body>) -> Request<Body> {
    let mut request = Request::post("/");
    for (name, value) in &delivery.headers {
        request = request.header(name, value.as_slice());
    }
    request.body(body.into()).unwrap()
}
