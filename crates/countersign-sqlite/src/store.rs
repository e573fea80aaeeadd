//! The store: each operation is one job for the writer.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

use countersign_core::{
    Attempt, ClaimOutcome, CompleteOutcome, Effect, EventKey, Health, IdempotencyStore,
    ReleaseOutcome, RenewOutcome, StoreError, StoreWarning, protocol,
};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::{sleep, timeout};

use crate::checkpoint::Checkpointer;
use crate::config::SqliteConfig;
use crate::database::Database;
use crate::error::{OpenError, SqliteStoreError};
use crate::events::key;
use crate::job::{Decide, Forget, Job, Reply, Step, Trial};
use crate::writer::{self, Shared, Task};

/// Idempotency store in a SQLite file, for the processes of one machine.
///
/// It is cheap to clone; the clones share one writer thread. Its operations need
/// tokio's timer. When the last clone is dropped, its threads finish the
/// operations that are queued, and end.
#[derive(Clone)]
pub struct SqliteStore(Arc<Inner>);

struct Inner {
    path: PathBuf,
    deadline: Duration,
    tasks: mpsc::Sender<Task>,
    /// Whether the last operation failed.
    is_failing: AtomicBool,
    began_to_fail: Notify,
}

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
        let config = config.checked()?;
        let Database { writer, checkpointer, file } = Database::open(&config)?;
        let (path, deadline) = (config.path.clone(), config.deadline);
        let (tasks, mut queue) = mpsc::channel(QUEUE);
        let shared = Arc::new(Shared::default());
        let (wake, woken) = sync_channel(1);

        let checkpoints = Checkpointer { connection: checkpointer, file, tasks: tasks.downgrade() };
        let with_writer = Arc::clone(&shared);
        start("checkpoint", move || checkpoints.run(&woken, &with_writer))?;
        start("writer", move || {
            // If it fails, the queue is dropped, which is an error of every operation.
            let _ = writer::run(&writer, &config, &mut queue, &shared, &wake);
        })?;
        let (is_failing, began_to_fail) = (AtomicBool::new(false), Notify::new());
        Ok(Self(Arc::new(Inner { path, deadline, tasks, is_failing, began_to_fail })))
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

    /// Sends a job to the writer, and waits for its reply until the deadline.
    async fn run<T, J: Job + 'static>(
        &self,
        job: impl FnOnce(Reply<T>) -> J,
    ) -> Result<T, StoreError> {
        let (reply, replied) = oneshot::channel();
        let job = Task::Job(Box::new(job(reply)));
        let Inner { tasks, deadline, .. } = &*self.0;
        let mut was_sent = false;
        let run = async {
            let stopped = |_| StoreError::not_applied(SqliteStoreError::Stopped);
            tasks.send(job).await.map_err(stopped)?;
            was_sent = true;
            let stopped = |_| StoreError::unknown_effect(SqliteStoreError::Stopped);
            replied.await.unwrap_or_else(|error| Err(stopped(error)))
        };
        let outcome = match timeout(*deadline, run).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let error = SqliteStoreError::Deadline { deadline: *deadline };
                Err(match was_sent {
                    true => StoreError::unknown_effect(error),
                    false => StoreError::not_applied(error),
                })
            }
        };
        self.note(outcome.is_err());
        outcome
    }

    fn note(&self, has_failed: bool) {
        let Inner { is_failing, began_to_fail, .. } = &*self.0;
        if is_failing.load(Ordering::Relaxed) != has_failed
            && !is_failing.swap(has_failed, Ordering::Relaxed)
        {
            began_to_fail.notify_one();
        }
    }

    async fn step<T: Copy + Send + 'static>(
        &self,
        event: &EventKey,
        attempt: &Attempt,
        decide: Decide<T>,
    ) -> Result<T, StoreError> {
        self.run(|reply| Step::new(key(event), attempt.clone(), decide, reply)).await
    }
}

fn start(name: &str, run: impl FnOnce() + Send + 'static) -> Result<(), OpenError> {
    // Linux shows 15 characters.
    let thread = thread::Builder::new().name(format!("sqlite-{name}"));
    let started = thread.spawn(run);
    started.map(drop).map_err(|error| OpenError::Thread { source: Arc::new(error) })
}

impl IdempotencyStore for SqliteStore {
    async fn claim(&self, event: &EventKey, attempt: &Attempt) -> Result<ClaimOutcome, StoreError> {
        match self.run(|reply| Step::claim(key(event), attempt.clone(), reply)).await {
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
        self.run(|reply| Forget { key: key(event), was_known: false, reply }).await
    }

    /// Writes a row that belongs to no event.
    async fn probe(&self) -> Result<Health, StoreError> {
        let is_full = match self.run(|reply| Trial { is_full: false, reply }).await {
            Err(error) if is_full(&error) => true,
            tried => tried?,
        };
        Ok(Health::new(if is_full { vec![StoreWarning::Full] } else { Vec::new() }))
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

/// Whether the disk is full, and nothing was applied.
fn is_full(error: &StoreError) -> bool {
    use std::error::Error;
    let source = error.source().and_then(<dyn Error>::downcast_ref);
    error.effect() == Effect::NotApplied && matches!(source, Some(SqliteStoreError::Full { .. }))
}

/// The maximum number of operations that wait for the writer: four groups.
const QUEUE: usize = 1_024;
