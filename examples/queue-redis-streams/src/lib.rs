//! Answers at once and stores each event in a Redis stream, in one script with its claim. The
//! workers of a consumer group handle the messages, each at least once.
//!
//! ```toml
//! [dependencies]
//! axum = "0.8"
//! countersign = { version = "0.1", features = ["axum", "redis", "serve"] }
//! redis = { version = "1", features = ["connection-manager", "tokio-comp"] }
//! tokio = { version = "1", features = ["full"] }
//! ```
//!
//! Start the server with `--appendonly yes`, and with `--appendfsync always` if an event that was
//! answered must survive a loss of power.

mod worker;

use std::error::Error;

use axum::Router;
use countersign::queue::HandoffReceiver;
use countersign::redis::{RedisStore, RedisStreamHandoff};
use countersign::tower::HandoffLayer;
use countersign::{ConfigError, Secret, Verifier, schemes};

pub use worker::Worker;

/// The key of the stream.
pub const STREAM: &str = "webhooks";

/// Creates the layer. Keep a clone for the shutdown: its `drain` waits for the hand-offs in progress.
///
/// # Errors
///
/// If the secret cannot be used.
pub fn layer(
    secret: &str,
    store: &RedisStore,
) -> Result<HandoffLayer<RedisStreamHandoff>, Box<dyn Error + Send + Sync>> {
    let verifier = Verifier::new(schemes::jupiter(), Secret::new(secret)?)?;
    // If the workers are too slow, the sender retries later.
    let queue = store.stream(STREAM)?.with_max_length(100_000);
    Ok(HandoffLayer::new(HandoffReceiver::new(verifier.with_endpoint("jupiter"), queue)))
}

/// Receives deliveries of Jupiter: 202 once the message is in the stream.
///
/// # Errors
///
/// [`ConfigError`] if the provider reads the responses.
pub fn app(layer: &HandoffLayer<RedisStreamHandoff>) -> Result<Router, ConfigError> {
    Ok(Router::new().route_service("/", layer.endpoint()?))
}

#[cfg(test)]
mod tests;
