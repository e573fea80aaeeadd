//! The layer: the configuration that all its services share.

use countersign_core::Verifier;
use tower_layer::Layer;

use crate::service::VerifyService;

/// Verifies deliveries before they reach a service.
///
/// It only verifies. It does not deduplicate: a duplicate of a delivery reaches
/// the service again.
#[derive(Debug, Clone)]
pub struct VerifyLayer {
    verifier: Verifier,
}

impl VerifyLayer {
    /// A layer that passes on the deliveries that `verifier` verifies.
    #[must_use]
    pub fn new(verifier: Verifier) -> Self {
        Self { verifier }
    }
}

impl<S> Layer<S> for VerifyLayer {
    type Service = VerifyService<S>;

    fn layer(&self, inner: S) -> VerifyService<S> {
        VerifyService { inner, verifier: self.verifier.clone() }
    }
}
