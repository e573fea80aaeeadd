//! Records that only a server that loses records removes.

use std::collections::hash_map::RandomState;
use std::future::Future;
use std::hash::{BuildHasher, Hasher};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use countersign_core::StoreError;
use redis::{Cmd, Value};

use crate::key;
use crate::reply;

/// The canaries of one store. Each store has its own, so that all the processes
/// that share a server see the loss and not only the first to look.
pub(crate) struct Canaries {
    keys: Vec<String>,
    /// Where the store tries its operations.
    trial: String,
    /// When they were written last, if they were.
    written: Mutex<Option<Instant>>,
}

impl Canaries {
    /// One where the keys are on one server, and several where they are spread,
    /// so that hardly any server is without.
    pub(crate) fn new(prefix: &str, spread: bool) -> Self {
        let name = format!("{:016x}", RandomState::new().build_hasher().finish());
        let count = if spread { ON_MANY_SERVERS } else { 1 };
        let keys = (0..count).map(|index| key::canary(prefix, &name, index)).collect();
        Self { keys, trial: key::trial(prefix, &name), written: Mutex::new(None) }
    }

    pub(crate) fn trial(&self) -> &str {
        &self.trial
    }

    /// What shows whether a server answers at all.
    pub(crate) fn question(&self) -> Cmd {
        exists(self.keys.first().map_or("", String::as_str))
    }

    /// Whether any has gone since it was written. Writes them again then, and
    /// now and then.
    ///
    /// `EXISTS` leaves the time of the last use alone, so that a server that
    /// evicts what was not used for long takes them as soon as any record.
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
        // A canary that had outlived its time would have gone by itself.
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

/// With an end, as every record has: some servers evict only those. It is also
/// the time for which the canary of a store that is no more stays behind.
const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// With three servers, all but one start in 450 have one each.
const ON_MANY_SERVERS: usize = 16;
