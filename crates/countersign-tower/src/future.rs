//! The future of an answer: the body, then the service or a refusal.

use std::fmt;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::body::{BoxError, ReadBody, put_back};
use crate::response::refusal;

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
        Reading { #[pin] read: ReadBody<B>, request: Request<()>, service: S },
        Calling { #[pin] answer: F },
    }
}

impl<S, B, F> ResponseFuture<S, B, F> {
    pub(crate) fn new(read: ReadBody<B>, request: Request<()>, service: S) -> Self {
        Self { state: State::Reading { read, request, service } }
    }
}

impl<S, B, ResBody> Future for ResponseFuture<S, B, S::Future>
where
    S: Service<Request<Full<Bytes>>, Response = Response<ResBody>>,
    B: Body,
    B::Error: Into<BoxError>,
    ResBody: Default,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let answer = match state.as_mut().project() {
                StateProjection::Calling { answer } => return answer.poll(cx),
                StateProjection::Reading { read, request, service } => {
                    match ready!(read.poll(cx)) {
                        Err(error) => return Poll::Ready(Ok(refusal(error))),
                        Ok(verified) => {
                            let (parts, ()) = mem::take(request).into_parts();
                            service.call(put_back(parts, verified))
                        }
                    }
                }
            };
            state.set(State::Calling { answer });
        }
    }
}

impl<S, B, F> fmt::Debug for ResponseFuture<S, B, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
