//! Serves on port 3000 with the secret from `STRIPE_WEBHOOK_SECRET` and the tables in the database
//! `DATABASE_URL` (`postgres://user:password@host/database`), until it is terminated.

use std::error::Error;
use std::time::Duration;

use countersign::postgres::PostgresInbox;
use countersign::postgres::deadpool_postgres::Pool;
use countersign::serve::{Serve, shutdown_signal};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let secret = std::env::var("STRIPE_WEBHOOK_SECRET")
        .map_err(|_| "set STRIPE_WEBHOOK_SECRET to the endpoint's signing secret")?;
    let url =
        std::env::var("DATABASE_URL").map_err(|_| "set DATABASE_URL to that of the ledger")?;

    let verifier = example_queue_postgres::verifier(&secret)?;
    let pool = example_queue_postgres::connect(&url).await?;
    tokio::spawn(purge(PostgresInbox::new(&verifier), pool.clone()));
    let jobs = pool.clone();
    let worker = tokio::spawn(async move { example_queue_postgres::work(&jobs).await });

    let layer = example_queue_postgres::layer(verifier, pool);
    let app = example_queue_postgres::app(&layer)?;
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    Serve::new(listener, app).with_graceful_shutdown(shutdown_signal()).await;
    layer.drain().await;
    // Its job is rolled back, and the next process has it.
    worker.abort();
    Ok(())
}

/// Deletes expired rows of the inbox once an hour, in small transactions.
async fn purge(inbox: PostgresInbox, pool: Pool) {
    let mut hours = tokio::time::interval(Duration::from_secs(60 * 60));
    loop {
        hours.tick().await;
        if let Err(error) = purge_once(&inbox, &pool).await {
            eprintln!("purge: {error}");
        }
    }
}

async fn purge_once(
    inbox: &PostgresInbox,
    pool: &Pool,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let client = pool.get().await?;
    while inbox.purge(&client, 1_000).await? > 0 {}
    Ok(())
}
