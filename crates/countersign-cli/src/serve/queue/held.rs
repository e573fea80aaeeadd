//! The attempts that this process has, whose leases it renews.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use countersign::queue::jobs::TakenJob;
use countersign::store::Token;

/// The attempts in progress at the jobs of one endpoint. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Held(Arc<Mutex<HashSet<(i64, Token)>>>);

/// The attempt is no longer held when this is dropped.
pub(super) struct Holding {
    held: Held,
    attempt: (i64, Token),
}

impl Held {
    pub(super) fn hold(&self, job: &TakenJob) -> Holding {
        let attempt = (job.id, job.token);
        self.lock().insert(attempt);
        Holding { held: self.clone(), attempt }
    }

    /// The jobs and the tokens of the attempts.
    pub(super) fn all(&self) -> Vec<(i64, Token)> {
        self.lock().iter().copied().collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<(i64, Token)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        self.held.lock().remove(&self.attempt);
    }
}
