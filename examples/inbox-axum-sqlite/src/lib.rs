//! Books payments into a ledger, exactly once: the claim of an event is a row in the same
//! transaction as its booking.
//!
//! ```toml
//! [dependencies]
//! axum = "0.8"
//! countersign = { version = "0.1", features = ["axum", "serve", "sqlite"] }
//! rusqlite = "0.39"
//! serde = { version = "1", features = ["derive"] }
//! tokio = { version = "1", features = ["full"] }
//! ```

use std::error::Error;
use std::path::Path;

use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Router, http::StatusCode};
use countersign::inbox::{InboxReceiver, InboxTransaction};
use countersign::sqlite::{SqliteInbox, SqliteInboxConnection, SqliteTransaction};
use countersign::tower::InboxLayer;
use countersign::{ConfigError, Secret, Verified, Verifier, schemes};
use rusqlite::{Connection, params};
use serde::Deserialize;

/// Opens the ledger, and creates its tables and those of the inbox.
///
/// # Errors
///
/// An error of SQLite, or tables of another version.
pub fn open(path: &Path) -> Result<Connection, Box<dyn Error + Send + Sync>> {
    let connection = Connection::open(path)?;
    // FULL: a booking that was acknowledged survives a loss of power, too.
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")?;
    connection.execute_batch(SqliteInbox::migration())?;
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS ledger (
            payment TEXT NOT NULL,
            account TEXT NOT NULL,
            cents INTEGER NOT NULL
        ) STRICT",
    )?;
    SqliteInbox::check(&connection)?;
    Ok(connection)
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
pub fn layer(verifier: Verifier, ledger: Connection) -> InboxLayer<SqliteInboxConnection> {
    let inbox = SqliteInbox::new(&verifier).on(ledger);
    InboxLayer::new(InboxReceiver::new(verifier, inbox))
}

/// Receives deliveries of Stripe.
pub fn app(layer: InboxLayer<SqliteInboxConnection>) -> Router {
    Router::new().route("/", post(on_event)).layer(layer)
}

/// Runs once for each event. If it returns a 2xx, the layer commits the transaction; otherwise it
/// rolls back, and Stripe retries.
async fn on_event(
    verified: Verified,
    tx: InboxTransaction<SqliteTransaction>,
) -> Result<StatusCode, Failure> {
    if verified.event_type().is_none_or(|kind| kind.name != "payment_intent.succeeded") {
        return Ok(StatusCode::NO_CONTENT);
    }
    let payment = verified.json::<Event>()?.data.object;
    tx.execute(
        "INSERT INTO ledger (payment, account, cents) VALUES (?1, ?2, ?3)",
        params![payment.id, payment.customer, payment.amount],
    )?;
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
