//! Two active secrets during a rotation.
//!
//! ```toml
//! [dependencies]
//! countersign = "0.1"
//! ```
//!
//! 1. Deploy with both secrets, the new one first.
//! 2. Configure the provider to sign with the new secret.
//! 3. When [`Rotation::old_may_go`] returns `true`, deploy without the old secret.

use std::time::Duration;

use countersign::{ConfigError, Scheme, Secret, Secrets, Verified, Verifier, schemes};

const NEW: &str = "2026-11";
const OLD: &str = "2026-05";

/// Creates a verifier that accepts deliveries signed with either secret.
///
/// # Errors
///
/// [`ConfigError`] if a secret cannot be used; it names the secret.
pub fn verifier(new: &str, old: &str) -> Result<Verifier, ConfigError> {
    let secrets =
        Secrets::new(Secret::new(new)?.named(NEW)).with_previous(Secret::new(old)?.named(OLD));
    Verifier::new(schemes::venum(), secrets)
}

/// Tracks when the old secret can be removed.
///
/// A replica sees only a part of the deliveries: query all replicas, or keep the two
/// values in shared storage.
#[derive(Debug, Clone)]
pub struct Rotation {
    new_was_used: bool,
    old_last_used_unix_ms: i64,
}

impl Rotation {
    /// Starts a rotation now.
    #[must_use]
    pub fn begun_at_unix_ms(now_unix_ms: i64) -> Self {
        Self { new_was_used: false, old_last_used_unix_ms: now_unix_ms }
    }

    /// Records which secret signed a delivery.
    pub fn note(&mut self, verified: &Verified, now_unix_ms: i64) {
        match verified.secret_name() {
            Some(OLD) => self.old_last_used_unix_ms = now_unix_ms,
            _ => self.new_was_used = true,
        }
    }

    /// Whether the old secret can be removed: the provider has signed with the new
    /// secret, and has not used the old one for longer than it retries deliveries.
    #[must_use]
    pub fn old_may_go(&self, scheme: &Scheme, now_unix_ms: i64) -> bool {
        let quiet_ms = now_unix_ms.saturating_sub(self.old_last_used_unix_ms);
        let quiet = Duration::from_millis(u64::try_from(quiet_ms).unwrap_or(0));
        // The retention of a scheme is longer than the retries of its provider.
        self.new_was_used && quiet >= scheme.profile().retention()
    }
}

#[cfg(test)]
mod tests;
