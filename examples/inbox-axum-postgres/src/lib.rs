//! Books payments into a ledger in Postgres, exactly once: the claim of an event is a row in the same
//! transaction as its booking.
//!
//! ```toml
//! [dependencies]
//! axum = "0.8"
//! countersign = { version = "0.1", features = ["axum", "postgres", "serve"] }
//! serde = { version = "1", features = ["derive"] }
//! tokio = { version = "1", features = ["full"] }
//! ```

use std::error::Error;

use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Router, http::StatusCode};
use countersign::inbox::{InboxReceiver, InboxTransaction};
use countersign::postgres::deadpool_postgres::{Manager, Pool};
use countersign::postgres::tokio_postgres::NoTls;
use countersign::postgres::{PostgresInbox, PostgresInboxPool, PostgresTransaction};
use countersign::tower::InboxLayer;
use countersign::{ConfigError, Secret, Verified, Verifier, schemes};
use serde::Deserialize;

/// Connects to the database, and creates the table of the ledger and those of the inbox. A handler has
/// a connection to itself while it runs.
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
            "CREATE TABLE IF NOT EXISTS ledger (
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

/// Creates the layer for the handler. Keep a clone for the shutdown: its `drain` waits for the
/// transactions in progress.
#[must_use]
pub fn layer(verifier: Verifier, ledger: Pool) -> InboxLayer<PostgresInboxPool> {
    let inbox = PostgresInbox::new(&verifier).on(ledger);
    InboxLayer::new(InboxReceiver::new(verifier, inbox))
}

/// Receives deliveries of Stripe.
pub fn app(layer: InboxLayer<PostgresInboxPool>) -> Router {
    Router::new().route("/", post(on_event)).layer(layer)
}

/// Runs once for each event. If it returns a 2xx, the layer commits the transaction; otherwise it
/// rolls back, and Stripe retries.
async fn on_event(
    verified: Verified,
    tx: InboxTransaction<PostgresTransaction>,
) -> Result<StatusCode, Failure> {
    if verified.event_type().is_none_or(|kind| kind.name != "payment_intent.succeeded") {
        return Ok(StatusCode::NO_CONTENT);
    }
    let payment = verified.json::<Event>()?.data.object;
    let insert = "INSERT INTO ledger (payment, account, cents) VALUES ($1, $2, $3)";
    let insert = tx.prepare_cached(insert).await?;
    tx.execute(&insert, &[&payment.id, &payment.customer, &payment.amount]).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
struct Event {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    object: Payment,
}

#[derive(Deserialize)]
struct Payment {
    id: String,
    customer: String,
    amount: i64,
}

/// Any error of the handler: the response is 500, which is rolled back and retried.
struct Failure(Box<dyn Error + Send + Sync>);

impl<E: Into<Box<dyn Error + Send + Sync>>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        eprintln!("rolled back: {}", self.0);
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}

#[cfg(test)]
mod tests;
