//! A custom idempotency store. `countersign::store::protocol` implements the protocol; a
//! store keeps the records, and makes each step atomic. The test runs the
//! conformance suite that every store passes.
//!
//! ```toml
//! [dependencies]
//! axum = "0.8"
//! countersign = { version = "0.1", features = ["axum", "serve"] }
//! tokio = { version = "1", features = ["full"] }
//!
//! [dev-dependencies]
//! countersign = { version = "0.1", features = ["testing"] }
//! countersign-conformance = "0.1"
//! ```

mod store;

use axum::Router;
use axum::extract::Extension;
use axum::http::StatusCode;
use axum::routing::post;
use countersign::tower::WebhookLayer;
use countersign::{ConfigError, Grant, Receiver, Secret, SystemClock, Verified, Verifier, schemes};

pub use store::MapStore;

/// Handles each event of Jupiter once. Call [`drain`](WebhookLayer::drain) on the
/// returned layer when the app shuts down.
///
/// # Errors
///
/// [`ConfigError`] if the secret cannot be used.
pub fn app(secret: &str) -> Result<(Router, WebhookLayer<MapStore>), ConfigError> {
    let verifier = Verifier::new(schemes::jupiter(), Secret::new(secret)?)?;
    let store = MapStore::new(MAX_EVENTS, SystemClock::new());
    let receiver = Receiver::new(verifier.with_endpoint("jupiter"), store);
    let layer = WebhookLayer::new(receiver);
    Ok((Router::new().route("/", post(on_event)).layer(layer.clone()), layer))
}

/// Runs once for each event. The returned status settles the event.
async fn on_event(verified: Verified, Extension(grant): Extension<Grant>) -> StatusCode {
    println!("{}, attempt {}", verified.event_id(), grant.attempt);
    StatusCode::NO_CONTENT
}

const MAX_EVENTS: usize = 100_000;

#[cfg(test)]
mod tests;
