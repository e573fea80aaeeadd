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
use crate::scripts::{Scripts, first_claim};

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
    attempts: &Attempts,
    send: impl Fn(Cmd) -> F,
) -> Result<bool, E>
where
    F: Future<Output = Result<Value, E>>,
{
    let Attempts { holder, rival } = attempts;
    // If the server rejects this command, claims use the script alone.
    let first = send(first_claim(key, holder)).await;
    // The event is in progress, so this claim also reads the rest of the lease.
    let claimed = send(scripts.claim.by_source(key, rival)).await?;
    let renewed = send(scripts.renew.by_source(key, holder)).await?;
    let released = send(scripts.release.by_source(key, holder)).await?;
    let completed = send(scripts.complete.by_source(key, holder)).await?;
    // Called by hash, as every later operation is.
    let claimed_again = send(scripts.claim.by_hash(key, rival)).await?;
    let mut forget = redis::cmd("DEL");
    forget.arg(key);
    let forgotten = send(forget).await?;
    Ok(first.map_or(true, |reply| matches!(reply, Value::Nil | Value::BulkString(_)))
        && reply::claim(&claimed, rival).is_some()
        && reply::renew(&renewed).is_some()
        && reply::release(&released).is_some()
        && reply::complete(&completed, holder).is_some()
        && reply::claim(&claimed_again, rival).is_some()
        && reply::found(&forgotten).is_some())
}

/// Two attempts at the fictitious event.
pub(crate) struct Attempts {
    holder: Attempt,
    rival: Attempt,
}

/// The trial's attempts. If the trial is interrupted, its record expires within
/// a minute.
///
/// # Errors
///
/// As [`Attempt::new`].
pub(crate) fn attempts() -> Result<Attempts, StoreError> {
    let attempt = || Attempt::new(Fingerprint::from_u64(0), MINUTE, MINUTE);
    Ok(Attempts { holder: attempt()?, rival: attempt()? })
}

const MINUTE: Duration = Duration::from_secs(60);
