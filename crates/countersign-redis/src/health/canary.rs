//! Canary records, which disappear only if a server loses records.

use std::collections::hash_map::RandomState;
use std::future::Future;
use std::hash::{BuildHasher, Hasher};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use countersign_core::StoreError;
use redis::{Cmd, Value};

use crate::key;
use crate::reply;

/// The canaries of one store. Each store has its own, so that every process
/// that shares a server detects the loss, and not only the first one to check.
pub(crate) struct Canaries {
    keys: Vec<String>,
    /// The key on which the store tries its operations.
    trial: String,
    /// When they were last written, if ever.
    written: Mutex<Option<Instant>>,
}

impl Canaries {
    /// One canary if the keys are on one server. Several if the keys are
    /// distributed, so that almost every server has one.
    pub(crate) fn new(prefix: &str, spread: bool) -> Self {
        let name = format!("{:016x}", RandomState::new().build_hasher().finish());
        let count = if spread { ON_MANY_SERVERS } else { 1 };
        let keys = (0..count).map(|index| key::canary(prefix, &name, index)).collect();
        Self { keys, trial: key::trial(prefix, &name), written: Mutex::new(None) }
    }

    pub(crate) fn trial(&self) -> &str {
        &self.trial
    }

    /// A command that shows whether a server responds at all.
    pub(crate) fn question(&self) -> Cmd {
        exists(self.keys.first().map_or("", String::as_str))
    }

    /// Whether a canary has disappeared since it was written. In that case, and
    /// periodically, writes them again.
    ///
    /// `EXISTS` does not update the time of the last use. So a server that
    /// evicts the least recently used keys evicts the canaries as soon as any
    /// record.
    pub(crate) async fn have_gone<F>(&self, ask: &impl Fn(Cmd) -> F) -> Result<bool, StoreError>
    where
        F: Future<Output = Result<Value, StoreError>>,
    {
        let written = *self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let mut gone = false;
        if written.is_some() {
            for key in &self.keys {
                gone |= reply::found(&ask(exists(key)).await?) == Some(false);
            }
        }
        if gone || written.is_none_or(|written| written.elapsed() > LIFETIME / 2) {
            let now = Instant::now();
            for key in &self.keys {
                ask(write(key)).await?;
            }
            *self.written.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
        }
        // A canary that is older than its lifetime has expired normally.
        Ok(gone && written.is_some_and(|written| written.elapsed() < LIFETIME))
    }
}

fn exists(key: &str) -> Cmd {
    let mut command = redis::cmd("EXISTS");
    command.arg(key);
    command
}

fn write(key: &str) -> Cmd {
    let mut command = redis::cmd("SET");
    command.arg(key).arg(1).arg("PX").arg(LIFETIME.as_millis() as u64);
    command
}

/// Canaries expire, as every record does, because some eviction policies only
/// evict such keys. It is also the time for which the canary of a deleted store
/// remains.
const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// With three servers, each has at least one canary in all but one of 450
/// starts.
const ON_MANY_SERVERS: usize = 16;
