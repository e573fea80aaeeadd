//! Serves on port 3000 with the secret from `STRIPE_WEBHOOK_SECRET`, until it is terminated.

use std::error::Error;

use countersign::Secret;
use countersign::serve::{Serve, shutdown_signal};
use example_opentelemetry::{app, exporter, traces};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let secret = std::env::var("STRIPE_WEBHOOK_SECRET")
        .map_err(|_| "set STRIPE_WEBHOOK_SECRET to the endpoint's secret")?;
    let (subscriber, provider) = traces(exporter()?);
    tracing::subscriber::set_global_default(subscriber)?;

    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    let app = app(Secret::new(secret)?)?;
    Serve::new(listener, app).with_graceful_shutdown(shutdown_signal()).await;
    // It waits for the collector, so it must not block the runtime.
    tokio::task::spawn_blocking(move || provider.shutdown()).await??;
    Ok(())
}
