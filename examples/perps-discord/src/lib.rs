//! Posts PerpsTracker's trades to a Discord channel.
//!
//! ```text
//! PerpsTracker -> proved, claimed -> 202          (here)
//!                       `-> embed -> Discord -> completed   (poster.rs)
//! ```
//!
//! The sender is answered before Discord is asked: a slow Discord is no reason
//! to send the trade again. The claim goes along, and is completed once the trade
//! is posted, so that a repeat that comes meanwhile is not posted too. A trade is
//! known by the id in its signed body: `X-Delivery-ID` is not signed, and names a
//! delivery, not a trade.
//!
//! What waits here is in the memory of this process. Where a trade must not be
//! lost with it, answer once it is posted, or put it into a queue that outlives
//! the process.
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
use countersign::axum::Delivery;
use countersign::{ConfigError, Endpoint, MemoryStore, Receiver, Scheme, Secret, Verifier};
use serde::Deserialize;
use tokio::sync::mpsc::{self, error::TrySendError};

pub use discord::{Discord, Posting};
pub use embed::{Trade, embed};
pub use poster::{Job, post_trades};

/// Takes PerpsTracker's deliveries, and gives the trades to whoever calls
/// [`post_trades`]. As many as `room` says may wait.
///
/// # Errors
///
/// [`ConfigError`] where the secret cannot be used.
///
/// # Panics
///
/// Where there is room for none.
pub fn app(secret: &str, room: usize) -> Result<(Router, mpsc::Receiver<Job>), ConfigError> {
    let verifier = Verifier::new(Scheme::named("perps-tracker")?, Secret::new(secret)?)?;
    let receiver = Receiver::new(verifier, MemoryStore::new(), Endpoint::new("perps-tracker"))
        .with_lease(LONGEST_WAIT);
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

/// Hands a trade over and answers 202. What is no trade is done with that.
async fn on_event(
    jobs: Extension<mpsc::Sender<Job>>,
    Delivery { verified, event, claim, .. }: Delivery<Event>,
) -> Response {
    let Some(trade) = Trade::of(&event.kind, event.data) else {
        eprintln!("{}: no trade to post", verified.event_id());
        // Where that fails, it is tried again in the background.
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

/// Nobody renews a claim that waits for its turn.
const LONGEST_WAIT: Duration = Duration::from_secs(5 * 60);

#[cfg(test)]
mod tests;
