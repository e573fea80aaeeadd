//! Saves the keys that providers send in a handshake.

use std::error::Error;

use crate::secret::Secret;

/// Saves the keys that providers send in a handshake. Implemented for closures.
pub trait HandshakeSecretStore: Send + Sync + 'static {
    /// Saves the key. This is called before the response to the provider, which does
    /// not send the key again.
    ///
    /// # Errors
    ///
    /// Any error, if the key could not be saved. The handshake then fails and must be
    /// repeated.
    fn save(&self, secret: Secret) -> Result<(), Box<dyn Error + Send + Sync>>;
}

impl<F> HandshakeSecretStore for F
where
    F: Fn(Secret) -> Result<(), Box<dyn Error + Send + Sync>> + Send + Sync + 'static,
{
    fn save(&self, secret: Secret) -> Result<(), Box<dyn Error + Send + Sync>> {
        self(secret)
    }
}
