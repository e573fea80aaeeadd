//! Checks the server's configuration and the canary records for risks to the
//! records.

mod canary;
mod info;
mod starting;
mod trial;

use std::future::Future;

use countersign_core::{Health, StoreError, StoreWarning};
use redis::{Cmd, Value};

pub(crate) use canary::Canaries;
pub(crate) use starting::check;

use crate::error::{RedisStoreError, Unsuitable};
use crate::scripts::Scripts;
use crate::successes::DeposedRecords;
use info::Info;

/// Queries the server's state and tries the operations. The warnings are
/// sorted, the worst first.
pub(crate) async fn probe<F>(
    scripts: &Scripts,
    canaries: &Canaries,
    deposed: DeposedRecords,
    ask: impl Fn(Cmd) -> F,
) -> Result<Health, StoreError>
where
    F: Future<Output = Result<Value, StoreError>>,
{
    let mut warnings = Vec::new();
    if deposed != DeposedRecords::default() {
        let DeposedRecords { recorded_again, repeated, lost } = deposed;
        warnings.push(StoreWarning::Deposed { recorded_again, repeated, lost });
    }
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
    if !warnings.contains(&StoreWarning::Replica) {
        warnings.extend(fails_trial(scripts, canaries, &ask).await?);
    }
    warnings.sort_by_key(badness);
    warnings.dedup();
    Ok(Health::new(warnings))
}

/// Whether a new event could be claimed now.
///
/// # Errors
///
/// If no event could be claimed, for another reason than that the server is
/// full.
async fn fails_trial<F>(
    scripts: &Scripts,
    canaries: &Canaries,
    ask: &impl Fn(Cmd) -> F,
) -> Result<Option<StoreWarning>, StoreError>
where
    F: Future<Output = Result<Value, StoreError>>,
{
    match trial::run(scripts, canaries.trial(), &trial::attempts()?, ask).await {
        Ok(true) => Ok(None),
        Ok(false) => Err(StoreError::unknown_effect(RedisStoreError::UnexpectedReply)),
        Err(error) if matches!(cause(&error), Some(RedisStoreError::Full { .. })) => {
            Ok(Some(StoreWarning::Full))
        }
        Err(error) => Err(error),
    }
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

/// `None` if the server denies the query.
fn allowed<T>(answer: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(error) => match cause(&error) {
            Some(
                RedisStoreError::Server { .. }
                | RedisStoreError::Full { .. }
                | RedisStoreError::Unsuitable { reason: Unsuitable::NotPermitted, .. },
            ) => Ok(None),
            _ => Err(error),
        },
    }
}

fn cause(error: &StoreError) -> Option<&RedisStoreError> {
    use std::error::Error;
    error.source().and_then(<dyn Error>::downcast_ref)
}

fn unreadable(what: &str) -> StoreWarning {
    StoreWarning::Unreadable { what: what.to_owned() }
}

fn badness(warning: &StoreWarning) -> u8 {
    match warning {
        StoreWarning::MemoryLost => 0,
        StoreWarning::Deposed { .. } => 1,
        StoreWarning::Replica => 2,
        StoreWarning::Full => 3,
        StoreWarning::Evicts { .. } => 4,
        StoreWarning::NotPersistent => 5,
        _ => 6,
    }
}
