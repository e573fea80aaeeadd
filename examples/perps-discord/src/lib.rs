//! Posts trades of PerpsTracker to a Discord channel.
//!
//! ```text
//! PerpsTracker -> verified, claimed -> 202        (here)
//!                       `-> embed -> Discord -> completed   (poster.rs)
//! ```
//!
//! The sender gets a response before the request to Discord, so that a slow Discord
//! causes no retries. The claim is passed along, and is completed after the trade is
//! posted, so that a duplicate that arrives in the meantime is not posted. A trade is
//! identified by the id in its signed body: `X-Delivery-ID` is not signed, and names a
//! delivery, not a trade.
//!
//! Waiting trades are in the memory of this process. If a trade must not be lost with
//! the process, respond after it is posted, or put it into a persistent queue.
//!
//! ```toml
//! [dependencies]
//! axum = "0.8"
//! countersign = { version = "0.1", features = ["axum", "serve"] }
//! serde = { version = "1", features = ["derive"] }
//! serde_json = "1"
//! tokio = { version = "1", features = ["full"] }
//! # The client: http, http-body-util, hyper-rustls, hyper-util.
//! ```

mod discord;
mod embed;
mod poster;

use std::time::Duration;

use axum::Router;
use axum::extract::Extension;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use countersign::axum::ClaimedWebhookJson;
use countersign::{ConfigError, MemoryStore, Receiver, Secret, Verifier, schemes};
use serde::Deserialize;
use tokio::sync::mpsc::{self, error::TrySendError};

pub use discord::{Discord, Posting};
pub use embed::{Trade, embed};
pub use poster::{Job, post_trades};

/// Creates an app that receives deliveries of PerpsTracker, and a channel with their
/// trades for [`post_trades`]. At most `room` trades can wait.
///
/// # Errors
///
/// [`ConfigError`] if the secret cannot be used.
///
/// # Panics
///
/// If `room` is 0.
pub fn app(secret: &str, room: usize) -> Result<(Router, mpsc::Receiver<Job>), ConfigError> {
    let verifier = Verifier::new(schemes::perps_tracker(), Secret::new(secret)?)?;
    let receiver = Receiver::new(verifier.with_endpoint("perps-tracker"), MemoryStore::new())
        .with_lease(MAX_WAIT);
    let (jobs, taken) = mpsc::channel(room);
    let app = Router::new().route("/webhook", post(on_event)).layer(Extension(jobs));
    Ok((app.with_state(receiver), taken))
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    data: serde_json::Value,
}

/// Passes a trade to the poster and responds with 202. Other events are completed
/// immediately.
async fn on_event(
    jobs: Extension<mpsc::Sender<Job>>,
    ClaimedWebhookJson { verified, event, claim, .. }: ClaimedWebhookJson<Event>,
) -> Response {
    let Some(trade) = Trade::of(&event.kind, event.data) else {
        eprintln!("{}: not a trade", verified.event_id());
        // If this fails, it is retried in the background.
        let _ = claim.complete().await;
        return StatusCode::NO_CONTENT.into_response();
    };
    let job = Job { id: verified.event_id().to_owned(), message: embed(&trade), claim };
    match jobs.try_send(job) {
        Ok(()) => StatusCode::ACCEPTED.into_response(),
        Err(TrySendError::Full(job) | TrySendError::Closed(job)) => {
            let _ = job.claim.release().await;
            (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "5")]).into_response()
        }
    }
}

/// The lease must cover the wait, because a waiting claim is not renewed.
const MAX_WAIT: Duration = Duration::from_secs(5 * 60);

#[cfg(test)]
mod tests;
