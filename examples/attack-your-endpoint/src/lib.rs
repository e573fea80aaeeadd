//! An endpoint whose tests hold it against every attack: forged, stale, repeated
//! and broken deliveries.
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
//! The program of this example does as its test does, and prints every mark.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use countersign::tower::WebhookLayer;
use countersign::{ConfigError, Endpoint, MemoryStore, Receiver, Scheme, Secret, Verifier};

/// How many events were handled.
pub type Handled = Arc<AtomicUsize>;

/// Takes Stripe's deliveries, each event once.
///
/// # Errors
///
/// [`ConfigError`] where the secret cannot be used.
pub fn app(secret: &str, handled: &Handled) -> Result<Router, ConfigError> {
    let verifier = Verifier::new(Scheme::named("stripe")?, Secret::new(secret)?)?;
    let receiver = Receiver::new(verifier, MemoryStore::new(), Endpoint::new("stripe"));
    let app = Router::new().route("/hooks", post(on_event)).layer(WebhookLayer::new(receiver));
    Ok(app.with_state(Arc::clone(handled)))
}

async fn on_event(State(handled): State<Handled>) -> StatusCode {
    handled.fetch_add(1, Ordering::SeqCst);
    StatusCode::NO_CONTENT
}

#[cfg(test)]
mod tests;
