//! Posts trades one after another, and settles their claims.

use std::time::Duration;

use countersign::store::RenewOutcome;
use countersign::{Claim, MemoryStore};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::discord::{Discord, Posting};

/// A trade to post, and the claim on its event.
#[derive(Debug)]
pub struct Job {
    pub(crate) id: String,
    pub(crate) message: Value,
    pub(crate) claim: Claim<MemoryStore>,
}

/// Posts trades one after another, until the app is dropped and no trade is left.
pub async fn post_trades(mut jobs: mpsc::Receiver<Job>, discord: &Discord) {
    while let Some(Job { id, message, claim }) = jobs.recv().await {
        // The lease may have ended during the wait, so another attempt may have the event.
        if let Ok(RenewOutcome::Lost) = claim.renew().await {
            continue;
        }
        let settled = match patiently(discord, &message, &claim).await {
            Posting::Posted => claim.complete().await.map(drop),
            given_up => {
                eprintln!("{id}: not posted: {given_up:?}: send it again manually");
                claim.release().await.map(drop)
            }
        };
        if let Err(error) = settled {
            eprintln!("{id}: not settled yet: {error}");
        }
    }
}

/// Retries several times, because the sender got its response and will not retry.
async fn patiently(discord: &Discord, message: &Value, claim: &Claim<MemoryStore>) -> Posting {
    let mut posting = discord.post(message).await;
    for pause in PAUSES {
        let Posting::Later(after) = posting else { return posting };
        sleep(after.unwrap_or(pause).min(MAX_PAUSE)).await;
        let _ = claim.renew().await;
        posting = discord.post(message).await;
    }
    posting
}

const PAUSES: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(15),
    Duration::from_secs(60),
];

/// The maximum pause, shorter than the lease of the claim.
const MAX_PAUSE: Duration = Duration::from_secs(2 * 60);
