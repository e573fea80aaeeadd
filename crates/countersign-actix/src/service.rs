//! The service: reads the body, then calls the inner service or rejects.

use std::fmt;
use std::pin::Pin;
use std::rc::Rc;

use actix_web::Error;
use actix_web::body::EitherBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, always_ready};
use countersign_core::{ReceivedDelivery, Verifier};

use crate::body::{rebuild_request, receiving};
use crate::ready::Behind;
use crate::response::{answered, status};

/// A service that is called with verified deliveries only; see
/// [`VerifyMiddleware`](crate::VerifyMiddleware).
pub struct VerifyService<T> {
    pub(crate) inner: Rc<Behind<T>>,
    pub(crate) verifier: Verifier,
}

impl<T, B> Service<ServiceRequest> for VerifyService<T>
where
    T: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    // The inner service, and so its readiness, is for verified deliveries only.
    always_ready!();

    fn call(&self, request: ServiceRequest) -> Self::Future {
        Box::pin(respond(self.verifier.clone(), Rc::clone(&self.inner), request))
    }
}

async fn respond<T, B>(
    verifier: Verifier,
    service: Rc<Behind<T>>,
    mut request: ServiceRequest,
) -> Result<ServiceResponse<EitherBody<B>>, Error>
where
    T: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    let (head, payload) = request.parts_mut();
    let receiving = receiving(&verifier, head, payload);
    let span = receiving.span().clone();
    let ReceivedDelivery { verified, permit: _permit, .. } = match receiving.await {
        Ok((_, delivery)) => delivery,
        Err(early) => return Ok(answered(request, early)),
    };
    verified.identify_in(&span);
    rebuild_request(&mut request, verified);
    let (calling, handling) = span.instrument(service.call(request, &span)).await?;
    let response = span.instrument(calling).await;
    handling.ended(Some(status(&response)));
    response.map(ServiceResponse::map_into_left_body)
}

impl<T> fmt::Debug for VerifyService<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyService").field("verifier", &self.verifier).finish_non_exhaustive()
    }
}
