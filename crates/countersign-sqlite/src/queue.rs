//! The table of jobs: accepted deliveries, until their target has them.
//!
//! `countersign serve --queue sqlite:PATH` uses it. A delivery is accepted in one
//! transaction, which records its event as done and adds a job. So a repeat of an
//! accepted event is a duplicate, and an accepted event has exactly one job. The
//! transaction is synced to the disk before [`SqliteQueue::accept`] returns.
//!
//! ```text
//!                        take                    settle
//! accept ----> due ----------------> running -----------> done | dead
//!               ^                     |
//!               |  retry, lease over  |
//!               `---------------------'
//! ```
//!
//! | file | contents |
//! | --- | --- |
//! | `queue/config.rs` | the settings |
//! | `queue/accept.rs`, `queue/take.rs`, `queue/settle.rs` | the steps of a job |
//! | `queue/tables.rs` | the statements, and the purge |
//! | `queue/reader.rs` | the thread that looks up events, so that a repeat waits for no sync |
//! | `queue/handoff.rs` | the jobs of a target, as a queue of a library user's service |
//! | `queue/admin.rs` | for people: list, retry, discard, pause |

mod accept;
mod admin;
mod config;
mod handoff;
mod reader;
mod settle;
mod tables;
mod take;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use countersign_core::{
    Attempt, ClaimOutcome, CompleteOutcome, EventKey, Health, IdempotencyStore, ReleaseOutcome,
    RenewOutcome, StoreError, StoreWarning, Token,
};
use tokio::time::{sleep, timeout};

pub use admin::{QueueAdmin, QueueError};
pub use config::QueueConfig;
pub use countersign_core::jobs::{
    AcceptOutcome, Accepting, JobFilter, JobState, JobSummary, SettleOutcome, Settlement, Take,
    Taken, TakenJob, TargetCounts,
};
pub use handoff::SqliteHandoff;

use crate::error::OpenError;
use crate::events::key;
use crate::job::Forget;
use crate::service::{Service, is_full};
use accept::{Accept, Complete, Probe};
use reader::Reader;
use settle::{Renew, Settle};
use tables::QueueTables;
use take::TakeJobs;

/// The table of jobs in a SQLite file, for the processes of one machine.
///
/// It is cheap to clone; the clones share one writer thread.
#[derive(Clone)]
pub struct SqliteQueue(Arc<Inner>);

struct Inner {
    service: Service<QueueTables>,
    reader: Reader,
}

impl SqliteQueue {
    /// Opens the queue in the file at `path`; see [`QueueConfig::new`].
    ///
    /// # Errors
    ///
    /// As [`open_with`](Self::open_with).
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::open_with(QueueConfig::new(path.as_ref()))
    }

    /// Opens the queue with this configuration. It blocks for some milliseconds, and
    /// for about the lock timeout if another connection has locked the file.
    ///
    /// # Errors
    ///
    /// As [`SqliteStore::open_with`](crate::SqliteStore::open_with).
    pub fn open_with(config: QueueConfig) -> Result<Self, OpenError> {
        let QueueConfig(config) = config;
        let (path, clock) = (config.path.clone(), config.clock.clone());
        let service = Service::start(config)?;
        let reader = Reader::start(&path, clock)?;
        Ok(Self(Arc::new(Inner { service, reader })))
    }

    /// Accepts a delivery: records its event as done, and adds a job, in one
    /// transaction. After an error with an unknown effect, the delivery may have been
    /// accepted: a repeat of it is then a duplicate.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the file cannot be written.
    pub async fn accept(&self, accepting: Accepting) -> Result<AcceptOutcome, StoreError> {
        let bytes = accepting.message.to_bytes();
        match self.0.service.run(|reply| Accept::new(accepting, bytes, reply)).await {
            Err(error) if is_full(&error) => Ok(AcceptOutcome::Full),
            accepted => accepted,
        }
    }

    /// Takes due jobs of a target, in the order in which they are due.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the file cannot be written. Jobs that were taken without a
    /// reply are due again when the lease ends.
    pub async fn take(&self, take: Take) -> Result<Taken, StoreError> {
        self.0.service.run(|reply| TakeJobs::new(take, reply)).await
    }

    /// Ends an attempt at a job.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the file cannot be written. The same settlement can be
    /// applied again.
    pub async fn settle(
        &self,
        job: i64,
        token: Token,
        settlement: Settlement,
    ) -> Result<SettleOutcome, StoreError> {
        self.0.service.run(|reply| Settle::new(job, token, settlement, reply)).await
    }

    /// Starts the leases of these attempts again, from now on: jobs and tokens. Other
    /// attempts of this process are not renewed, so that jobs without an attempt, after
    /// a lost reply, are due again when their lease ends.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the file cannot be written.
    pub async fn renew(&self, held: Vec<(i64, Token)>, lease: Duration) -> Result<(), StoreError> {
        self.0.service.run(|reply| Renew { held, lease, reply }).await
    }

    /// As [`SqliteStore::watch`](crate::SqliteStore::watch).
    pub fn watch(
        &self,
        every: Duration,
        mut report: impl FnMut(Result<Health, StoreError>) + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        let queue = self.clone();
        async move {
            loop {
                report(queue.probe().await);
                if timeout(every, queue.0.service.began_to_fail.notified()).await.is_ok() {
                    report(queue.probe().await);
                    sleep(every).await;
                }
            }
        }
    }
}

/// The claims of deliveries that are to be accepted. A claim writes nothing: it only
/// finds out whether the event is done, and [`accept`](SqliteQueue::accept) decides.
/// So an event that was claimed and not accepted is not in flight, and its next
/// delivery is claimed at once.
impl IdempotencyStore for SqliteQueue {
    async fn claim(&self, event: &EventKey, attempt: &Attempt) -> Result<ClaimOutcome, StoreError> {
        self.0.reader.claim(key(event), attempt.clone(), self.0.service.deadline).await
    }

    /// Writes nothing if the event was accepted.
    async fn complete(
        &self,
        event: &EventKey,
        attempt: &Attempt,
    ) -> Result<CompleteOutcome, StoreError> {
        if let ClaimOutcome::Done { .. } = self.claim(event, attempt).await? {
            return Ok(CompleteOutcome::Recorded);
        }
        self.0.service.run(|reply| Complete::new(key(event), attempt.clone(), reply)).await
    }

    async fn renew(&self, _: &EventKey, _: &Attempt) -> Result<RenewOutcome, StoreError> {
        Ok(RenewOutcome::Renewed)
    }

    async fn release(&self, _: &EventKey, _: &Attempt) -> Result<ReleaseOutcome, StoreError> {
        Ok(ReleaseOutcome::Released)
    }

    async fn forget(&self, event: &EventKey) -> Result<bool, StoreError> {
        let forget = |reply| Forget { key: key(event), was_known: false, reply };
        self.0.service.run(forget).await
    }

    async fn probe(&self) -> Result<Health, StoreError> {
        let is_full = match self.0.service.run(|reply| Probe { is_full: false, reply }).await {
            Err(error) if is_full(&error) => true,
            tried => tried?,
        };
        Ok(Health::new(if is_full { vec![StoreWarning::Full] } else { Vec::new() }))
    }
}

impl fmt::Debug for SqliteQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Service { path, deadline, .. } = &self.0.service;
        f.debug_struct("SqliteQueue").field("path", path).field("deadline", deadline).finish()
    }
}

#[cfg(test)]
mod tests;
