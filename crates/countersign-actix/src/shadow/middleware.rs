//! The middleware of shadow mode.

use std::future::{Ready, ready};
use std::rc::Rc;

use actix_web::Error;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use countersign_core::Verifier;

use super::ShadowService;
use crate::ready::Behind;

/// Verifies every request, counts and logs the result, and passes every request on. It rejects
/// nothing, and responds to nothing, handshakes included.
///
/// Put it in front of a running service that has its own verification. The metrics are those of
/// [`VerifyMiddleware`](crate::VerifyMiddleware), and the log says `would be rejected`. Once the log
/// reports nothing that the service accepts, replace it with a `VerifyMiddleware` or a
/// [`WebhookMiddleware`](crate::WebhookMiddleware).
///
/// The service gets the payload as it arrives: what was read for verification, and then the rest.
/// The extensions of the request contain the [`Verified`](countersign_core::Verified), or the
/// [`EarlyResponse`](countersign_core::EarlyResponse) that would have been sent. A handler for both
/// takes `Option<Verified>`.
#[derive(Debug, Clone)]
pub struct ShadowMiddleware {
    verifier: Verifier,
}

impl ShadowMiddleware {
    pub(crate) fn new(verifier: Verifier) -> Self {
        Self { verifier: verifier.in_shadow() }
    }
}

impl<T, B> Transform<T, ServiceRequest> for ShadowMiddleware
where
    T: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: 'static,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Transform = ShadowService<T>;
    type InitError = ();
    type Future = Ready<Result<ShadowService<T>, ()>>;

    fn new_transform(&self, inner: T) -> Self::Future {
        self.verifier.log_configuration();
        let inner = Rc::new(Behind::new(inner));
        ready(Ok(ShadowService { inner, verifier: self.verifier.clone() }))
    }
}
