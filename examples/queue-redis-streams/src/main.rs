//! Serves on port 3000 with the secret from `JUPITER_WEBHOOK_SECRET` and the stream at `REDIS_URL`,
//! until it is terminated.

use std::convert::Infallible;
use std::error::Error;
use std::time::Duration;

use countersign::queue::Message;
use countersign::redis::RedisStore;
use countersign::serve::{Serve, shutdown_signal};
use example_queue_redis_streams::Worker;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let secret = std::env::var("JUPITER_WEBHOOK_SECRET")
        .map_err(|_| "set JUPITER_WEBHOOK_SECRET to the webhook's secret")?;
    let url = std::env::var("REDIS_URL").unwrap_or_else(|_| "redis://127.0.0.1:6379".to_owned());

    let store = RedisStore::connect(&url).await?;
    // Warns at the start and every half minute if messages are at risk.
    tokio::spawn(store.watch(Duration::from_secs(30), |health| match health {
        Ok(health) => health.warnings.iter().for_each(|warning| eprintln!("redis: {warning}")),
        Err(error) => eprintln!("redis: {error:?}"),
    }));
    // The name of a worker must stay the same when it restarts, and differ from the others'.
    let name = std::env::var("HOSTNAME").unwrap_or_else(|_| "worker".to_owned());
    let mut worker = Worker::connect(&url, name).await?;
    let working = tokio::spawn(async move {
        loop {
            if let Err(error) = worker.work_once(Duration::from_secs(5), book).await {
                eprintln!("worker: {error}");
                tokio::time::sleep(Duration::from_secs(5)).await;
            }
        }
    });

    let layer = example_queue_redis_streams::layer(&secret, &store)?;
    let app = example_queue_redis_streams::app(&layer)?;
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    Serve::new(listener, app).with_graceful_shutdown(shutdown_signal()).await;
    layer.drain().await;
    // The message in progress stays pending, and is handled again.
    working.abort();
    Ok(())
}

async fn book(message: Message) -> Result<(), Infallible> {
    println!("{}: {} bytes", message.event_id(), message.body().len());
    Ok(())
}
