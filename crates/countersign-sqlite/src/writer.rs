//! The thread that writes: group commit, and the purge of expired rows.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use countersign_core::Effect;
use rusqlite::Connection;
use tokio::sync::mpsc::Receiver;
use tokio::sync::mpsc::error::TryRecvError;

use crate::config::SqliteConfig;
use crate::database::OpenFile;
use crate::error::SqliteStoreError;
use crate::file_id::FileId;
use crate::job::Job;
use crate::tables::{Tables, Transaction};
use crate::time::Timekeeper;

/// What the writer does next.
pub(crate) enum Task<T: Tables> {
    Job(Box<dyn Job<T>>),
    /// Deletes expired rows. Sent about once a second, because a store without
    /// operations must also forget.
    Purge,
    /// Sends once when it has reached this task, and once more to continue. The
    /// channel has no buffer, so the writer waits for both to be received.
    Pause(SyncSender<()>),
}

/// What the writer shares with the thread of the checkpoints.
#[derive(Default)]
pub(crate) struct Shared {
    /// The number of jobs that were committed.
    pub(crate) committed: AtomicU64,
    /// Whether the file was replaced or deleted.
    pub(crate) was_replaced: AtomicBool,
}

/// The files that contain what is committed: the database and its log. What is in the log reaches
/// the database later.
pub(crate) struct Files {
    database: OpenFile,
    log_path: PathBuf,
    /// `None` until the first commit, which creates it if necessary.
    log: Option<FileId>,
}

impl Files {
    pub(crate) fn of(database: OpenFile) -> Self {
        let log_path = database.log_path();
        Self { database, log_path, log: None }
    }

    /// Whether one of the files is no longer at its path: what was committed into it is lost when
    /// the process ends.
    fn were_replaced(&mut self) -> bool {
        let now = FileId::of(&self.log_path);
        let log = *self.log.get_or_insert(match now {
            Some(now) => now,
            None => return true,
        });
        now != Some(log) || self.database.was_replaced()
    }
}

/// Executes tasks until every sender is dropped. A database in memory has no files.
pub(crate) fn run<T: Tables>(
    connection: &Connection,
    config: &SqliteConfig,
    tasks: &mut Receiver<Task<T>>,
    shared: &Shared,
    files: Option<Files>,
    checkpoint: &SyncSender<()>,
) -> rusqlite::Result<()> {
    let mut time = Timekeeper::new(config.clock.clone());
    let tables = T::open(connection, config, time.now())?;
    let mut writer = Writer::<T> {
        connection,
        tables,
        time,
        lock_timeout: config.lock_timeout,
        is_locked_out: false,
        shared,
        files,
        checkpoint,
        since_checkpoint: 0,
        may_purge: true,
    };
    let mut jobs = Vec::with_capacity(GROUP);
    let mut next = None;
    while let Some(task) = next.take().or_else(|| writer.wait(tasks)) {
        match task {
            Task::Job(job) => {
                jobs.push(job);
                next = collect(&mut jobs, tasks);
                writer.commit_group(&mut jobs);
                if writer.may_purge {
                    writer.purge();
                }
            }
            Task::Purge => writer.purge(),
            Task::Pause(reached) => {
                // An error means that the other thread has ended.
                let _ = reached.send(()).and_then(|()| reached.send(()));
            }
        }
    }
    Ok(())
}

/// Adds the jobs that wait to the group. Returns the first task that is none.
fn collect<T: Tables>(
    jobs: &mut Vec<Box<dyn Job<T>>>,
    tasks: &mut Receiver<Task<T>>,
) -> Option<Task<T>> {
    while jobs.len() < GROUP {
        match tasks.try_recv() {
            Ok(Task::Job(job)) => jobs.push(job),
            Ok(task) => return Some(task),
            Err(_) => break,
        }
    }
    None
}

struct Writer<'c, T: Tables> {
    connection: &'c Connection,
    tables: T::Open<'c>,
    time: Timekeeper,
    lock_timeout: Duration,
    /// Whether the last transaction did not get the lock.
    is_locked_out: bool,
    shared: &'c Shared,
    files: Option<Files>,
    checkpoint: &'c SyncSender<()>,
    since_checkpoint: u64,
    /// Whether the last purge has left expired rows.
    may_purge: bool,
}

/// A transaction that has failed.
struct Failure {
    effect: Effect,
    error: SqliteStoreError,
}

