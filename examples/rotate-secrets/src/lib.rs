//! Two live secrets while a new one takes the place of an old one.
//!
//! ```toml
//! [dependencies]
//! countersign = "0.1"
//! ```
//!
//! 1. Deploy with both, the new one first.
//! 2. Let the provider sign with the new one.
//! 3. Once [`Rotation::old_may_go`] says so, deploy without the old one.

use std::time::Duration;

use countersign::{ConfigError, Scheme, Secret, Secrets, Verified, Verifier};

const NEW: &str = "2026-11";
const OLD: &str = "2026-05";

/// A verifier that accepts what either secret has signed.
///
/// # Errors
///
/// [`ConfigError`] where a secret cannot be used; it says which.
pub fn verifier(new: &str, old: &str) -> Result<Verifier, ConfigError> {
    let secrets =
        Secrets::new(Secret::new(new)?.named(NEW)).with_previous(Secret::new(old)?.named(OLD));
    Verifier::new(Scheme::named("venum")?, secrets)
}

/// What tells when the old secret may go.
///
/// A replica sees its own share of the deliveries: ask all of them, or keep the
/// two values where they share them.
#[derive(Debug, Clone)]
pub struct Rotation {
    new_was_used: bool,
    old_last_used_unix_ms: i64,
}

impl Rotation {
    /// A rotation that begins now.
    #[must_use]
    pub fn begun_at_unix_ms(now_unix_ms: i64) -> Self {
        Self { new_was_used: false, old_last_used_unix_ms: now_unix_ms }
    }

    /// Notes which secret has signed a delivery.
    pub fn note(&mut self, verified: &Verified, now_unix_ms: i64) {
        match verified.secret_name() {
            Some(OLD) => self.old_last_used_unix_ms = now_unix_ms,
            _ => self.new_was_used = true,
        }
    }

    /// Whether the old secret may go: the provider has signed with the new one,
    /// and with the old one no more for as long as it may send anything again.
    #[must_use]
    pub fn old_may_go(&self, scheme: &Scheme, now_unix_ms: i64) -> bool {
        let quiet_ms = now_unix_ms.saturating_sub(self.old_last_used_unix_ms);
        let quiet = Duration::from_millis(u64::try_from(quiet_ms).unwrap_or(0));
        // A scheme's retention is longer than its provider goes on sending again.
        self.new_was_used && quiet >= scheme.profile().retention()
    }
}

#[cfg(test)]
mod tests;
