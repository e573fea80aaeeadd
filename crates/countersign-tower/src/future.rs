//! The future of an answer: the body, then the service or a refusal.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use countersign_core::{Arrived, Reserved};
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::body::{BoxError, ReadBody, put_back};
use crate::response::{ResponseBody, answer};

pin_project! {
    /// The answer to a delivery; see [`VerifyLayer`](crate::VerifyLayer).
    pub struct ResponseFuture<S, B, F> {
        #[pin]
        state: State<S, B, F>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, B, F> {
        Reading { #[pin] read: ReadBody<B>, service: S },
        Calling { #[pin] answer: F, reserved: Reserved },
    }
}

impl<S, B, F> ResponseFuture<S, B, F> {
    pub(crate) fn new(read: ReadBody<B>, service: S) -> Self {
        Self { state: State::Reading { read, service } }
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
            let calling = match state.as_mut().project() {
                StateProjection::Calling { answer, .. } => {
                    return answer.poll(cx).map_ok(ResponseBody::of_service);
                }
                StateProjection::Reading { read, service } => match ready!(read.poll(cx)) {
                    Err(other) => return Poll::Ready(Ok(answer(other))),
                    Ok((parts, Arrived { verified, reserved, .. })) => {
                        State::Calling { answer: service.call(put_back(parts, verified)), reserved }
                    }
                },
            };
            state.set(calling);
        }
    }
}

impl<S, B, F> fmt::Debug for ResponseFuture<S, B, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
