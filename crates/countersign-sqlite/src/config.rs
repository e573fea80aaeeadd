//! The path and the settings of a store.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use countersign_core::Clock;

use crate::error::OpenError;

/// How a [`SqliteStore`](crate::SqliteStore) opens its file.
pub struct SqliteConfig {
    pub(crate) path: PathBuf,
    pub(crate) synchronous: Synchronous,
    pub(crate) deadline: Duration,
    pub(crate) lock_timeout: Duration,
    pub(crate) max_bytes: Option<u64>,
    /// How long a queue keeps the jobs that are done.
    pub(crate) keep_done: Duration,
    pub(crate) clock: Option<Arc<dyn Clock>>,
}

/// When commits reach the disk: SQLite's `PRAGMA synchronous`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Synchronous {
    /// At each checkpoint, about once a second. If the machine crashes or loses
    /// power, the commits since then are lost.
    #[default]
    Normal,
    /// At each commit.
    Full,
}

impl SqliteConfig {
    /// Configures a store in the file at `path`. The file is created if it does
    /// not exist, its folder is not. SQLite creates two more files beside it,
    /// with the suffixes `-wal` and `-shm`.
    ///
    /// Use a separate file for each application: the events of applications that
    /// share a file can be duplicates of each other.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            synchronous: Synchronous::default(),
            deadline: DEADLINE,
            lock_timeout: LOCK_TIMEOUT,
            max_bytes: None,
            keep_done: Duration::ZERO,
            clock: None,
        }
    }

    /// When commits reach the disk. Defaults to [`Synchronous::Normal`]. `Full`
    /// costs one sync of the disk for each group of operations.
    #[must_use]
    pub fn with_synchronous(mut self, synchronous: Synchronous) -> Self {
        self.synchronous = synchronous;
        self
    }

    /// The maximum duration of an operation. Defaults to 2 s. The operations that
    /// a receiver calls have its own time limits, too. The maximum is one day.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// How long a transaction, or opening the file, waits while another connection
    /// holds a lock. Defaults to 1 s. If this time has passed once, transactions wait
    /// for 50 ms until one of them gets the lock. The maximum is one day.
    #[must_use]
    pub fn with_lock_timeout(mut self, timeout: Duration) -> Self {
        self.lock_timeout = timeout;
        self
    }

    /// The size of the file at which new events are rejected
    /// ([`AtCapacity`](countersign_core::ClaimOutcome::AtCapacity)), apart from its
    /// log. Events that the store knows can still be completed. Defaults to no
    /// limit. A million events take about 130 MB.
    #[must_use]
    pub fn with_max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = Some(bytes);
        self
    }

    /// Sets the clock for leases and retentions, for tests. Defaults to the wall
    /// clock. All processes that open the file must use the same clock.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// The settings within their limits.
    pub(crate) fn checked(mut self) -> Result<Self, OpenError> {
        if self.deadline.is_zero() {
            let problem = "the store's deadline is zero: set at least some milliseconds";
            return Err(OpenError::Setting { problem });
        }
        self.deadline = self.deadline.min(MAX_WAIT);
        self.lock_timeout = self.lock_timeout.min(MAX_WAIT);
        Ok(self)
    }
}

impl fmt::Debug for SqliteConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteConfig")
            .field("path", &self.path)
            .field("synchronous", &self.synchronous)
            .field("deadline", &self.deadline)
            .field("lock_timeout", &self.lock_timeout)
            .field("max_bytes", &self.max_bytes)
            .finish_non_exhaustive()
    }
}

/// Twice the lock timeout: an operation may wait for the end of one transaction
/// and for the start of the next.
const DEADLINE: Duration = Duration::from_secs(2);
const LOCK_TIMEOUT: Duration = Duration::from_secs(1);
/// SQLite accepts no timeout of more than 24 days.
const MAX_WAIT: Duration = Duration::from_secs(24 * 60 * 60);
