//! Successes that a failover may lose, and that are recorded again on the new
//! primary.
//!
//! Replication is asynchronous, and a deposed primary continues to accept
//! writes until it learns of the failover. So a success is kept here until the
//! sentinels have confirmed its primary twice since, about a second.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use countersign_core::{Attempt, CompleteOutcome};
use redis::RedisError;
use tokio::task::JoinSet;

use crate::connection::{Connection, Primary};
use crate::reply;
use crate::scripts::Script;

/// The recent successes, and the counts of those that were recorded again or
/// lost.
#[derive(Default)]
pub(crate) struct Successes(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    recent: VecDeque<Arc<Success>>,
    /// How often the primary was confirmed.
    confirmations: u64,
    total: DeposedRecords,
    unreported: DeposedRecords,
}

/// A success that was recorded.
struct Success {
    primary: Arc<Primary>,
    key: String,
    attempt: Attempt,
    /// The number of confirmations when it was recorded.
    confirmations: u64,
}

/// Successes that were recorded on a primary that a failover deposed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeposedRecords {
    /// How many were recorded again on the new primary.
    pub recorded_again: u64,
    /// How many of these had been claimed there by another attempt in the
    /// meantime. Those events may have been handled twice.
    pub repeated: u64,
    /// How many were not recorded again, because there were too many.
    pub lost: u64,
}

impl Successes {
    pub(crate) fn push(&self, primary: &Arc<Primary>, key: &str, attempt: &Attempt) {
        let mut kept = self.kept();
        let confirmations = kept.confirmations;
        let (primary, key, attempt) = (Arc::clone(primary), key.to_owned(), attempt.clone());
        kept.recent.push_back(Arc::new(Success { primary, key, attempt, confirmations }));
        kept.trim();
    }

    /// Records that the sentinels have named this primary again.
    pub(crate) fn confirmed(&self, primary: &Primary) {
        let mut kept = self.kept();
        kept.confirmations += 1;
        let confirmations = kept.confirmations;
        kept.recent.retain(|success| {
            *success.primary != *primary || success.confirmations + 2 > confirmations
        });
    }

    /// Records again, on this primary, the successes that were recorded on
    /// another one. Those that fail, or are cut off, are kept for the next
    /// time.
    pub(crate) async fn record_again(
        &self,
        primary: &Primary,
        connection: &Connection,
        complete: &Arc<Script>,
    ) {
        let mut strays = self.take_others(primary);
        for from in (0..strays.left.len()).step_by(AT_A_TIME) {
            let until = strays.left.len().min(from + AT_A_TIME);
            let mut sending = JoinSet::new();
            for index in from..until {
                let Some(success) = strays.left[index].clone() else { continue };
                let (mut connection, complete) = (connection.clone(), Arc::clone(complete));
                sending.spawn(
                    async move { (index, success.record(&mut connection, &complete).await) },
                );
            }
            while let Some(sent) = sending.join_next().await {
                if let Ok((index, Ok(outcome))) = sent {
                    strays.left[index] = None;
                    self.kept().count(outcome);
                }
            }
        }
    }

    fn take_others(&self, primary: &Primary) -> Strays<'_> {
        let mut kept = self.kept();
        let (others, own): (Vec<_>, Vec<_>) =
            kept.recent.drain(..).partition(|success| *success.primary != *primary);
        kept.recent = VecDeque::from(own);
        Strays { left: others.into_iter().map(Some).collect(), successes: self }
    }

    pub(crate) fn total(&self) -> DeposedRecords {
        self.kept().total
    }

    /// The counts that were not reported yet.
    pub(crate) fn report(&self) -> DeposedRecords {
        std::mem::take(&mut self.kept().unreported)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // The value is consistent after every statement, so a panic elsewhere
        // has not broken it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Successes that are being recorded again. The rest goes back to the queue on
/// drop.
struct Strays<'a> {
    left: Vec<Option<Arc<Success>>>,
    successes: &'a Successes,
}

impl Drop for Strays<'_> {
    fn drop(&mut self) {
        let mut kept = self.successes.kept();
        for success in self.left.drain(..).flatten() {
            kept.recent.push_front(success);
        }
        kept.trim();
    }
}

impl Kept {
    fn count(&mut self, outcome: Option<CompleteOutcome>) {
        let repeated =
            matches!(outcome, Some(CompleteOutcome::RecordedLate | CompleteOutcome::AlreadyDone));
        for records in [&mut self.total, &mut self.unreported] {
            records.recorded_again += 1;
            records.repeated += u64::from(repeated);
        }
    }

    /// Drops the oldest first, because they were most likely replicated.
    fn trim(&mut self) {
        let Some(newest) = self.recent.back().map(|success| Arc::clone(&success.primary)) else {
            return;
        };
        while self.recent.len() > MOST {
            let Some(oldest) = self.recent.pop_front() else { return };
            // If its primary is still current, the success is in no known
            // danger.
            if oldest.primary != newest {
                for records in [&mut self.total, &mut self.unreported] {
                    records.lost += 1;
                }
            }
        }
    }
}

impl Success {
    async fn record(
        &self,
        connection: &mut Connection,
        complete: &Script,
    ) -> Result<Option<CompleteOutcome>, RedisError> {
        let reply = complete.send(connection, &self.key, &self.attempt).await?;
        Ok(reply::complete(&reply, &self.attempt))
    }
}

/// About 3 MB.
const MOST: usize = 20_000;
const AT_A_TIME: usize = 500;
