//! An open table, for servers.

#[cfg(feature = "sqlite")]
use std::path::Path;
#[cfg(feature = "sqlite")]
use std::sync::Arc;
use std::time::Duration;

use countersign::EventKey;
use countersign::queue::jobs::{AcceptOutcome, Accepting, SettleOutcome, Settlement, Take, Taken};
use countersign::store::{
    Attempt, ClaimOutcome, CompleteOutcome, Health, IdempotencyStore, ReleaseOutcome, RenewOutcome,
    StoreError, Token,
};
#[cfg(feature = "postgres")]
use countersign_postgres::queue::PostgresQueue;
#[cfg(feature = "sqlite")]
use countersign_sqlite::queue::SqliteQueue;

use super::Location;
use crate::serve::with_causes;

/// An open table. It is cheap to clone.
#[derive(Debug, Clone)]
pub(crate) enum JobTable {
    #[cfg(feature = "sqlite")]
    Sqlite { queue: SqliteQueue, file: Arc<Path> },
    #[cfg(feature = "postgres")]
    Postgres(PostgresQueue),
}

/// Calls the same method of the queue that is open.
macro_rules! call {
    ($table:expr, $queue:ident => $call:expr) => {
        match $table {
            #[cfg(feature = "sqlite")]
            JobTable::Sqlite { queue: $queue, .. } => $call,
            #[cfg(feature = "postgres")]
            JobTable::Postgres($queue) => $call,
        }
    };
}

impl JobTable {
    /// Opens the table, and creates it if it does not exist. The error is its text.
    pub(crate) async fn open(
        location: &Location,
        max_bytes: Option<u64>,
        keep: Option<Duration>,
    ) -> Result<Self, String> {
        if let Some(missing) = location.missing_feature() {
            return Err(missing.to_owned());
        }
        match location {
            #[cfg(feature = "sqlite")]
            Location::File(path) => {
                let mut config = countersign_sqlite::queue::QueueConfig::new(path);
                if let Some(bytes) = max_bytes {
                    config = config.with_max_bytes(bytes);
                }
                if let Some(keep) = keep {
                    config = config.with_keep_done(keep);
                }
                let opened = SqliteQueue::open_with(config);
                let queue = opened.map_err(|error| with_causes(&error))?;
                Ok(Self::Sqlite { queue, file: path.as_path().into() })
            }
            #[cfg(feature = "postgres")]
            Location::Database(url) => {
                // The configuration rejects it for a database.
                let _ = max_bytes;
                let config = countersign_postgres::queue::QueueConfig::new(url);
                let mut config = config.map_err(|error| with_causes(&error))?;
                if let Some(keep) = keep {
                    config = config.with_keep_done(keep);
                }
                let connected = PostgresQueue::connect_with(config).await;
                connected.map(Self::Postgres).map_err(|error| with_causes(&error))
            }
            #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
            _ => Err(String::new()),
        }
    }

    pub(crate) async fn accept(&self, accepting: Accepting) -> Result<AcceptOutcome, StoreError> {
        call!(self, queue => queue.accept(accepting).await)
    }

    pub(crate) async fn take(&self, take: Take) -> Result<Taken, StoreError> {
        call!(self, queue => queue.take(take).await)
    }

    pub(crate) async fn settle(
        &self,
        job: i64,
        token: Token,
        settlement: Settlement,
    ) -> Result<SettleOutcome, StoreError> {
        call!(self, queue => queue.settle(job, token, settlement).await)
    }

    /// Starts the leases of these attempts again.
    pub(crate) async fn renew_leases(
        &self,
        held: Vec<(i64, Token)>,
        lease: Duration,
    ) -> Result<(), StoreError> {
        call!(self, queue => queue.renew(held, lease).await)
    }

    /// Probes the table from time to time, in a task.
    pub(crate) fn watch(
        &self,
        every: Duration,
        report: impl FnMut(Result<Health, StoreError>) + Send + 'static,
    ) {
        call!(self, queue => drop(tokio::spawn(queue.watch(every, report))));
    }
}

impl IdempotencyStore for JobTable {
    async fn claim(&self, key: &EventKey, attempt: &Attempt) -> Result<ClaimOutcome, StoreError> {
        call!(self, queue => queue.claim(key, attempt).await)
    }

    async fn complete(
        &self,
        key: &EventKey,
        attempt: &Attempt,
    ) -> Result<CompleteOutcome, StoreError> {
        call!(self, queue => queue.complete(key, attempt).await)
    }

    async fn renew(&self, key: &EventKey, attempt: &Attempt) -> Result<RenewOutcome, StoreError> {
        call!(self, queue => IdempotencyStore::renew(queue, key, attempt).await)
    }

    async fn release(
        &self,
        key: &EventKey,
        attempt: &Attempt,
    ) -> Result<ReleaseOutcome, StoreError> {
        call!(self, queue => queue.release(key, attempt).await)
    }

    async fn forget(&self, key: &EventKey) -> Result<bool, StoreError> {
        call!(self, queue => queue.forget(key).await)
    }

    async fn probe(&self) -> Result<Health, StoreError> {
        call!(self, queue => queue.probe().await)
    }

    fn deadline(&self) -> Option<Duration> {
        call!(self, queue => queue.deadline())
    }
}
