//! Lookup of public keys by the name in a delivery, implemented by the user.

/// Finds the public key that a delivery names: by its `kid`, or by the URL of
/// its certificate. Implemented for closures.
///
/// It is called before the delivery is verified, so any client can choose the
/// names. Answer from a table that a background task keeps up to date, never by
/// a network request. A certificate URL has already been checked against the
/// scheme's list of hosts.
pub trait KeyResolver: Send + Sync {
    /// The key with this name, as text: a public key or a certificate in PEM,
    /// or a JWK. If it returns `None`, or a certificate that is not valid now, or
    /// panics, the delivery is rejected, unless a secret verifies it.
    fn key(&self, name: &str) -> Option<String>;
}

impl<F: Fn(&str) -> Option<String> + Send + Sync> KeyResolver for F {
    fn key(&self, name: &str) -> Option<String> {
        self(name)
    }
}
