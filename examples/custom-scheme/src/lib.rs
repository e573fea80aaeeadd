//! A custom scheme for a provider that is not built in, in code and in a file.
//!
//! ```toml
//! [dependencies]
//! countersign = { version = "0.1", features = ["serde"] }
//! ```
//!
//! The feature `serde` is needed only for the file.

use std::time::Duration;

use countersign::scheme::{Retries, TimestampUnit};
use countersign::{ConfigError, Scheme};

/// Creates the scheme with the builder.
///
/// # Errors
///
/// [`ConfigError::Scheme`] names the setting to fix.
pub fn acme() -> Result<Scheme, ConfigError> {
    Scheme::builder("acme")
        .title("Acme")
        .source("Acme, Receiving webhooks")
        .signature_header("X-Acme-Signature")
        .signature_pairs(',', '=', "v1")
        .signed_payload("{ts}.{body}")
        .timestamp_field("t", TimestampUnit::Seconds)
        .tolerance(minutes(2))
        .event_id("body:/id")
        .identity_basis("`id`, which every retry of an event keeps (Acme, Receiving webhooks)")
        .event_type("body:/type")
        .body_limit(64 * 1024)
        .ack_deadline(Duration::from_secs(10))
        .retries(Retries::After(vec![minutes(1), minutes(10), minutes(60)]))
        .build()
}

/// Reads the same scheme from a file.
///
/// # Errors
///
/// [`ConfigError::Toml`] names the line and the key to fix.
pub fn acme_from_file() -> Result<Scheme, ConfigError> {
    Scheme::from_toml(include_str!("../acme.toml"))
}

const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

#[cfg(test)]
mod tests;
