//! Serves on port 3000 with the secret from `PERPS_WEBHOOK_SECRET`, and posts to
//! the channel's webhook in `DISCORD_WEBHOOK_URL`, until it is terminated. Then it
//! posts the remaining trades.

use std::error::Error;

use countersign::serve::{Serve, shutdown_signal};
use example_perps_discord::{Discord, app, post_trades};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let secret = std::env::var("PERPS_WEBHOOK_SECRET")
        .map_err(|_| "set PERPS_WEBHOOK_SECRET to the webhook's secret")?;
    let url = std::env::var("DISCORD_WEBHOOK_URL")
        .map_err(|_| "set DISCORD_WEBHOOK_URL to the URL of the channel's webhook")?;
    let discord = Discord::new(&url)?;
    let (app, trades) = app(&secret, 1000)?;
    let poster = tokio::spawn(async move { post_trades(trades, &discord).await });
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    Serve::new(listener, app).with_graceful_shutdown(shutdown_signal()).await;
    // The app is dropped; the poster ends after it has posted the remaining trades.
    poster.await?;
    Ok(())
}
