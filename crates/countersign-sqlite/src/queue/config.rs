//! The settings of a queue.

use std::path::PathBuf;
use std::time::Duration;

use countersign_core::Clock;

use crate::config::{SqliteConfig, Synchronous};

/// How a [`SqliteQueue`](super::SqliteQueue) opens its file.
#[derive(Debug)]
pub struct QueueConfig(pub(super) SqliteConfig);

impl QueueConfig {
    /// Configures a queue in the file at `path`. The file is created if it does not
    /// exist, its folder is not. It is a separate file from that of a store.
    ///
    /// Every commit is synced: an accepted delivery survives a loss of power.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let mut config = SqliteConfig::new(path)
            .with_synchronous(Synchronous::Full)
            .with_max_bytes(MAX_BYTES)
            .with_deadline(DEADLINE);
        config.keep_done = KEEP_DONE;
        Self(config)
    }

    /// The size of the file at which deliveries are not accepted, apart from its log.
    /// Defaults to 1 GiB, which is about half a million deliveries of 1 KiB. Jobs that
    /// are done are deleted early when seven eighths are used.
    #[must_use]
    pub fn with_max_bytes(self, bytes: u64) -> Self {
        Self(self.0.with_max_bytes(bytes))
    }

    /// How long jobs that are done or discarded are kept, to be replayed. Defaults to
    /// one day.
    #[must_use]
    pub fn with_keep_done(mut self, keep: Duration) -> Self {
        self.0.keep_done = keep;
        self
    }

    /// The maximum duration of an operation. Defaults to 2 s.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self(self.0.with_deadline(deadline))
    }

    /// As [`SqliteConfig::with_lock_timeout`].
    #[must_use]
    pub fn with_lock_timeout(self, timeout: Duration) -> Self {
        Self(self.0.with_lock_timeout(timeout))
    }

    /// Sets the clock, for tests. Defaults to the wall clock.
    #[must_use]
    pub fn with_clock(self, clock: impl Clock + 'static) -> Self {
        Self(self.0.with_clock(clock))
    }
}

const MAX_BYTES: u64 = 1024 * 1024 * 1024;
const KEEP_DONE: Duration = Duration::from_secs(24 * 60 * 60);
const DEADLINE: Duration = Duration::from_secs(2);
