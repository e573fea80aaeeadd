//! Serves on port 3000 with the secret from `VENUM_WEBHOOK_SECRET`, and the
//! metrics on port 9464, until it is terminated.

use std::error::Error;

use countersign::Secret;
use countersign::serve::{Serve, shutdown_signal};
use example_observability::{Scrape, app, metrics};
use tokio::net::TcpListener;
use tokio::spawn;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let secret = std::env::var("VENUM_WEBHOOK_SECRET")
        .map_err(|_| "set VENUM_WEBHOOK_SECRET to the webhook's secret")?;
    tracing_subscriber::fmt().with_max_level(tracing::Level::DEBUG).init();
    let scrape = Scrape::install()?;
    spawn(scrape.clone().keep());

    let asked = TcpListener::bind("127.0.0.1:9464").await?;
    spawn(Serve::new(asked, metrics(scrape)).into_future());
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    let app = app(Secret::new(secret)?.named("current"))?;
    Serve::new(listener, app).with_graceful_shutdown(shutdown_signal()).await;
    Ok(())
}
