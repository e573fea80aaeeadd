//! The middleware: what every service behind it shares.

use std::future::{Ready, ready};
use std::rc::Rc;
use std::time::Duration;

use actix_web::Error;
use actix_web::body::EitherBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use countersign_core::Verifier;

use crate::ready::Behind;
use crate::service::VerifyService;

/// Verifies deliveries in front of a service.
///
/// It verifies and no more: a delivery that comes twice reaches the service
/// twice.
#[derive(Debug, Clone)]
pub struct VerifyMiddleware {
    verifier: Verifier,
}

impl VerifyMiddleware {
    /// A middleware that lets through what `verifier` proves.
    #[must_use]
    pub fn new(verifier: Verifier) -> Self {
        Self { verifier }
    }

    /// How long the whole body may take to arrive, counted from when it is first
    /// waited for. Defaults to what the verifier says.
    #[must_use]
    pub fn with_body_timeout(mut self, timeout: Duration) -> Self {
        self.verifier = self.verifier.with_body_timeout(timeout);
        self
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
        let inner = Rc::new(Behind::new(inner));
        ready(Ok(VerifyService { inner, verifier: self.verifier.clone() }))
    }
}
