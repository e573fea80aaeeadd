//! The checks of a server before a store starts on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use redis::{Cmd, RedisError, Value};

use super::info::Info;
use super::{Canaries, trial};
use crate::breaker::Breaker;
use crate::connection::Connection;
use crate::error::{ConnectError, Fault, RedisStoreError, Unsuitable};
use crate::key;
use crate::scripts::Scripts;

/// Checks the server and tries the operations on it. `deadline` is the deadline
/// that each operation will have.
///
/// # Errors
///
/// [`ConnectError`] if every claim would fail.
pub(crate) async fn check(
    breaker: &Breaker,
    scripts: &Scripts,
    canaries: &Canaries,
    deadline: Duration,
) -> Result<(), ConnectError> {
    let live = breaker
        .connection()
        .await
        .map_err(|error| ConnectError::Unreachable { source: Arc::new(error) })?;
    let mut connection = live.connection.clone();
    match connection.send(&redis::cmd("INFO")).await {
        Ok(reply) => check_info(&Info::of_each(&reply), &connection, canaries, breaker).await?,
        // The trial gives a better error.
        Err(error) if Fault::of(&error) == Fault::Answer => {}
        Err(error) => return Err(ConnectError::of(error)),
    }
    let round_trip = try_operations(&connection, scripts, canaries).await?;
    match round_trip {
        Some(round_trip) if round_trip >= deadline => {
            Err(ConnectError::TooFar { round_trip, deadline })
        }
        _ => Ok(()),
    }
}

async fn check_info(
    servers: &[Info],
    connection: &Connection,
    canaries: &Canaries,
    breaker: &Breaker,
) -> Result<(), ConnectError> {
    if servers.iter().any(Info::is_sentinel) {
        return Err(ConnectError::Unsuitable { reason: Unsuitable::Sentinel, source: None });
    }
    if let Some(version) = servers.iter().find_map(Info::too_old) {
        return Err(ConnectError::TooOld { version });
    }
    if !breaker.is_spread() && servers.iter().any(Info::is_cluster_node) {
        check_holds_all_keys(connection, canaries).await?;
    }
    Ok(())
}

/// A cluster of one node has all the keys, and passes.
async fn check_holds_all_keys(
    connection: &Connection,
    canaries: &Canaries,
) -> Result<(), ConnectError> {
    let mut connection = connection.clone();
    for index in 0..KEYS_OF_ALL_NODES {
        let mut question = redis::cmd("EXISTS");
        question.arg(key::canary(canaries.trial(), "node", index));
        let answer = connection.send(&question).await;
        if let Err(error) = answer
            && Unsuitable::of(&error) == Some(Unsuitable::ClusterNode)
        {
            return Err(ConnectError::of_trial(error));
        }
    }
    Ok(())
}

/// The fastest round trip. `None` if the server was too full for a trial.
async fn try_operations(
    connection: &Connection,
    scripts: &Scripts,
    canaries: &Canaries,
) -> Result<Option<Duration>, ConnectError> {
    let fastest = AtomicU64::new(u64::MAX);
    let send = |command: Cmd| {
        let (mut connection, fastest) = (connection.clone(), &fastest);
        async move {
            let sent = Instant::now();
            let reply: Result<Value, RedisError> = connection.send(&command).await;
            let took = u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX);
            fastest.fetch_min(took, Ordering::Relaxed);
            reply
        }
    };
    let attempts =
        trial::attempts().map_err(|error| ConnectError::TrialFailed { source: Arc::new(error) })?;
    match trial::run(scripts, canaries.trial(), &attempts, send).await {
        Ok(true) => Ok(Some(Duration::from_micros(fastest.into_inner()))),
        Ok(false) => {
            Err(ConnectError::TrialFailed { source: Arc::new(RedisStoreError::UnexpectedReply) })
        }
        // The server still has its records, and the policy for a full store
        // covers new events.
        Err(error) if Fault::of(&error) == Fault::Full => Ok(None),
        Err(error) => Err(ConnectError::of_trial(error)),
    }
}

/// If two nodes have half of the keys each, one start in 65,536 does not detect
/// it. The first event that belongs to the other node does.
const KEYS_OF_ALL_NODES: usize = 16;
