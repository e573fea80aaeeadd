//! Serves on port 3000 with the secret from `GITHUB_WEBHOOK_SECRET`, until it is terminated.

use std::error::Error;

use countersign::serve::{Serve, shutdown_signal};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let secret = std::env::var("GITHUB_WEBHOOK_SECRET")
        .map_err(|_| "set GITHUB_WEBHOOK_SECRET to the webhook's secret")?;
    let app = example_tower_layer::app(&secret)?;
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    Serve::new(listener, app).with_graceful_shutdown(shutdown_signal()).await;
    Ok(())
}
