//! The worker: handles what was handed over, and settles it.

use std::future::Future;
use std::time::Duration;

use countersign::{Claim, MemoryStore, RenewOutcome, Verified};
use tokio::sync::mpsc;
use tokio::time::sleep;

/// A proved delivery, and the claim on its event.
#[derive(Debug)]
pub struct Job {
    /// The proof, with the body.
    pub verified: Verified,
    /// The claim, to be settled.
    pub claim: Claim<MemoryStore>,
}

/// Handles one job after another, until the app is gone and none is left.
pub async fn work<F, Fut, E>(mut jobs: mpsc::Receiver<Job>, handle: F)
where
    F: Fn(Verified) -> Fut,
    Fut: Future<Output = Result<(), E>>,
{
    while let Some(Job { verified, claim }) = jobs.recv().await {
        // It has waited here for so long that another attempt may have it.
        if let Ok(RenewOutcome::Lost) = claim.renew().await {
            continue;
        }
        let settled = match patiently(&handle, &verified, &claim).await {
            Ok(()) => claim.complete().await.map(drop),
            Err(_) => {
                eprintln!("{}: given up: send it again by hand", verified.event_id());
                claim.release().await.map(drop)
            }
        };
        if let Err(error) = settled {
            eprintln!("{}: not settled yet: {error}", verified.event_id());
        }
    }
}

/// Tries several times: the sender has been answered, and will not.
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
