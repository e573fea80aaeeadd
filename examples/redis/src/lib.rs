//! Several processes share the work of one endpoint: whichever gets a delivery
//! claims its event on Redis, and the handler runs once.
//!
//! ```toml
//! [dependencies]
//! axum = "0.8"
//! countersign = { version = "0.1", features = ["redis", "serve", "tower"] }
//! tokio = { version = "1", features = ["full"] }
//! ```

use axum::extract::Extension;
use axum::routing::post;
use axum::{Router, http::StatusCode};
use countersign::redis::RedisStore;
use countersign::tower::WebhookLayer;
use countersign::{ConfigError, Endpoint, Grant, Receiver, Scheme, Secret, Verified, Verifier};

/// What runs in front of the handler. Keep a clone for the end: its `drain`
/// waits for what is in hand.
///
/// # Errors
///
/// [`ConfigError`] where the secret cannot be used.
pub fn layer(secret: &str, store: RedisStore) -> Result<WebhookLayer<RedisStore>, ConfigError> {
    let verifier = Verifier::new(Scheme::named("stripe")?, Secret::new(secret)?)?;
    // All processes of this endpoint give it the same name.
    Ok(WebhookLayer::new(Receiver::new(verifier, store, Endpoint::new("payments"))))
}

/// Takes Stripe's deliveries.
pub fn app(layer: WebhookLayer<RedisStore>) -> Router {
    Router::new().route("/", post(on_event)).layer(layer)
}

/// Runs once for each event, in a task of its own.
async fn on_event(
    Extension(verified): Extension<Verified>,
    Extension(grant): Extension<Grant>,
) -> StatusCode {
    if grant.reclaimed {
        // An earlier attempt died with the event in hand: its effect may be there already.
        println!("{}: attempt {}", verified.event_id(), grant.epoch);
    }
    StatusCode::NO_CONTENT
}

#[cfg(test)]
mod tests;
