//! The worker: handles jobs, and settles their claims.

use std::future::Future;
use std::time::Duration;

use countersign::store::RenewOutcome;
use countersign::{Claim, MemoryStore, Verified};
use tokio::sync::mpsc;
use tokio::time::sleep;

/// A verified delivery, and the claim on its event.
#[derive(Debug)]
pub struct Job {
    /// The verified delivery, with the body.
    pub verified: Verified,
    /// The claim to settle.
    pub claim: Claim<MemoryStore>,
}

/// Handles jobs one after another, until the app is dropped and no job is left.
pub async fn work<F, Fut, E>(mut jobs: mpsc::Receiver<Job>, handle: F)
where
    F: Fn(Verified) -> Fut,
    Fut: Future<Output = Result<(), E>>,
{
    while let Some(Job { verified, claim }) = jobs.recv().await {
        // The lease may have ended during the wait, so another attempt may have the event.
        if let Ok(RenewOutcome::Lost) = claim.renew().await {
            continue;
        }
        let settled = match patiently(&handle, &verified, &claim).await {
            Ok(()) => claim.complete().await.map(drop),
            Err(_) => {
                eprintln!("{}: failed: send it again manually", verified.event_id());
                claim.release().await.map(drop)
            }
        };
        if let Err(error) = settled {
            eprintln!("{}: not settled yet: {error}", verified.event_id());
        }
    }
}

/// Retries several times, because the sender got its response and will not retry.
async fn patiently<F, Fut, E>(
    handle: &F,
    verified: &Verified,
    claim: &Claim<MemoryStore>,
) -> Result<(), E>
where
    F: Fn(Verified) -> Fut,
    Fut: Future<Output = Result<(), E>>,
{
    for pause in PAUSES {
        if handle(verified.clone()).await.is_ok() {
            return Ok(());
        }
        sleep(pause).await;
        let _ = claim.renew().await;
    }
    handle(verified.clone()).await
}

const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(10)];
