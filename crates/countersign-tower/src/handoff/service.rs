//! The service: receives a delivery, hands it off, and sends the response.

use std::convert::Infallible;
use std::fmt;
use std::future::{self, Future, Ready};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use countersign_core::{
    DeliverySpan, EarlyResponse, HandedOff, Handoff, HandoffDelivery, ReceivedDelivery, Runtime,
    TokioRuntime, Verified,
};
use futures_util::FutureExt;
use futures_util::future::Either;
use http::request::Parts;
use http::{Request, Response, StatusCode};
use http_body::Body;
use http_body_util::Full;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tower_service::Service;

use super::layer::Shared;
use crate::body::{BoxError, HttpBody, rebuild_request};
use crate::detached::{Called, call, respond};
use crate::response::{ResponseBody, into_response};

/// A service that hands deliveries off to a queue; see [`HandoffLayer`](crate::HandoffLayer).
pub struct HandoffService<Q: Handoff, T> {
    pub(super) inner: T,
    pub(super) shared: Arc<Shared<Q>>,
}

impl<Q, T, B, ResBody> Service<Request<B>> for HandoffService<Q, T>
where
    Q: Handoff,
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

    /// Always ready. The inner service is called for few deliveries, or for none.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), T::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let service = self.inner.clone();
        let (shared, began) = (Arc::clone(&self.shared), TokioRuntime.now());
        let (parts, body) = request.into_parts();
        let receiving = shared.receiver.receive(parts, HttpBody::new(body), TokioRuntime);
        let span = receiving.span().clone();
        Box::pin(receiving.then(move |received| {
            let (parts, received) = match received {
                Ok(received) => received,
                Err(early) => return Either::Left(future::ready(Ok(into_response(early)))),
            };
            if !shared.receiver.is_interactive(&received.verified) {
                let handing_off = hand_off(&shared, began, span, &parts, received);
                return Either::Right(Either::Left(handing_off));
            }
            let request = rebuild_request(parts, received.into_verified());
            let calling = call(service, request, span.clone()).map(|(called, _)| called);
            Either::Right(Either::Right(span.instrument(calling)))
        }))
    }
}

fn hand_off<Q: Handoff, ResBody: Send + 'static, E: Send + 'static>(
    shared: &Arc<Shared<Q>>,
    began: Instant,
    span: DeliverySpan,
    parts: &Parts,
    received: ReceivedDelivery,
) -> impl Future<Output = Called<ResBody, E>> + use<Q, ResBody, E> {
    let verified = received.verified.clone();
    let delivery = match delivery(shared, parts, &verified) {
        Ok(delivery) => delivery,
        Err(early) => return Either::Left(future::ready(Ok(into_response(early)))),
    };
    let (send, response) = oneshot::channel();
    let work = shared.receiver.clone().hand_off(
        received,
        delivery,
        began,
        TokioRuntime,
        // Fails if the client has disconnected, or if its deadline has passed.
        move |handed_off| drop(send.send(Ok(of(handed_off)))),
    );
    // From here on a client that disconnects cancels nothing.
    let work = Box::pin(shared.tasks.track_future(span.instrument(work)));
    let within = shared.receiver.response_deadline();
    Either::Right(respond(work, response, began, within, span, verified))
}

fn delivery<Q: Handoff>(
    shared: &Shared<Q>,
    parts: &Parts,
    verified: &Verified,
) -> Result<HandoffDelivery, EarlyResponse> {
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let headers = parts.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    shared.receiver.delivery(verified, (parts.method.as_str(), target), headers)
}

fn of<ResBody>(handed_off: Result<HandedOff, EarlyResponse>) -> Response<ResponseBody<ResBody>> {
    match handed_off {
        Ok(handed_off) => {
            let mut response = Response::new(Bytes::new().into());
            *response.status_mut() = StatusCode::ACCEPTED;
            response.extensions_mut().insert(handed_off);
            response
        }
        Err(early) => into_response(early),
    }
}

/// In place of the service for interactive deliveries at an endpoint that has none. It is never
/// called.
#[derive(Debug, Clone, Copy)]
pub struct NotInteractive(());

impl NotInteractive {
    pub(super) fn new() -> Self {
        Self(())
    }
}

impl Service<Request<Full<Bytes>>> for NotInteractive {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Full<Bytes>>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Full<Bytes>>) -> Self::Future {
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::NOT_IMPLEMENTED;
        future::ready(Ok(response))
    }
}

impl<Q: Handoff, T: Clone> Clone for HandoffService<Q, T> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), shared: Arc::clone(&self.shared) }
    }
}

impl<Q: Handoff, T> fmt::Debug for HandoffService<Q, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandoffService")
            .field("receiver", &self.shared.receiver)
            .finish_non_exhaustive()
    }
}
