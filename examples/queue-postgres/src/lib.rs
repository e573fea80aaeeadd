//! Answers Stripe before a payment is booked, and loses none: the claim of an event and its job are
//! rows of one transaction. A worker books the payment in the transaction that deletes the job, so it
//! is booked exactly once.
//!
//! ```toml
//! [dependencies]
//! axum = "0.8"
//! countersign = { version = "0.1", features = ["axum", "postgres", "serve"] }
//! serde = { version = "1", features = ["derive"] }
//! serde_json = "1"
//! tokio = { version = "1", features = ["full"] }
//! ```

mod worker;

use std::error::Error;

use axum::Router;
use countersign::postgres::deadpool_postgres::{Manager, Pool};
use countersign::postgres::tokio_postgres::NoTls;
use countersign::postgres::{EnqueueFuture, PostgresHandoff, PostgresInbox, PostgresTransaction};
use countersign::queue::{HandoffReceiver, Message};
use countersign::tower::HandoffLayer;
use countersign::{ConfigError, Secret, Verifier, schemes};

pub use worker::{work, work_once};

/// Connects to the database, and creates the tables of the jobs, of the ledger and of the inbox.
///
/// # Errors
///
/// An error of the URL, of the connection or of a statement.
pub async fn connect(url: &str) -> Result<Pool, Box<dyn Error + Send + Sync>> {
    let pool = Pool::builder(Manager::new(url.parse()?, NoTls)).max_size(16).build()?;
    let client = pool.get().await?;
    client.batch_execute(PostgresInbox::migration()).await?;
    client
        .batch_execute(
            "CREATE TABLE IF NOT EXISTS jobs (
                id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                run_at timestamptz NOT NULL DEFAULT now(),
                attempts int4 NOT NULL DEFAULT 0,
                message bytea NOT NULL
            );
            CREATE INDEX IF NOT EXISTS jobs_run_at ON jobs (run_at, id);
            CREATE TABLE IF NOT EXISTS ledger (
                payment text NOT NULL,
                account text NOT NULL,
                cents int8 NOT NULL
            )",
        )
        .await?;
    PostgresInbox::check(&client).await?;
    Ok(pool)
}

/// The verifier of the endpoint.
///
/// # Errors
///
/// [`ConfigError`] if the secret cannot be used.
pub fn verifier(secret: &str) -> Result<Verifier, ConfigError> {
    Ok(Verifier::new(schemes::stripe(), Secret::new(secret)?)?.with_endpoint("payments"))
}

/// Creates the layer. Keep a clone for the shutdown: its `drain` waits for the transactions in
/// progress.
#[must_use]
pub fn layer(verifier: Verifier, pool: Pool) -> HandoffLayer<PostgresHandoff> {
    let queue = PostgresInbox::new(&verifier).on(pool).hand_off(enqueue);
    HandoffLayer::new(HandoffReceiver::new(verifier, queue))
}

/// Receives deliveries of Stripe: 202 once the job is committed.
///
/// # Errors
///
/// [`ConfigError`] if the provider reads the responses.
pub fn app(layer: &HandoffLayer<PostgresHandoff>) -> Result<Router, ConfigError> {
    Ok(Router::new().route_service("/", layer.endpoint()?))
}

/// Adds a job in the transaction of the claim, which is committed after this.
fn enqueue<'a>(tx: &'a PostgresTransaction, message: &'a Message) -> EnqueueFuture<'a> {
    Box::pin(async move {
        let insert = tx.prepare_cached("INSERT INTO jobs (message) VALUES ($1)").await?;
        tx.execute(&insert, &[&message.to_bytes()]).await?;
        Ok(())
    })
}

#[cfg(test)]
mod tests;