impl<T: Tables> Writer<'_, T> {
    /// Waits for the next task, and deletes expired rows meanwhile. `None` if every
    /// sender is dropped.
    fn wait(&mut self, tasks: &mut Receiver<Task<T>>) -> Option<Task<T>> {
        while self.may_purge {
            match tasks.try_recv() {
                Ok(task) => return Some(task),
                Err(TryRecvError::Disconnected) => return None,
                Err(TryRecvError::Empty) => self.purge(),
            }
        }
        tasks.blocking_recv()
    }

    /// Executes the jobs in one transaction, and replies to each.
    fn commit_group(&mut self, jobs: &mut Vec<Box<dyn Job<T>>>) {
        let was_replaced = self.shared.was_replaced.load(Ordering::Relaxed);
        let has_committed = |files: &&mut Files| files.log.is_some();
        if was_replaced
            || self.files.as_mut().filter(has_committed).is_some_and(Files::were_replaced)
        {
            return fail_all(jobs, Effect::NotApplied, &SqliteStoreError::Replaced);
        }
        match self.transaction(jobs) {
            // Before the replies: no job is acknowledged that no process can read any more.
            Ok(()) if self.files.as_mut().is_some_and(Files::were_replaced) => {
                fail_all(jobs, Effect::Unknown, &SqliteStoreError::Replaced);
            }
            Ok(()) => self.finish_all(jobs),
            // The group may be too large for the disk, while a part of it fits.
            Err(Failure { effect: Effect::NotApplied, error: SqliteStoreError::Full { .. } })
                if jobs.len() > 1 =>
            {
                for job in std::mem::take(jobs) {
                    let mut single = vec![job];
                    match self.transaction(&mut single) {
                        Ok(()) => self.finish_all(&mut single),
                        Err(Failure { effect, error }) => fail_all(&mut single, effect, &error),
                    }
                }
            }
            Err(Failure { effect, error }) => fail_all(jobs, effect, &error),
        }
    }

    fn finish_all(&mut self, jobs: &mut Vec<Box<dyn Job<T>>>) {
        let committed = u64::try_from(jobs.len()).unwrap_or(u64::MAX);
        jobs.drain(..).for_each(Job::finish);
        self.shared.committed.fetch_add(committed, Ordering::Relaxed);
        self.since_checkpoint += committed;
        if self.since_checkpoint >= JOBS_BETWEEN_CHECKPOINTS {
            self.since_checkpoint = 0;
            // Full if that thread has been woken already.
            let _ = self.checkpoint.try_send(());
        }
    }

    fn transaction(&mut self, jobs: &mut [Box<dyn Job<T>>]) -> Result<(), Failure> {
        self.begin()?;
        let wanted = jobs.iter_mut().filter(|job| !job.is_abandoned());
        let executed = wanted.into_iter().try_for_each(|job| job.run(&mut self.tables));
        if let Err(error) = executed {
            self.roll_back();
            let error = SqliteStoreError::of(error);
            return Err(Failure { effect: Effect::NotApplied, error });
        }
        self.tables.commit().map_err(|error| {
            self.roll_back();
            let error = SqliteStoreError::of(error);
            // If the disk was full, the log has no complete commit. After any other error, it may
            // have one, and the next process that opens the file would apply it.
            let effect = match error {
                SqliteStoreError::Full { .. } | SqliteStoreError::Locked { .. } => {
                    Effect::NotApplied
                }
                _ => Effect::Unknown,
            };
            Failure { effect, error }
        })
    }

    fn begin(&mut self) -> Result<(), Failure> {
        let now = self.time.now();
        let begun = self.tables.begin(now).map_err(|error| {
            self.roll_back();
            SqliteStoreError::of(error)
        });
        let is_locked_out = matches!(begun, Err(SqliteStoreError::Locked { .. }));
        if is_locked_out != self.is_locked_out {
            self.is_locked_out = is_locked_out;
            let timeout =
                if is_locked_out { LOCKED_OUT.min(self.lock_timeout) } else { self.lock_timeout };
            // It only fails if the connection does not exist.
            let _ = self.connection.busy_timeout(timeout);
        }
        begun.map_err(|error| Failure { effect: Effect::NotApplied, error })
    }

    /// Some errors have rolled back already.
    fn roll_back(&self) {
        if !self.connection.is_autocommit() {
            // If this fails, the next transaction cannot begin, which is an error of its jobs.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
    }

    /// An error is not reported: rows that are not deleted now are deleted later,
    /// and an operation reports the same error.
    fn purge(&mut self) {
        let is_possible = !self.is_locked_out && !self.shared.was_replaced.load(Ordering::Relaxed);
        let now = self.time.now();
        self.may_purge = is_possible && self.tables.purge(now).unwrap_or(false);
    }
}

fn fail_all<T: Tables>(jobs: &mut Vec<Box<dyn Job<T>>>, effect: Effect, error: &SqliteStoreError) {
    for job in jobs.drain(..) {
        job.fail(effect, error);
    }
}

/// The maximum number of jobs in a transaction.
const GROUP: usize = 256;

/// A job changes about one page of the log: 16 MB.
const JOBS_BETWEEN_CHECKPOINTS: u64 = 4_000;

/// How long a transaction waits for the lock if the last one did not get it.
const LOCKED_OUT: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests;
