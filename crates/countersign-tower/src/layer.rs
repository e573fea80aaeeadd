//! The layer: what every service behind it shares.

use std::time::Duration;

use countersign_core::Verifier;
use tower_layer::Layer;

use crate::service::Verify;

/// Verifies deliveries in front of a service.
///
/// It verifies and no more: a delivery that comes twice reaches the service
/// twice.
#[derive(Debug, Clone)]
pub struct VerifyLayer {
    verifier: Verifier,
}

impl VerifyLayer {
    /// A layer that lets through what `verifier` proves.
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

impl<S> Layer<S> for VerifyLayer {
    type Service = Verify<S>;

    fn layer(&self, inner: S) -> Verify<S> {
        Verify { inner, verifier: self.verifier.clone() }
    }
}
