//! The service: receives a delivery, handles it, and sends its response.

use std::fmt;
use std::future::{self, Future};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use countersign_core::{
    DeliverySpan, EarlyResponse, Grant, InboxDatabase, ReceivedDelivery, Runtime, TokioRuntime,
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
use crate::detached::{Called, call, pass_on, respond};
use crate::response::{ResponseBody, into_response};

/// A service that is called in a transaction with the claim of its event; see
/// [`InboxLayer`](crate::InboxLayer).
pub struct InboxService<D: InboxDatabase, T> {
    pub(super) inner: T,
    pub(super) shared: Arc<Shared<D>>,
}

impl<D, T, B, ResBody> Service<Request<B>> for InboxService<D, T>
where
    D: InboxDatabase,
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
        Box::pin(receiving.then(move |received| handle(&shared, began, span, service, received)))
    }
}

fn handle<D, T, ResBody>(
    shared: &Arc<Shared<D>>,
    began: Instant,
    span: DeliverySpan,
    service: T,
    received: Result<(Parts, ReceivedDelivery), EarlyResponse>,
) -> impl Future<Output = Called<ResBody, T::Error>> + use<D, T, ResBody>
where
    D: InboxDatabase,
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
        move |parts, verified, grant, transaction| {
            let mut request = rebuild_request(parts, verified);
            request.extensions_mut().insert(grant);
            request.extensions_mut().insert(transaction);
            call(service, request, call_span)
        },
        // Fails if the client has disconnected, or if its deadline has passed.
        move |response| drop(send.send(response.unwrap_or_else(|early| Ok(into_response(early))))),
    );
    // From here on a client that disconnects cancels nothing: a transaction that is cancelled while
    // it begins could stay open on a connection of the pool.
    let work = Box::pin(shared.tasks.track_future(span.instrument(work)));
    let within = shared.receiver.response_deadline();
    Either::Right(respond(work, response, began, within, span, verified))
}

impl<D: InboxDatabase, T: Clone> Clone for InboxService<D, T> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), shared: Arc::clone(&self.shared) }
    }
}

impl<D: InboxDatabase, T> fmt::Debug for InboxService<D, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InboxService")
            .field("receiver", &self.shared.receiver)
            .finish_non_exhaustive()
    }
}
