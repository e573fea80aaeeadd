//! The client of a writer thread: it starts the threads of a file, and sends jobs.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

use countersign_core::StoreError;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::timeout;

use crate::checkpoint::Checkpointer;
use crate::config::SqliteConfig;
use crate::database::Database;
use crate::error::{OpenError, SqliteStoreError};
use crate::job::{Job, Reply};
use crate::tables::Tables;
use crate::writer::{self, Files, Shared, Task};

/// An open file with its threads. When it is dropped, they finish the jobs that are
/// queued, and end.
pub(crate) struct Service<T: Tables> {
    pub(crate) path: PathBuf,
    pub(crate) deadline: Duration,
    tasks: mpsc::Sender<Task<T>>,
    /// Whether the last operation failed.
    is_failing: AtomicBool,
    pub(crate) began_to_fail: Notify,
}

impl<T: Tables> Service<T> {
    pub(crate) fn start(config: SqliteConfig) -> Result<Self, OpenError> {
        let config = config.checked()?;
        let Database { writer, checkpointer, file } = Database::open(&config, T::SCHEMA)?;
        let (path, deadline) = (config.path.clone(), config.deadline);
        let (tasks, mut queue) = mpsc::channel(QUEUE);
        let shared = Arc::new(Shared::default());
        let (wake, woken) = sync_channel(1);

        let files = Files::of(file.clone());
        let checkpoints = Checkpointer { connection: checkpointer, file, tasks: tasks.downgrade() };
        let with_writer = Arc::clone(&shared);
        start("checkpoint", move || checkpoints.run(&woken, &with_writer))?;
        start("writer", move || {
            // If it fails, the queue is dropped, which is an error of every operation.
            let _ = writer::run::<T>(&writer, &config, &mut queue, &shared, Some(files), &wake);
        })?;
        let (is_failing, began_to_fail) = (AtomicBool::new(false), Notify::new());
        Ok(Self { path, deadline, tasks, is_failing, began_to_fail })
    }

    /// Sends a job to the writer, and waits for its reply until the deadline.
    pub(crate) async fn run<R, J: Job<T> + 'static>(
        &self,
        job: impl FnOnce(Reply<R>) -> J,
    ) -> Result<R, StoreError> {
        let (reply, replied) = oneshot::channel();
        let job = Task::Job(Box::new(job(reply)));
        let Self { tasks, deadline, .. } = self;
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
        if self.is_failing.load(Ordering::Relaxed) != has_failed
            && !self.is_failing.swap(has_failed, Ordering::Relaxed)
        {
            self.began_to_fail.notify_one();
        }
    }
}

pub(crate) fn start(name: &str, run: impl FnOnce() + Send + 'static) -> Result<(), OpenError> {
    // Linux shows 15 characters.
    let thread = thread::Builder::new().name(format!("sqlite-{name}"));
    let started = thread.spawn(run);
    started.map(drop).map_err(|error| OpenError::Thread { source: Arc::new(error) })
}

/// Whether the disk is full, and nothing was applied.
pub(crate) fn is_full(error: &StoreError) -> bool {
    use std::error::Error;
    let source = error.source().and_then(<dyn Error>::downcast_ref);
    error.effect() == countersign_core::Effect::NotApplied
        && matches!(source, Some(SqliteStoreError::Full { .. }))
}

/// The maximum number of operations that wait for the writer: four groups.
const QUEUE: usize = 1_024;
