//! The response future: reads the body, then calls the service or rejects.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use countersign_core::{
    BufferPermit, DeliverySpan, HandlerGuard, ReceiveFuture, ReceivedDelivery, TokioRuntime,
};
use http::request::Parts;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::body::{BoxError, HttpBody, rebuild_request};
use crate::response::{ResponseBody, into_response};

pin_project! {
    /// The response to a delivery; see [`VerifyLayer`](crate::VerifyLayer).
    pub struct ResponseFuture<S, B, F> {
        #[pin]
        state: State<S, B, F>,
    }
}

pin_project! {
    #[project = StateProjection]
    #[project_replace = StateOwned]
    enum State<S, B, F> {
        Reading { #[pin] receiving: Receiving<B>, service: S },
        Waiting {
            request: Request<Full<Bytes>>,
            service: S,
            span: DeliverySpan,
            permit: BufferPermit,
        },
        Calling {
            #[pin]
            answer: F,
            span: DeliverySpan,
            // Taken when the future completes.
            handling: Option<HandlerGuard>,
            permit: BufferPermit,
        },
        // Completed, or between two states.
        Done,
    }
}

impl<S, B, F> ResponseFuture<S, B, F> {
    pub(crate) fn new(receiving: Receiving<B>, service: S) -> Self {
        Self { state: State::Reading { receiving, service } }
    }
}

impl<S, B, ResBody> Future for ResponseFuture<S, B, S::Future>
where
    S: Service<Request<Full<Bytes>>, Response = Response<ResBody>>,
    B: Body,
    B::Error: Into<BoxError>,
{
    type Output = Result<Response<ResponseBody<ResBody>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let next = match state.as_mut().project() {
                StateProjection::Calling { answer, span, handling, .. } => {
                    let answer = ready!(span.in_scope(|| answer.poll(cx)));
                    if let Some(handling) = handling.take() {
                        handling.ended(answer.as_ref().ok().map(status));
                    }
                    return Poll::Ready(answer.map(ResponseBody::of_service));
                }
                StateProjection::Reading { mut receiving, .. } => {
                    let (parts, received) = match ready!(receiving.as_mut().poll(cx)) {
                        Ok(received) => received,
                        Err(early) => return Poll::Ready(Ok(into_response(early))),
                    };
                    let ReceivedDelivery { verified, permit, .. } = received;
                    let span = receiving.span().clone();
                    verified.identify_in(&span);
                    let request = rebuild_request(parts, verified);
                    match state.as_mut().project_replace(State::Done) {
                        StateOwned::Reading { service, .. } => {
                            State::Waiting { request, service, span, permit }
                        }
                        _ => return Poll::Pending,
                    }
                }
                StateProjection::Waiting { service, span, .. } => {
                    ready!(span.in_scope(|| service.poll_ready(cx)))?;
                    match state.as_mut().project_replace(State::Done) {
                        StateOwned::Waiting { request, mut service, span, permit } => {
                            let handling = Some(span.handling());
                            let answer = span.in_scope(|| service.call(request));
                            State::Calling { answer, span, handling, permit }
                        }
                        _ => return Poll::Pending,
                    }
                }
                StateProjection::Done => return Poll::Pending,
            };
            state.set(next);
        }
    }
}

/// The receive loop with the types of this crate.
type Receiving<B> = ReceiveFuture<Parts, HttpBody<B>, TokioRuntime>;

fn status<B>(response: &Response<B>) -> u16 {
    response.status().as_u16()
}

impl<S, B, F> fmt::Debug for ResponseFuture<S, B, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
