//! Where events go that exceeded the maximum number of crashed attempts.

use crate::verify::Verified;

/// Saves events that cannot be handled. Implemented for closures.
pub trait DeadLetters: Send + Sync + 'static {
    /// Saves the delivery. After `Ok` the event counts as done.
    ///
    /// # Errors
    ///
    /// Any error, if the delivery could not be saved. The delivery then gets the
    /// response 503.
    fn take(&self, verified: &Verified) -> Result<(), Box<dyn std::error::Error + Send + Sync>>;
}

impl<F> DeadLetters for F
where
    F: Fn(&Verified) -> Result<(), Box<dyn std::error::Error + Send + Sync>>
        + Send
        + Sync
        + 'static,
{
    fn take(&self, verified: &Verified) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        self(verified)
    }
}
