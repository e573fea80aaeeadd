//! Tries the four operations once on a separate key.
//!
//! A server may respond and still be unable to store records: its user may not
//! run scripts, it is one node of a cluster, or it is a Sentinel. The trial
//! detects this before the first delivery.

use std::future::Future;
use std::time::Duration;

use countersign_core::{Attempt, Fingerprint, StoreError};
use redis::{Cmd, Value};

use crate::reply;
use crate::scripts::Scripts;

/// Claims, renews, releases and completes a fictitious event, and forgets it.
/// Sends the scripts' source, so that the server caches it. Returns whether
/// every reply was one that the store expects.
///
/// # Errors
///
/// The first error of `send`.
pub(crate) async fn run<F, E>(
    scripts: &Scripts,
    key: &str,
    attempt: &Attempt,
    send: impl Fn(Cmd) -> F,
) -> Result<bool, E>
where
    F: Future<Output = Result<Value, E>>,
{
    let claimed = send(scripts.claim.by_source(key, attempt)).await?;
    let renewed = send(scripts.renew.by_source(key, attempt)).await?;
    let released = send(scripts.release.by_source(key, attempt)).await?;
    let completed = send(scripts.complete.by_source(key, attempt)).await?;
    // Called by hash, as every later operation is.
    let claimed_again = send(scripts.claim.by_hash(key, attempt)).await?;
    let mut forget = redis::cmd("DEL");
    forget.arg(key);
    let forgotten = send(forget).await?;
    Ok(reply::claim(&claimed).is_some()
        && reply::renew(&renewed).is_some()
        && reply::release(&released).is_some()
        && reply::complete(&completed).is_some()
        && reply::claim(&claimed_again).is_some()
        && reply::found(&forgotten).is_some())
}

/// The trial's attempt. If the trial is interrupted, its record expires within
/// a minute.
///
/// # Errors
///
/// As [`Attempt::new`].
pub(crate) fn attempt() -> Result<Attempt, StoreError> {
    Attempt::new(Fingerprint::from_u64(0), MINUTE, MINUTE)
}

const MINUTE: Duration = Duration::from_secs(60);
