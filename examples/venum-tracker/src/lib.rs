//! Tracks Venum transactions from landed to finalized or failed.
//!
//! Venum sends an event for each step of a transaction. It may send an event again,
//! or a later step before an earlier one. The layer deduplicates the steps. The key
//! of an event is the signature of the transaction with the type, because with the
//! signature alone `finalized` would be a duplicate of `processed`. The tracker
//! handles the order (`tracker.rs`).
//!
//! ```toml
//! [dependencies]
//! axum = "0.8"
//! countersign = { version = "0.1", features = ["serve", "tower"] }
//! serde = { version = "1", features = ["derive"] }
//! serde_json = "1"
//! tokio = { version = "1", features = ["full"] }
//! ```

mod tracker;

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use countersign::tower::WebhookLayer;
use countersign::{ConfigError, MemoryStore, Receiver, Secret, Verifier, schemes};

pub use tracker::{Event, Recorded, Step, Tracker, Transaction};

/// Receives deliveries of Venum at `/hooks/venum`, and shows the state of a
/// transaction at `/transactions/{signature}`. It remembers at most `room`
/// transactions.
///
/// # Errors
///
/// [`ConfigError`] if the secret cannot be used.
pub fn app(secret: &str, room: usize) -> Result<Router, ConfigError> {
    let verifier = Verifier::new(schemes::venum(), Secret::new(secret)?)?;
    let receiver = Receiver::new(verifier.with_endpoint("venum"), MemoryStore::new());
    let hook = post(on_event).layer(WebhookLayer::new(receiver));
    Ok(Router::new()
        .route("/hooks/venum", hook)
        .route("/transactions/{signature}", get(show))
        .with_state(Shared::new(Tracker::with_room(room).into())))
}

type Shared = Arc<Mutex<Tracker>>;

/// Runs once for each step. The body is the signed body.
async fn on_event(State(tracker): State<Shared>, body: Bytes) -> StatusCode {
    match serde_json::from_slice::<Event>(&body) {
        Ok(event) => {
            let signature = event.signature.clone();
            let recorded = tracker.lock().unwrap_or_else(PoisonError::into_inner).note(event);
            if recorded == Recorded::Contradiction {
                eprintln!("{signature}: both finalized and failed");
            }
            StatusCode::NO_CONTENT
        }
        // The event is genuine, but a retry would not help: it may be a new type of event.
        Err(error) => {
            eprintln!("an event cannot be parsed: {error}");
            StatusCode::NO_CONTENT
        }
    }
}

async fn show(
    State(tracker): State<Shared>,
    Path(signature): Path<String>,
) -> Result<Json<Transaction>, StatusCode> {
    let tracker = tracker.lock().unwrap_or_else(PoisonError::into_inner);
    tracker.transaction(&signature).cloned().map(Json).ok_or(StatusCode::NOT_FOUND)
}

#[cfg(test)]
mod tests;
