//! The layer: the configuration that all its services share.

use countersign_core::Verifier;
use tower_layer::Layer;

use crate::service::VerifyService;
use crate::shadow::ShadowLayer;

/// Verifies deliveries before they reach a service.
///
/// It only verifies. It does not deduplicate: a duplicate of a delivery reaches
/// the service again.
#[derive(Debug, Clone)]
#[doc(alias = "middleware")]
pub struct VerifyLayer {
    verifier: Verifier,
}

impl VerifyLayer {
    /// A layer that passes on the deliveries that `verifier` verifies.
    #[must_use]
    pub fn new(verifier: Verifier) -> Self {
        Self { verifier }
    }

    /// A layer that verifies, counts and logs as this one does, and passes every request on,
    /// verified or not. It is for a running service that switches over; see [`ShadowLayer`].
    #[doc(alias("dry_run", "report_only"))]
    #[must_use]
    pub fn shadow(self) -> ShadowLayer {
        ShadowLayer::new(self.verifier)
    }
}

impl<S> Layer<S> for VerifyLayer {
    type Service = VerifyService<S>;

    fn layer(&self, inner: S) -> VerifyService<S> {
        self.verifier.log_configuration();
        VerifyService { inner, verifier: self.verifier.clone() }
    }
}
