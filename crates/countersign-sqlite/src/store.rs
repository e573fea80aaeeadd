//! The store: each operation is one job for the writer.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use countersign_core::{
    Attempt, ClaimOutcome, CompleteOutcome, EventKey, Health, IdempotencyStore, ReleaseOutcome,
    RenewOutcome, StoreError, StoreWarning, protocol,
};
use tokio::time::{sleep, timeout};

use crate::config::SqliteConfig;
use crate::error::OpenError;
use crate::events::key;
use crate::job::{Decide, Forget, Step, Trial};
use crate::service::{Service, is_full};
use crate::tables::StoreTables;

/// Idempotency store in a SQLite file, for the processes of one machine.
///
/// It is cheap to clone; the clones share one writer thread. Its operations need
/// tokio's timer. When the last clone is dropped, its threads finish the
/// operations that are queued, and end.
#[derive(Clone)]
pub struct SqliteStore(Arc<Service<StoreTables>>);

impl SqliteStore {
    /// Opens the store in the file at `path`; see [`SqliteConfig::new`].
    ///
    /// # Errors
    ///
    /// As [`open_with`](Self::open_with).
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::open_with(SqliteConfig::new(path.as_ref()))
    }

    /// Opens the store with this configuration.
    ///
    /// It blocks: usually for some milliseconds, and for about the lock timeout if
    /// another connection has locked the file.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if the folder does not exist, the file cannot be opened,
    /// written or locked, is damaged, or belongs to another application or to a
    /// later version of this crate, and if SQLite is too old.
    pub fn open_with(config: SqliteConfig) -> Result<Self, OpenError> {
        Ok(Self(Arc::new(Service::start(config)?)))
    }

    /// Probes the store periodically, and when operations begin to fail, and reports
    /// each result, while the future is polled. Spawn it:
    ///
    /// ```no_run
    /// # use countersign_sqlite::SqliteStore;
    /// # use std::time::Duration;
    /// # fn example(store: SqliteStore) {
    /// tokio::spawn(store.watch(Duration::from_secs(30), |health| match health {
    ///     Ok(health) => health.warnings.iter().for_each(|warning| eprintln!("{warning}")),
    ///     Err(error) => eprintln!("{error:?}"),
    /// }));
    /// # }
    /// ```
    ///
    /// The store is not dropped while the future exists.
    pub fn watch(
        &self,
        every: Duration,
        mut report: impl FnMut(Result<Health, StoreError>) + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        let store = self.clone();
        async move {
            loop {
                report(store.probe().await);
                if timeout(every, store.0.began_to_fail.notified()).await.is_ok() {
                    report(store.probe().await);
                    sleep(every).await;
                }
            }
        }
    }

    async fn step<T: Copy + Send + 'static>(
        &self,
        event: &EventKey,
        attempt: &Attempt,
        decide: Decide<T>,
    ) -> Result<T, StoreError> {
        self.0.run(|reply| Step::new(key(event), attempt.clone(), decide, reply)).await
    }
}

impl IdempotencyStore for SqliteStore {
    async fn claim(&self, event: &EventKey, attempt: &Attempt) -> Result<ClaimOutcome, StoreError> {
        match self.0.run(|reply| Step::claim(key(event), attempt.clone(), reply)).await {
            Err(error) if is_full(&error) => Ok(ClaimOutcome::AtCapacity),
            claimed => claimed,
        }
    }

    async fn complete(
        &self,
        event: &EventKey,
        attempt: &Attempt,
    ) -> Result<CompleteOutcome, StoreError> {
        self.step(event, attempt, protocol::complete).await
    }

    async fn renew(&self, event: &EventKey, attempt: &Attempt) -> Result<RenewOutcome, StoreError> {
        self.step(event, attempt, protocol::renew).await
    }

    async fn release(
        &self,
        event: &EventKey,
        attempt: &Attempt,
    ) -> Result<ReleaseOutcome, StoreError> {
        self.step(event, attempt, |record, attempt, _| protocol::release(record, attempt)).await
    }

    async fn forget(&self, event: &EventKey) -> Result<bool, StoreError> {
        self.0.run(|reply| Forget { key: key(event), was_known: false, reply }).await
    }

    /// Writes a row that belongs to no event.
    async fn probe(&self) -> Result<Health, StoreError> {
        let is_full = match self.0.run(|reply| Trial { is_full: false, reply }).await {
            Err(error) if is_full(&error) => true,
            tried => tried?,
        };
        Ok(Health::new(if is_full { vec![StoreWarning::Full] } else { Vec::new() }))
    }

    fn deadline(&self) -> Option<Duration> {
        Some(self.0.deadline)
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore")
            .field("path", &self.0.path)
            .field("deadline", &self.0.deadline)
            .finish()
    }
}
