//! The four operations, tried once on a key of their own.
//!
//! A server may answer and still hold no records: its user may run no scripts, it
//! is one node of a cluster, or a Sentinel. That is to be known before the first
//! delivery.

use std::future::Future;
use std::time::Duration;

use countersign_core::{Attempt, Fingerprint, StoreError};
use redis::{Cmd, Value};

use crate::reply;
use crate::scripts::Scripts;

/// Claims, renews, releases and completes an event that is none, and forgets it.
/// Sends the scripts' source, so that the server knows them from then on. Says
/// whether every reply was one of the store's.
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
    // As every operation from now on.
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

/// Should the end of it not be reached, what is left is gone in a minute.
///
/// # Errors
///
/// As [`Attempt::new`].
pub(crate) fn attempt() -> Result<Attempt, StoreError> {
    Attempt::new(Fingerprint::from_u64(0), MINUTE, MINUTE)
}

const MINUTE: Duration = Duration::from_secs(60);
