//! Responds immediately, and lets a worker do work that takes longer than the
//! timeout of the sender. The claim is passed to the worker, so that a duplicate
//! that arrives in the meantime is not handled.
//!
//! A sender does not retry after a 202. The events in the channel are in the memory
//! of this process, and are lost if it dies. If an event must not be lost, hand it
//! off to a persistent queue, as the examples `queue-postgres` and
//! `queue-redis-streams` do.
//!
//! ```toml
//! [dependencies]
//! axum = "0.8"
//! countersign = { version = "0.1", features = ["axum", "serve"] }
//! tokio = { version = "1", features = ["full"] }
//! ```

mod worker;

use std::time::Duration;

use axum::Router;
use axum::extract::Extension;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use countersign::axum::ClaimedWebhook;
use countersign::{ConfigError, MemoryStore, Receiver, Secret, Verifier, schemes};
use tokio::sync::mpsc::{self, error::TrySendError};

pub use worker::{Job, work};

/// Creates an app that receives deliveries of Jupiter, and a channel with jobs for
/// [`work`]. At most `room` jobs can wait.
///
/// # Errors
///
/// [`ConfigError`] if the secret cannot be used.
///
/// # Panics
///
/// If `room` is 0.
pub fn app(secret: &str, room: usize) -> Result<(Router, mpsc::Receiver<Job>), ConfigError> {
    let verifier = Verifier::new(schemes::jupiter(), Secret::new(secret)?)?;
    let receiver = Receiver::new(verifier.with_endpoint("jupiter"), MemoryStore::new())
        .with_lease(MAX_WORKER_WAIT);
    let (jobs, taken) = mpsc::channel(room);
    let app = Router::new().route("/", post(on_event)).layer(Extension(jobs));
    Ok((app.with_state(receiver), taken))
}

/// Passes the delivery to the worker and responds with 202. If the channel is full,
/// releases the event and asks the sender to retry.
async fn on_event(
    jobs: Extension<mpsc::Sender<Job>>,
    ClaimedWebhook { verified, claim, .. }: ClaimedWebhook,
) -> Response {
    match jobs.try_send(Job { verified, claim }) {
        Ok(()) => StatusCode::ACCEPTED.into_response(),
        Err(TrySendError::Full(job) | TrySendError::Closed(job)) => {
            // If this fails, it is retried in the background.
            let _ = job.claim.release().await;
            (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "5")]).into_response()
        }
    }
}

/// The lease must cover the wait, because a claim in the channel is not renewed.
const MAX_WORKER_WAIT: Duration = Duration::from_secs(5 * 60);

#[cfg(test)]
mod tests;
