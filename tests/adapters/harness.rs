//! Every adapter in front of one handler. The tests of all adapters use this.
//!
//! `Handler` is what runs behind an adapter. `axum.rs` has the tower layers and the axum
//! extractors, `actix.rs` the middleware and the extractors of actix-web.

pub(crate) mod actix;
pub(crate) mod axum;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ::axum::body::{Body, Bytes};
use ::axum::response::{IntoResponse, Response};
use countersign::{Grant, MalformedJson, Verified};
use http::Request;

use fixtures::delivery::Delivery;

/// How a delivery is handled, and a count of the calls.
#[derive(Clone)]
pub(crate) struct Handler {
    handle: Arc<dyn Fn(Verified, Option<Grant>) -> Handling + Send + Sync>,
    calls: Arc<AtomicUsize>,
}

type Handling = Pin<Box<dyn Future<Output = Response> + Send>>;

impl Handler {
    /// For adapters that claim the event.
    pub(crate) fn new<F, R>(handle: impl Fn(Verified, Grant) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = R> + Send + 'static,
        R: IntoResponse,
    {
        Self::of_verified(move |verified, grant| handle(verified, grant.expect("a grant")))
    }

    /// For all adapters. The grant is missing if the adapter only verifies.
    pub(crate) fn of_verified<F, R>(
        handle: impl Fn(Verified, Option<Grant>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = R> + Send + 'static,
        R: IntoResponse,
    {
        let handle = move |verified, grant| -> Handling {
            let handling = handle(verified, grant);
            Box::pin(async move { handling.await.into_response() })
        };
        Self { handle: Arc::new(handle), calls: Arc::default() }
    }

    /// Always returns this response.
    pub(crate) fn answering<R>(answer: R) -> Self
    where
        R: IntoResponse + Clone + Send + Sync + 'static,
    {
        Self::of_verified(move |_, _| {
            let answer = answer.clone();
            async move { answer }
        })
    }

    /// Returns the verified body.
    pub(crate) fn echo() -> Self {
        Self::of_verified(async |verified, _| verified.into_body())
    }

    /// Must not be called.
    pub(crate) fn never() -> Self {
        Self::of_verified(async |_, _| -> Bytes { panic!("handled!") })
    }

    /// The number of calls.
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    async fn handle(&self, verified: Verified, grant: Option<Grant>) -> Response {
        self.calls.fetch_add(1, Ordering::SeqCst);
        (self.handle)(verified, grant).await
    }
}

/// What the sender receives, and what an outer layer sees.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) status: u16,
    pub(crate) code: Option<&'static str>,
    pub(crate) retry_after: Option<u64>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
    /// The verified event id in the response's extensions.
    pub(crate) proved: Option<String>,
    pub(crate) malformed: Option<MalformedJson>,
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

/// The headers of a delivery, valid for any body.
pub(crate) fn request(delivery: &Delivery, body: impl Into<Body>) -> Request<Body> {
    let mut request = Request::post("/");
    for (name, value) in &delivery.headers {
        request = request.header(name, value.as_slice());
    }
    request.body(body.into()).unwrap()
}
