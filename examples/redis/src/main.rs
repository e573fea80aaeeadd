//! Serves on port 3000 with the secret from `STRIPE_WEBHOOK_SECRET` and the
//! store at `REDIS_URL`, until it is terminated.

use std::error::Error;
use std::time::Duration;

use countersign::redis::RedisStore;
use countersign::serve::{Serve, shutdown_signal};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let secret = std::env::var("STRIPE_WEBHOOK_SECRET")
        .map_err(|_| "set STRIPE_WEBHOOK_SECRET to the endpoint's signing secret")?;
    let url = std::env::var("REDIS_URL").unwrap_or_else(|_| "redis://127.0.0.1:6379".to_owned());

    let store = RedisStore::connect(&url).await?;
    // Warns at the start and every half minute if records are at risk.
    tokio::spawn(store.watch(Duration::from_secs(30), |health| match health {
        Ok(health) => health.warnings.iter().for_each(|warning| eprintln!("redis: {warning}")),
        Err(error) => eprintln!("redis: {error:?}"),
    }));

    let layer = example_redis::layer(&secret, store)?;
    let app = example_redis::app(layer.clone());
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    Serve::new(listener, app).with_graceful_shutdown(shutdown_signal()).await;
    // Handlers can outlive their connections, and the server does not wait for them.
    layer.drain().await;
    Ok(())
}
