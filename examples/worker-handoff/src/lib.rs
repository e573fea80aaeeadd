//! Answers at once, and lets a worker do what takes longer than the sender
//! waits. The claim goes along: a repeat that comes meanwhile is not handled a
//! second time.
//!
//! A sender that has been told 202 does not send again. What is in the channel is
//! in the memory of this process, and gone where that dies: an event that must
//! not be lost then goes to a queue that outlives the process, and is answered
//! once it is there.
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
use countersign::axum::Claimed;
use countersign::{ConfigError, Endpoint, MemoryStore, Receiver, Scheme, Secret, Verifier};
use tokio::sync::mpsc::{self, error::TrySendError};

pub use worker::{Job, work};

/// Takes Jupiter's deliveries, and gives what is to be done with them to
/// whoever calls [`work`]. As many as `room` says may wait.
///
/// # Errors
///
/// [`ConfigError`] where the secret cannot be used.
///
/// # Panics
///
/// Where there is room for none.
pub fn app(secret: &str, room: usize) -> Result<(Router, mpsc::Receiver<Job>), ConfigError> {
    let verifier = Verifier::new(Scheme::named("jupiter")?, Secret::new(secret)?)?;
    let receiver = Receiver::new(verifier, MemoryStore::new(), Endpoint::new("jupiter"))
        .with_lease(LONGEST_WAIT_FOR_A_WORKER);
    let (jobs, taken) = mpsc::channel(room);
    let app = Router::new().route("/", post(on_event)).layer(Extension(jobs));
    Ok((app.with_state(receiver), taken))
}

/// Hands the delivery over and answers 202. Where there is no room the event is
/// given back, and the sender is asked to come again.
async fn on_event(
    jobs: Extension<mpsc::Sender<Job>>,
    Claimed { verified, claim, .. }: Claimed,
) -> Response {
    match jobs.try_send(Job { verified, claim }) {
        Ok(()) => StatusCode::ACCEPTED.into_response(),
        Err(TrySendError::Full(job) | TrySendError::Closed(job)) => {
            // Where that fails, it is tried again in the background.
            let _ = job.claim.release().await;
            (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "5")]).into_response()
        }
    }
}

/// Nobody renews a claim that waits in the channel.
const LONGEST_WAIT_FOR_A_WORKER: Duration = Duration::from_secs(5 * 60);

#[cfg(test)]
mod tests;
