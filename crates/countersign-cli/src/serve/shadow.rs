//! Shadow mode: each request is verified, and each request goes to the target.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use countersign::tower::{ShadowBody, ShadowLayer, ShadowService, VerifyLayer, into_response};
use countersign::{EarlyResponse, Verified, Verifier};
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Body;
use tower::{Layer, Service};

use super::endpoint::Admitted;
use super::forward::{BoxError, Forward};

/// Verifies, and calls [`ToTarget`].
pub(super) type Shadow = ShadowService<ToTarget>;

pub(super) fn shadow(verifier: Verifier, forward: Forward) -> Shadow {
    let layer: ShadowLayer = VerifyLayer::new(verifier.clone()).shadow();
    layer.layer(ToTarget { verifier, forward })
}

/// Forwards every request. The response is the target's; its extensions say what the verification
/// gave.
#[derive(Clone)]
pub(super) struct ToTarget {
    verifier: Verifier,
    forward: Forward,
}

impl<B> Service<Request<ShadowBody<B>>> for ToTarget
where
    B: Body + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<ShadowBody<B>>) -> Self::Future {
        let Self { verifier, forward } = self.clone();
        let extensions = request.extensions();
        let verified = extensions.get::<Verified>().cloned();
        let early = extensions.get::<EarlyResponse>().cloned();
        let answer_by = extensions.get().map(|admitted: &Admitted| admitted.answer_by);
        Box::pin(async move {
            let Some(answer_by) = answer_by else {
                // The endpoint adds it to every request.
                return Ok(into_response(EarlyResponse::HandlerFailed));
            };
            let mut response = forward.pass_through(request, &verifier, answer_by).await;
            if let Some(verified) = verified {
                response.extensions_mut().insert(verified);
            }
            if let Some(early) = early {
                response.extensions_mut().insert(early);
            }
            Ok(response)
        })
    }
}
