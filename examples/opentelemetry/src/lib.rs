//! An app whose deliveries are traces of OpenTelemetry. They are sent to a collector with OTLP over
//! HTTP.
//!
//! ```toml
//! [dependencies]
//! axum = "0.8"
//! countersign = { version = "0.1", features = ["axum", "serve", "tracing"] }
//! opentelemetry = "0.33"
//! opentelemetry-otlp = "0.33"
//! opentelemetry_sdk = "0.33"
//! tokio = { version = "1", features = ["full"] }
//! tracing = "0.1"
//! tracing-opentelemetry = "0.34"
//! tracing-subscriber = "0.3"
//! ```

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use countersign::tower::WebhookLayer;
use countersign::{ConfigError, MemoryStore, Receiver, Secret, Verified, Verifier, schemes};
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Subscriber;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry;

/// Receives deliveries of Stripe.
///
/// # Errors
///
/// [`ConfigError`] if the secret cannot be used.
pub fn app(secret: Secret) -> Result<Router, ConfigError> {
    let verifier = Verifier::new(schemes::stripe(), secret)?;
    let hooks = WebhookLayer::new(Receiver::new(verifier, MemoryStore::new()));
    Ok(Router::new().route("/hooks/stripe", post(on_event).layer(hooks)))
}

/// Runs once for each event, in the span of its delivery, so its own spans are children of that.
#[tracing::instrument(skip_all, fields(bytes = verified.body().len()))]
async fn on_event(verified: Verified) -> StatusCode {
    tracing::info!("booked");
    StatusCode::NO_CONTENT
}

/// Sends spans to the collector at `OTEL_EXPORTER_OTLP_ENDPOINT`, or to `http://localhost:4318`.
///
/// # Errors
///
/// [`ExporterBuildError`] if the address of the collector is not a URL.
pub fn exporter() -> Result<SpanExporter, ExporterBuildError> {
    SpanExporter::builder().with_http().build()
}

/// A subscriber for [`set_global_default`](tracing::subscriber::set_global_default), and what has to
/// be shut down at the end of the program: it sends the spans that are left.
pub fn traces(exporter: SpanExporter) -> (impl Subscriber + Send + Sync, SdkTracerProvider) {
    let resource = Resource::builder().with_service_name("shop").build();
    let provider =
        SdkTracerProvider::builder().with_resource(resource).with_batch_exporter(exporter).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("shop"));
    (registry().with(layer), provider)
}

#[cfg(test)]
mod tests;
