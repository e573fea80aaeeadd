//! Answers at once and publishes each event to a stream of NATS JetStream. A worker handles the
//! messages, each at least once.
//!
//! ```toml
//! [dependencies]
//! axum = "0.8"
//! countersign = { version = "0.1", features = ["axum", "serve", "sqlite"] }
//! countersign-nats = "0.1"
//! futures-util = "0.3"
//! tokio = { version = "1", features = ["full"] }
//! ```
//!
//! The claims are in a SQLite file of this machine. With several machines, use a store that they
//! share: `RedisStore`, `PostgresStore`.

mod worker;

use std::error::Error;
use std::time::Duration;

use axum::Router;
use countersign::queue::HandoffReceiver;
use countersign::sqlite::SqliteStore;
use countersign::tower::HandoffLayer;
use countersign::{ConfigError, Secret, Verifier, schemes};
use countersign_nats::JetStreamHandoff;
use countersign_nats::async_nats::jetstream::stream::{
    Config, DiscardPolicy, RetentionPolicy, Stream,
};
use countersign_nats::async_nats::jetstream::{self, Context};

pub use worker::Worker;

type Failure = Box<dyn Error + Send + Sync>;

/// The subject of the messages.
pub const SUBJECT: &str = "webhooks.jupiter";

/// Connects, and creates the stream unless it exists.
///
/// # Errors
///
/// An error of the server.
pub async fn connect(url: &str) -> Result<(Context, Stream), Failure> {
    let jetstream = jetstream::new(countersign_nats::async_nats::connect(url).await?);
    let stream = Config {
        name: "WEBHOOKS".to_owned(),
        subjects: vec!["webhooks.>".to_owned()],
        // A message that was acknowledged is deleted.
        retention: RetentionPolicy::WorkQueue,
        // If the workers are too slow, the sender retries later. The default would drop messages.
        discard: DiscardPolicy::New,
        max_messages: 100_000,
        // As long as the provider retries.
        duplicate_window: Duration::from_secs(24 * 60 * 60),
        ..Config::default()
    };
    let stream = jetstream.get_or_create_stream(stream).await?;
    Ok((jetstream, stream))
}

/// Creates the layer. Keep a clone for the shutdown: its `drain` waits for the hand-offs in progress.
///
/// # Errors
///
/// If the secret cannot be used, or the stream can lose messages.
pub async fn layer(
    secret: &str,
    jetstream: Context,
    claims: SqliteStore,
) -> Result<HandoffLayer<JetStreamHandoff<SqliteStore>>, Failure> {
    let verifier = Verifier::new(schemes::jupiter(), Secret::new(secret)?)?;
    let queue = JetStreamHandoff::new(jetstream, SUBJECT, claims).await?;
    Ok(HandoffLayer::new(HandoffReceiver::new(verifier.with_endpoint("jupiter"), queue)))
}

/// Receives deliveries of Jupiter: 202 once the message is in the stream.
///
/// # Errors
///
/// [`ConfigError`] if the provider reads the responses.
pub fn app(layer: &HandoffLayer<JetStreamHandoff<SqliteStore>>) -> Result<Router, ConfigError> {
    Ok(Router::new().route_service("/", layer.endpoint()?))
}

#[cfg(test)]
mod tests;
