//! The service of shadow mode.

use std::fmt;
use std::pin::Pin;
use std::rc::Rc;

use actix_web::dev::{Service, ServiceRequest, ServiceResponse, always_ready};
use actix_web::{Error, HttpMessage};
use countersign_core::{EarlyResponse, ReceivedDelivery, TokioRuntime, Verified, Verifier};

use super::payload::{Observe, ShadowPayload};
use crate::body::Head;
use crate::ready::Behind;
use crate::response::status;

/// A service that is called with every request; see [`ShadowMiddleware`](super::ShadowMiddleware).
pub struct ShadowService<T> {
    pub(super) inner: Rc<Behind<T>>,
    pub(super) verifier: Verifier,
}

impl<T, B> Service<ServiceRequest> for ShadowService<T>
where
    T: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: 'static,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    always_ready!();

    fn call(&self, request: ServiceRequest) -> Self::Future {
        Box::pin(respond(self.verifier.clone(), Rc::clone(&self.inner), request))
    }
}

async fn respond<T, B>(
    verifier: Verifier,
    service: Rc<Behind<T>>,
    mut request: ServiceRequest,
) -> Result<ServiceResponse<B>, Error>
where
    T: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    let (head, payload) = request.parts_mut();
    let mut payload = ShadowPayload::new(payload.take());
    let receiving = verifier.receive(Head(head), Observe(&mut payload), TokioRuntime);
    let span = receiving.span().clone();
    let received = receiving.await.map(|(_, delivery)| delivery);
    request.set_payload(payload.into_payload());
    // Those of a middleware in front of this one, which verified something else.
    request.extensions_mut().remove::<Verified>();
    request.extensions_mut().remove::<EarlyResponse>();
    match received {
        Ok(ReceivedDelivery { verified, permit: _permit, .. }) => {
            verified.identify_in(&span);
            request.extensions_mut().insert(verified);
            let (calling, handling) = span.instrument(service.call(request, &span)).await?;
            let response = span.instrument(calling).await;
            handling.ended(Some(status(&response)));
            response
        }
        Err(early) => {
            request.extensions_mut().insert(early);
            let calling = span.instrument(service.pass_on(request)).await?;
            span.instrument(calling).await
        }
    }
}

impl<T> fmt::Debug for ShadowService<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShadowService").field("verifier", &self.verifier).finish_non_exhaustive()
    }
}
