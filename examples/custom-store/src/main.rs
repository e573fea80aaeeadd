//! Serves on port 3000 with the secret from `JUPITER_WEBHOOK_SECRET`, until it is
//! terminated, and then waits for the handlers in progress.

use std::error::Error;

use countersign::serve::{Serve, shutdown_signal};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let secret = std::env::var("JUPITER_WEBHOOK_SECRET")
        .map_err(|_| "set JUPITER_WEBHOOK_SECRET to the webhook's secret")?;
    let (app, layer) = example_custom_store::app(&secret)?;
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    Serve::new(listener, app).with_graceful_shutdown(shutdown_signal()).await;
    layer.drain().await;
    Ok(())
}
