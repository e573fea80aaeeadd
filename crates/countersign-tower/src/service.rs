//! The service: checks the headers and leaves the rest to its future.

use std::fmt;
use std::task::{Context, Poll};

use bytes::Bytes;
use countersign_core::{TokioRuntime, Verifier};
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use tower_service::Service;

use crate::body::{BoxError, HttpBody};
use crate::future::ResponseFuture;
use crate::response::ResponseBody;

/// A service that is called with verified deliveries only; see
/// [`VerifyLayer`](crate::VerifyLayer).
#[derive(Clone)]
pub struct VerifyService<S> {
    pub(crate) inner: S,
    pub(crate) verifier: Verifier,
}

impl<S, B, ResBody> Service<Request<B>> for VerifyService<S>
where
    S: Service<Request<Full<Bytes>>, Response = Response<ResBody>> + Clone,
    B: Body,
    B::Error: Into<BoxError>,
{
    type Response = Response<ResponseBody<ResBody>>;
    type Error = S::Error;
    type Future = ResponseFuture<S, B, S::Future>;

    /// Always ready. The inner service's readiness, such as the permit of a
    /// concurrency limit, is acquired for verified deliveries only.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (parts, body) = request.into_parts();
        let receiving = self.verifier.receive(parts, HttpBody::new(body), TokioRuntime);
        ResponseFuture::new(receiving, self.inner.clone())
    }
}

impl<S> fmt::Debug for VerifyService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyService").field("verifier", &self.verifier).finish_non_exhaustive()
    }
}
