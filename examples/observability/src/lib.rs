//! An app with observability for its deliveries: a log of spans and events, metrics
//! for Prometheus, alert rules for it in `alerts.yml`, and a dashboard for Grafana in
//! `dashboard.json`.
//!
//! ```toml
//! [dependencies]
//! axum = "0.8"
//! countersign = { version = "0.1", features = ["axum", "metrics", "serve", "tracing"] }
//! metrics-exporter-prometheus = { version = "0.18", default-features = false }
//! tokio = { version = "1", features = ["full"] }
//! tracing = "0.1"
//! tracing-subscriber = "0.3"
//! ```

mod scrape;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use countersign::tower::WebhookLayer;
use countersign::{ConfigError, MemoryStore, Receiver, Secrets, Verified, Verifier, schemes};

pub use scrape::Scrape;

/// Receives deliveries of Venum. The secrets have names, so that the metrics show
/// which secrets are still used.
///
/// # Errors
///
/// [`ConfigError`] if a secret cannot be used.
pub fn app(secrets: impl Into<Secrets>) -> Result<Router, ConfigError> {
    let verifier = Verifier::new(schemes::venum(), secrets)?;
    let receiver = Receiver::new(verifier.with_endpoint("trades"), MemoryStore::new());
    let hooks = Router::new().route("/hooks/venum", post(on_event));
    Ok(hooks.layer(WebhookLayer::new(receiver)))
}

/// Runs once for each event. Its log messages are in the span of the delivery.
async fn on_event(verified: Verified) -> StatusCode {
    tracing::info!(bytes = verified.body().len(), "booked");
    StatusCode::NO_CONTENT
}

/// The endpoint for Prometheus. Serve it on a separate port that is not public.
pub fn metrics(scrape: Scrape) -> Router {
    Router::new().route("/metrics", get(async move || scrape.text()))
}

#[cfg(test)]
mod tests;
