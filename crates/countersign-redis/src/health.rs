//! What endangers the records: what the server says of itself, and a canary.

mod canary;
mod info;

use std::future::Future;

use countersign_core::{Health, StoreError, StoreWarning};
use redis::{Cmd, Value};

pub(crate) use canary::Canaries;

use crate::breaker::Breaker;
use crate::error::{ConnectError, Fault, RedisStoreError};
use info::Info;

/// Refuses a server that the scripts would fail on.
pub(crate) async fn check_version(breaker: &Breaker) -> Result<(), ConnectError> {
    let mut live = breaker
        .connection()
        .await
        .map_err(|error| ConnectError::Unreachable { source: error.into() })?;
    let reply = match live.connection.send(&redis::cmd("INFO")).await {
        Ok(reply) => reply,
        // Who may not ask is told by the first probe.
        Err(error) if Fault::of(&error) == Fault::Answer => return Ok(()),
        Err(error) => return Err(ConnectError::of(error)),
    };
    match Info::of_each(&reply).iter().find_map(Info::too_old) {
        Some(version) => Err(ConnectError::TooOld { version }),
        None => Ok(()),
    }
}

/// Asks the server for all of it. The warnings come worst first.
pub(crate) async fn probe<F>(
    canaries: &Canaries,
    ask: impl Fn(Cmd) -> F,
) -> Result<Health, StoreError>
where
    F: Future<Output = Result<Value, StoreError>>,
{
    let mut warnings = Vec::new();
    match allowed(canaries.have_gone(&ask).await)? {
        Some(true) => warnings.push(StoreWarning::MemoryLost),
        Some(false) => {}
        None => warnings.push(unreadable("canary record")),
    }
    match allowed(ask(redis::cmd("INFO")).await)? {
        None => warnings.push(unreadable("version, role, eviction policy and persistence")),
        Some(reply) => {
            let servers = Info::of_each(&reply);
            let mut found: Vec<_> = servers.iter().flat_map(Info::warnings).collect();
            if servers.iter().any(Info::has_no_append_only_file) {
                found.extend(without_append_only_file(&ask).await?);
            }
            warnings.append(&mut found);
        }
    }
    warnings.sort_by_key(badness);
    warnings.dedup();
    Ok(Health::new(warnings))
}

/// A server without an append-only file may still take snapshots.
async fn without_append_only_file<F>(
    ask: &impl Fn(Cmd) -> F,
) -> Result<Option<StoreWarning>, StoreError>
where
    F: Future<Output = Result<Value, StoreError>>,
{
    let mut question = redis::cmd("CONFIG");
    question.arg("GET").arg("save");
    Ok(match allowed(ask(question).await)? {
        None => Some(unreadable("persistence")),
        Some(reply) => info::takes_no_snapshots(&reply).then_some(StoreWarning::NotPersistent),
    })
}

/// `None` where the server answers that it will not say.
fn allowed<T>(answer: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    use std::error::Error;
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(error) => match error.source().and_then(<dyn Error>::downcast_ref) {
            Some(RedisStoreError::Server { .. } | RedisStoreError::Full { .. }) => Ok(None),
            _ => Err(error),
        },
    }
}

fn unreadable(what: &str) -> StoreWarning {
    StoreWarning::Unreadable { what: what.to_owned() }
}

fn badness(warning: &StoreWarning) -> u8 {
    match warning {
        StoreWarning::MemoryLost => 0,
        StoreWarning::Replica => 1,
        StoreWarning::Evicts { .. } => 2,
        StoreWarning::NotPersistent => 3,
        _ => 4,
    }
}
