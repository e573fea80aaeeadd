//! Public keys that a delivery names, looked up by the user.

/// Finds the public key that a delivery names: by its `kid`, or by the URL of
/// its certificate. Implemented for closures.
///
/// It is asked before anything is proved, so whoever sends requests chooses the
/// names: answer from a table that a task of yours keeps filled, never by a
/// request to the network. A URL it is asked for is on the scheme's list of
/// hosts already.
pub trait KeyResolver: Send + Sync {
    /// The key of this name, as text: a public key or a certificate in PEM, or a
    /// JWK. `None` where there is none, and then the delivery is refused.
    fn key(&self, name: &str) -> Option<String>;
}

impl<F: Fn(&str) -> Option<String> + Send + Sync> KeyResolver for F {
    fn key(&self, name: &str) -> Option<String> {
        self(name)
    }
}
