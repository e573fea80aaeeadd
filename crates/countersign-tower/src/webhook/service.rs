//! The service: receives a delivery, handles it, and sends its response.

use std::fmt;
use std::future::{self, Future};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use countersign_core::{
    DeliverySpan, EarlyResponse, Grant, IdempotencyStore, ReceivedDelivery, Runtime, TokioRuntime,
    Verified,
};
use futures_util::FutureExt;
use futures_util::future::Either;
use http::request::Parts;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tower_service::Service;

use super::layer::Shared;
use crate::body::{BoxError, HttpBody, rebuild_request};
use crate::detached::{call, pass_on, respond};
use crate::response::{ResponseBody, into_response};

/// A service that is called once for each event; see [`WebhookLayer`](crate::WebhookLayer).
pub struct WebhookService<S: IdempotencyStore, T> {
    pub(super) inner: T,
    pub(super) shared: Arc<Shared<S>>,
}

impl<S, T, B, ResBody> Service<Request<B>> for WebhookService<S, T>
where
    S: IdempotencyStore,
    T: Service<Request<Full<Bytes>>, Response = Response<ResBody>> + Clone + Send + 'static,
    T::Future: Send + 'static,
    T::Error: Send + 'static,
    B: Body + Send + 'static,
    B::Error: Into<BoxError>,
    ResBody: Send + 'static,
{
    type Response = Response<ResponseBody<ResBody>>;
    type Error = T::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, T::Error>> + Send>>;

    /// Always ready. Limited resources of the inner service, such as permits, are acquired only for
    /// claimed events.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), T::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        self.shared.ensure_background();
        let service = self.inner.clone();
        let (shared, began) = (Arc::clone(&self.shared), TokioRuntime.now());
        let (parts, body) = request.into_parts();
        let verified = parts.extensions.get::<Verified>();
        if shared.receiver.has_passed_on(verified, parts.extensions.get::<Grant>())
            && let Some(verified) = verified.cloned()
        {
            return Box::pin(pass_on(service, rebuild_request(parts, verified)));
        }
        let receiving = shared.receiver.receive(parts, HttpBody::new(body), TokioRuntime);
        let span = receiving.span().clone();
        // Receiving and handling use the same memory in turn. An `async fn` for both would reserve
        // memory for the request three times.
        Box::pin(receiving.then(move |received| handle(&shared, began, span, service, received)))
    }
}

fn handle<S, T, ResBody>(
    shared: &Arc<Shared<S>>,
    began: Instant,
    span: DeliverySpan,
    service: T,
    received: Result<(Parts, ReceivedDelivery), EarlyResponse>,
) -> impl Future<Output = Result<Response<ResponseBody<ResBody>>, T::Error>> + use<S, T, ResBody>
where
    S: IdempotencyStore,
    T: Service<Request<Full<Bytes>>, Response = Response<ResBody>> + Send + 'static,
    T::Future: Send + 'static,
    T::Error: Send + 'static,
    ResBody: Send + 'static,
{
    let (parts, delivery) = match received {
        Ok(received) => received,
        Err(early) => return Either::Left(future::ready(Ok(into_response(early)))),
    };
    let verified = delivery.verified.clone();
    let (send, response) = oneshot::channel();
    let call_span = span.clone();
    let work = shared.receiver.clone().handle(
        delivery,
        parts,
        began,
        TokioRuntime,
        move |parts, verified, grant| {
            let mut request = rebuild_request(parts, verified);
            request.extensions_mut().insert(grant);
            call(service, request, call_span)
        },
        // Fails if the client has disconnected, or if its deadline has passed.
        move |response| {
            drop(send.send(response.unwrap_or_else(|(_, early)| Ok(into_response(early)))));
        },
    );
    // From here on a client that disconnects cancels nothing, not even a claim that is in progress.
    let work = Box::pin(shared.tasks.track_future(span.instrument(work)));
    let within = shared.receiver.response_deadline();
    Either::Right(respond(work, response, began, within, span, verified))
}

impl<S: IdempotencyStore, T: Clone> Clone for WebhookService<S, T> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), shared: Arc::clone(&self.shared) }
    }
}

impl<S: IdempotencyStore, T> fmt::Debug for WebhookService<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookService")
            .field("receiver", &self.shared.receiver)
            .finish_non_exhaustive()
    }
}
