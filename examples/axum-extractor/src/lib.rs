//! An axum handler that runs only for verified deliveries.
//!
//! ```toml
//! [dependencies]
//! axum = "0.8"
//! countersign = { version = "0.1", features = ["axum", "serve"] }
//! serde = { version = "1", features = ["derive"] }
//! tokio = { version = "1", features = ["full"] }
//! ```

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use countersign::axum::{Webhook, WebhookJson};
use countersign::{ConfigError, Secret, Verifier, schemes};
use serde::Deserialize;

/// Creates an app with two ways to extract a delivery of Stripe.
///
/// # Errors
///
/// [`ConfigError`] if the secret cannot be used.
pub fn app(secret: &str) -> Result<Router, ConfigError> {
    let verifier = Verifier::new(schemes::stripe(), Secret::new(secret)?)?;
    Ok(Router::new().route("/raw", post(raw)).route("/typed", post(typed)).with_state(verifier))
}

/// Extracts the signed bytes.
async fn raw(Webhook(verified): Webhook) -> StatusCode {
    println!("{}: {} bytes", verified.event_id(), verified.body().len());
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
}

/// Extracts parsed JSON. The body is parsed after verification.
async fn typed(WebhookJson { verified, event }: WebhookJson<Event>) -> StatusCode {
    println!("{}: {}", verified.event_id(), event.kind);
    StatusCode::NO_CONTENT
}

#[cfg(test)]
mod tests;
