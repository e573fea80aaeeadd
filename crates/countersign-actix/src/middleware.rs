//! The middleware: the configuration that all its services share.

use std::future::{Ready, ready};
use std::rc::Rc;

use actix_web::Error;
use actix_web::body::EitherBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use countersign_core::Verifier;

use crate::ready::Behind;
use crate::service::VerifyService;
use crate::shadow::ShadowMiddleware;

/// Verifies deliveries before they reach a service.
///
/// It only verifies. It does not deduplicate: a duplicate of a delivery reaches
/// the service again.
#[derive(Debug, Clone)]
pub struct VerifyMiddleware {
    verifier: Verifier,
}

impl VerifyMiddleware {
    /// A middleware that passes on the deliveries that `verifier` verifies.
    #[must_use]
    pub fn new(verifier: Verifier) -> Self {
        Self { verifier }
    }

    /// A middleware that verifies, counts and logs as this one does, and passes every request on,
    /// verified or not. It is for a running service that switches over; see [`ShadowMiddleware`].
    #[must_use]
    pub fn shadow(self) -> ShadowMiddleware {
        ShadowMiddleware::new(self.verifier)
    }
}

impl<T, B> Transform<T, ServiceRequest> for VerifyMiddleware
where
    T: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = VerifyService<T>;
    type InitError = ();
    type Future = Ready<Result<VerifyService<T>, ()>>;

    fn new_transform(&self, inner: T) -> Self::Future {
        self.verifier.log_configuration();
        let inner = Rc::new(Behind::new(inner));
        ready(Ok(VerifyService { inner, verifier: self.verifier.clone() }))
    }
}
