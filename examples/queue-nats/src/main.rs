//! Serves on port 3000 with the secret from `JUPITER_WEBHOOK_SECRET`, the stream at `NATS_URL`, and the
//! claims in the file `CLAIMS`, until it is terminated.

use std::convert::Infallible;
use std::error::Error;
use std::time::Duration;

use countersign::queue::Message;
use countersign::serve::{Serve, shutdown_signal};
use countersign::sqlite::SqliteStore;
use example_queue_nats::Worker;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let secret = std::env::var("JUPITER_WEBHOOK_SECRET")
        .map_err(|_| "set JUPITER_WEBHOOK_SECRET to the webhook's secret")?;
    let url = std::env::var("NATS_URL").unwrap_or_else(|_| "nats://127.0.0.1:4222".to_owned());

    let (jetstream, stream) = example_queue_nats::connect(&url).await?;
    let worker = Worker::new(&stream).await?;
    let working = tokio::spawn(async move {
        loop {
            if let Err(error) = worker.work_once(Duration::from_secs(5), book).await {
                eprintln!("worker: {error}");
                tokio::time::sleep(Duration::from_secs(5)).await;
            }
        }
    });

    let claims = std::env::var("CLAIMS").unwrap_or_else(|_| "claims.db".to_owned());
    let claims = SqliteStore::open(claims)?;
    let layer = example_queue_nats::layer(&secret, jetstream, claims).await?;
    let app = example_queue_nats::app(&layer)?;
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    Serve::new(listener, app).with_graceful_shutdown(shutdown_signal()).await;
    layer.drain().await;
    // The message in progress is not acknowledged, and is handled again.
    working.abort();
    Ok(())
}

async fn book(message: Message) -> Result<(), Infallible> {
    println!("{}: {} bytes", message.event_id(), message.body().len());
    Ok(())
}
