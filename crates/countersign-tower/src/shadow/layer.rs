//! The layer of shadow mode.

use countersign_core::Verifier;
use tower_layer::Layer;

use super::ShadowService;

/// Verifies every request, counts and logs the result, and passes every request on. It rejects
/// nothing, and responds to nothing, handshakes included.
///
/// Put it in front of a running service that has its own verification. The metrics are those of
/// [`VerifyLayer`](crate::VerifyLayer), and the log says `would be rejected`. Once the log reports
/// nothing that the service accepts, replace it with a `VerifyLayer` or a
/// [`WebhookLayer`](crate::WebhookLayer).
///
/// The service gets the body as it arrives, as a [`ShadowBody`](crate::ShadowBody): what was read for
/// verification, and then the rest. Trailers and errors are passed on, too. The extensions of the request contain the
/// [`Verified`](countersign_core::Verified), or the
/// [`EarlyResponse`](countersign_core::EarlyResponse) that would have been sent. A handler for both
/// takes `Option<Verified>`.
///
/// Each request waits until its body is read or would have been rejected. While it waits, its body
/// can be in memory twice.
///
/// ```
/// use countersign_core::{ConfigError, Secret, Verifier};
/// use countersign_schemes as schemes;
/// use countersign_tower::{ShadowLayer, VerifyLayer};
///
/// fn shadow(secret: Secret) -> Result<ShadowLayer, ConfigError> {
///     let verifier = Verifier::new(schemes::github(), secret)?;
///     Ok(VerifyLayer::new(verifier).shadow())
/// }
/// # shadow(Secret::new("a secret of the test")?)?;
/// # Ok::<(), ConfigError>(())
/// ```
#[derive(Debug, Clone)]
pub struct ShadowLayer {
    verifier: Verifier,
}

impl ShadowLayer {
    pub(crate) fn new(verifier: Verifier) -> Self {
        Self { verifier: verifier.in_shadow() }
    }
}

impl<S> Layer<S> for ShadowLayer {
    type Service = ShadowService<S>;

    fn layer(&self, inner: S) -> ShadowService<S> {
        self.verifier.log_configuration();
        ShadowService { inner, verifier: self.verifier.clone() }
    }
}
