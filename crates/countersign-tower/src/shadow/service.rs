//! The service of shadow mode.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use countersign_core::{EarlyResponse, ReceivedDelivery, TokioRuntime, Verified, Verifier};
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::body::{Observed, ShadowBody};
use crate::body::BoxError;

/// A service that is called with every request; see [`ShadowLayer`](super::ShadowLayer).
#[derive(Clone)]
pub struct ShadowService<S> {
    pub(super) inner: S,
    pub(super) verifier: Verifier,
}

impl<S, B, ResBody> Service<Request<B>> for ShadowService<S>
where
    S: Service<Request<ShadowBody<B>>, Response = Response<ResBody>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
    B: Body + Send + 'static,
    B::Error: Into<BoxError>,
    ResBody: Send,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<ResBody>, S::Error>> + Send>>;

    /// Always ready, as [`VerifyService`](crate::VerifyService).
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let mut service = self.inner.clone();
        let (parts, body) = request.into_parts();
        let observed = Observed::new(body);
        let receiving = self.verifier.receive(parts.clone(), observed.clone(), TokioRuntime);
        let span = receiving.span().clone();
        Box::pin(async move {
            let received = receiving.await;
            let mut request = Request::from_parts(parts, observed.into_body());
            // Those of a layer in front of this one, which verified something else.
            request.extensions_mut().remove::<Verified>();
            request.extensions_mut().remove::<EarlyResponse>();
            let permit = match received {
                Ok((_, ReceivedDelivery { verified, permit, .. })) => {
                    verified.identify_in(&span);
                    request.extensions_mut().insert(verified);
                    Some(permit)
                }
                Err(early) => {
                    request.extensions_mut().insert(early);
                    None
                }
            };
            poll_fn(|cx| service.poll_ready(cx)).await?;
            // What a `VerifyLayer` would have rejected has no handler to measure.
            let handling = permit.is_some().then(|| span.handling());
            let calling = span.in_scope(|| service.call(request));
            let response = span.instrument(calling).await;
            if let Some(handling) = handling {
                handling.ended(response.as_ref().ok().map(|it| it.status().as_u16()));
            }
            drop(permit);
            response
        })
    }
}

impl<S> fmt::Debug for ShadowService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShadowService").field("verifier", &self.verifier).finish_non_exhaustive()
    }
}
