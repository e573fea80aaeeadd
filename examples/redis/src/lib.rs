//! Several processes share the work of one endpoint. The process that gets a delivery
//! claims its event in Redis, and the handler runs once.
//!
//! ```toml
//! [dependencies]
//! axum = "0.8"
//! countersign = { version = "0.1", features = ["axum", "redis", "serve"] }
//! tokio = { version = "1", features = ["full"] }
//! ```

use axum::extract::Extension;
use axum::routing::post;
use axum::{Router, http::StatusCode};
use countersign::redis::RedisStore;
use countersign::tower::WebhookLayer;
use countersign::{ConfigError, Grant, Receiver, Secret, Verified, Verifier, schemes};

/// Creates the layer for the handler. Keep a clone for the shutdown: its `drain`
/// waits for the handlers in progress.
///
/// # Errors
///
/// [`ConfigError`] if the secret cannot be used.
pub fn layer(secret: &str, store: RedisStore) -> Result<WebhookLayer<RedisStore>, ConfigError> {
    let verifier = Verifier::new(schemes::stripe(), Secret::new(secret)?)?;
    // All processes of this endpoint must use the same name.
    Ok(WebhookLayer::new(Receiver::new(verifier.with_endpoint("payments"), store)))
}

/// Receives deliveries of Stripe.
pub fn app(layer: WebhookLayer<RedisStore>) -> Router {
    Router::new().route("/", post(on_event)).layer(layer)
}

/// Runs once for each event.
async fn on_event(verified: Verified, Extension(grant): Extension<Grant>) -> StatusCode {
    if grant.reclaimed {
        // An earlier attempt crashed. Its effect may have happened already.
        println!("{}: attempt {}", verified.event_id(), grant.attempt);
    }
    StatusCode::NO_CONTENT
}

#[cfg(test)]
mod tests;
