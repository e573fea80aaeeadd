//! An endpoint whose tests run every attack against it: forged, stale, replayed
//! and malformed deliveries.
//!
//! ```toml
//! [dependencies]
//! axum = "0.8"
//! countersign = { version = "0.1", features = ["tower"] }
//!
//! [dev-dependencies]
//! countersign = { version = "0.1", features = ["testing", "tower"] }
//! tokio = { version = "1", features = ["full", "test-util"] }
//! tower = { version = "0.5", features = ["util"] }
//! ```
//!
//! The program of this example runs the same attacks as its test, and prints every
//! result.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use countersign::tower::WebhookLayer;
use countersign::{ConfigError, MemoryStore, Receiver, Secret, Verifier, schemes};

/// The number of handled events.
pub type Handled = Arc<AtomicUsize>;

/// Handles each event of Stripe once.
///
/// # Errors
///
/// [`ConfigError`] if the secret cannot be used.
pub fn app(secret: &str, handled: &Handled) -> Result<Router, ConfigError> {
    let verifier = Verifier::new(schemes::stripe(), Secret::new(secret)?)?;
    let receiver = Receiver::new(verifier.with_endpoint("stripe"), MemoryStore::new());
    let app = Router::new().route("/hooks", post(on_event)).layer(WebhookLayer::new(receiver));
    Ok(app.with_state(Arc::clone(handled)))
}

async fn on_event(State(handled): State<Handled>) -> StatusCode {
    handled.fetch_add(1, Ordering::SeqCst);
    StatusCode::NO_CONTENT
}

#[cfg(test)]
mod tests;
