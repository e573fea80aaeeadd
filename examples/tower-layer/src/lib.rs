//! A layer that verifies deliveries before the routes. The handlers get the original
//! body, and `Verified` in the extensions of the request.
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
use countersign::{ConfigError, Secret, Verified, Verifier, VerifyError, schemes};

/// Receives deliveries of GitHub.
///
/// # Errors
///
/// [`ConfigError`] if the secret cannot be used.
pub fn app(secret: &str) -> Result<Router, ConfigError> {
    let verifier = Verifier::new(schemes::github(), Secret::new(secret)?)?;
    let verify = VerifyLayer::new(verifier.with_body_timeout(Duration::from_secs(3)));
    Ok(Router::new().route("/", post(on_event)).layer(verify).layer(from_fn(log_rejections)))
}

/// Runs only for verified deliveries.
async fn on_event(Extension(verified): Extension<Verified>, body: Bytes) -> StatusCode {
    println!("{}: {} bytes", verified.event_id(), body.len());
    StatusCode::NO_CONTENT
}

/// Logs the reason of a rejection. The sender gets only the status. The reason is in
/// the extensions of the response.
async fn log_rejections(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if let Some(error) = response.extensions().get::<VerifyError>() {
        eprintln!("rejected: {}: {error}", error.code());
    }
    response
}

#[cfg(test)]
mod tests;
