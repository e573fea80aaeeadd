//! The thread that copies the log into the file, so that the writer does not wait
//! for it.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use rusqlite::{Connection, Result};
use tokio::sync::mpsc::WeakSender;

use crate::database::OpenFile;
use crate::tables::Tables;
use crate::writer::{Shared, Task};

pub(crate) struct Checkpointer<T: Tables> {
    pub(crate) connection: Connection,
    pub(crate) file: OpenFile,
    pub(crate) tasks: WeakSender<Task<T>>,
}

/// The result of a checkpoint, in pages of the log.
#[derive(Clone, Copy)]
struct Checkpoint {
    in_log: i64,
    copied: i64,
}

impl<T: Tables> Checkpointer<T> {
    /// Runs until the writer has ended. It is woken when the log has grown, and once
    /// a second.
    pub(crate) fn run(self, woken: &Receiver<()>, shared: &Shared) {
        let mut copied_up_to = None;
        while !matches!(woken.recv_timeout(EVERY), Err(RecvTimeoutError::Disconnected)) {
            shared.was_replaced.store(self.file.was_replaced(), Ordering::Relaxed);
            self.send(Task::Purge);
            let committed = shared.committed.load(Ordering::Relaxed);
            let is_idle = copied_up_to == Some(committed);
            // An error is not reported: the log is kept, and copied at the next try.
            let done = if is_idle { self.give_back_space() } else { self.copy() };
            if done.unwrap_or(false) {
                copied_up_to = Some(committed);
            }
        }
    }

    /// Copies the log while the writer continues. If the log is long then, pauses
    /// the writer to copy the rest, so that the writer can start at the log's
    /// beginning: a log that is never copied completely only grows.
    ///
    /// Returns whether everything was copied.
    fn copy(&self) -> Result<bool> {
        let first = self.checkpoint("PASSIVE")?;
        // Even if it copied all that it found, the writer has added to the log since.
        if first.in_log < LONG_LOG {
            return Ok(first.is_complete());
        }
        let (reached, paused) = sync_channel(0);
        if !self.send(Task::Pause(reached)) || paused.recv().is_err() {
            return Ok(false);
        }
        let rest = self.checkpoint("PASSIVE");
        // The writer continues.
        let _ = paused.recv();
        rest.map(Checkpoint::is_complete)
    }

    /// Truncates the log of an idle store.
    fn give_back_space(&self) -> Result<bool> {
        let log = self.checkpoint("PASSIVE")?;
        if log.in_log >= LONG_LOG && log.is_complete() {
            self.checkpoint("TRUNCATE")?;
        }
        Ok(true)
    }

    fn checkpoint(&self, mode: &str) -> Result<Checkpoint> {
        let sql = format!("PRAGMA wal_checkpoint({mode})");
        self.connection
            .query_row(&sql, [], |row| Ok(Checkpoint { in_log: row.get(1)?, copied: row.get(2)? }))
    }

    /// Sends a task to the writer, unless the store was dropped.
    fn send(&self, task: Task<T>) -> bool {
        self.tasks.upgrade().is_some_and(|tasks| tasks.blocking_send(task).is_ok())
    }
}

impl Checkpoint {
    fn is_complete(self) -> bool {
        self.in_log == self.copied
    }
}

/// How much a loss of power can lose, apart from the time of the checkpoint.
const EVERY: Duration = Duration::from_secs(1);

/// In pages: 8 MB, less than the writer adds between two checkpoints under load.
const LONG_LOG: i64 = 2_000;

#[cfg(test)]
mod tests;
