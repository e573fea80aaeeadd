//! A layer that verifies in front of the routes: the handlers behind it find
//! the body as it was sent, and the proof in the request's extensions.
//!
//! ```toml
//! [dependencies]
//! axum = "0.8"
//! countersign = { version = "0.1", features = ["serve", "tower"] }
//! tokio = { version = "1", features = ["full"] }
//! ```

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Extension, Request};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::post;
use axum::{Router, http::StatusCode};
use countersign::tower::VerifyLayer;
use countersign::{ConfigError, Scheme, Secret, Verified, Verifier, VerifyError};

/// Takes GitHub's deliveries.
///
/// # Errors
///
/// [`ConfigError`] where the secret cannot be used.
pub fn app(secret: &str) -> Result<Router, ConfigError> {
    let verifier = Verifier::new(Scheme::named("github")?, Secret::new(secret)?)?;
    let verify = VerifyLayer::new(verifier).with_body_timeout(Duration::from_secs(3));
    Ok(Router::new().route("/", post(on_event)).layer(verify).layer(from_fn(log_refusals)))
}

/// Runs for proved deliveries only.
async fn on_event(Extension(verified): Extension<Verified>, body: Bytes) -> StatusCode {
    println!("{}: {} bytes", verified.event_id(), body.len());
    StatusCode::NO_CONTENT
}

/// The sender is told a status and no more. The reason is in the response's
/// extensions, and for the log.
async fn log_refusals(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if let Some(error) = response.extensions().get::<VerifyError>() {
        eprintln!("refused: {}: {error}", error.code());
    }
    response
}

#[cfg(test)]
mod tests;
