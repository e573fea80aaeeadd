//! Serves on port 3000 with the secret from `JUPITER_WEBHOOK_SECRET`, until it is
//! terminated, and then finishes the remaining jobs.

use std::convert::Infallible;
use std::error::Error;

use countersign::Verified;
use countersign::serve::{Serve, shutdown_signal};
use example_worker_handoff::{app, work};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let secret = std::env::var("JUPITER_WEBHOOK_SECRET")
        .map_err(|_| "set JUPITER_WEBHOOK_SECRET to the webhook's secret")?;
    let (app, jobs) = app(&secret, 1000)?;
    let worker = tokio::spawn(work(jobs, book));
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    Serve::new(listener, app).with_graceful_shutdown(shutdown_signal()).await;
    // The app is dropped; the worker ends after it has done the remaining jobs.
    worker.await?;
    Ok(())
}

async fn book(verified: Verified) -> Result<(), Infallible> {
    println!("{}: {} bytes", verified.event_id(), verified.body().len());
    Ok(())
}
