//! Why an operation failed.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{Cause, Fault};

/// Why an operation failed: the source of the `StoreError` that it returned.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum SqliteStoreError {
    /// Another connection holds the write lock for longer than the lock timeout.
    #[non_exhaustive]
    Locked {
        /// SQLite's error.
        source: Cause,
    },
    /// The disk is full.
    #[non_exhaustive]
    Full {
        /// SQLite's error.
        source: Cause,
    },
    /// The file, or its folder, cannot be written.
    #[non_exhaustive]
    ReadOnly {
        /// SQLite's error.
        source: Cause,
    },
    /// The file is damaged.
    #[non_exhaustive]
    Corrupt {
        /// SQLite's error.
        source: Cause,
    },
    /// The operating system reported an error.
    #[non_exhaustive]
    Io {
        /// SQLite's error.
        source: Cause,
    },
    /// The file was replaced or deleted while the store was using it. The records
    /// of other processes, and those after a restart, would be others.
    Replaced,
    /// The record was written by a later version of this crate.
    Layout,
    /// The operation did not end in time.
    #[non_exhaustive]
    Deadline {
        /// The deadline of the operation.
        deadline: Duration,
    },
    /// The thread that writes has ended, because it panicked.
    Stopped,
    /// SQLite returned another error.
    #[non_exhaustive]
    Database {
        /// SQLite's error.
        source: Cause,
    },
}

impl SqliteStoreError {
    /// Converts an error of SQLite. Not a `From`, which would be public.
    pub(crate) fn of(error: rusqlite::Error) -> Self {
        let fault = Fault::of(&error);
        let source: Cause = Arc::new(error);
        match fault {
            Fault::Locked => Self::Locked { source },
            Fault::Full => Self::Full { source },
            Fault::ReadOnly => Self::ReadOnly { source },
            Fault::Corrupt => Self::Corrupt { source },
            Fault::Io => Self::Io { source },
            Fault::Other => Self::Database { source },
        }
    }
}

impl fmt::Display for SqliteStoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Locked { .. } => f.write_str("another connection holds the file's write lock"),
            Self::Full { .. } => f.write_str("the disk is full"),
            Self::ReadOnly { .. } => f.write_str("the file or its folder cannot be written"),
            Self::Corrupt { .. } => f.write_str(
                "the file is damaged: stop all processes that use it, and restore or delete it",
            ),
            Self::Io { .. } => f.write_str("the file cannot be read or written"),
            Self::Replaced => f.write_str(
                "the file was replaced or deleted while the store was using it: restart the process",
            ),
            Self::Layout => f.write_str("the record was written by a later version"),
            Self::Deadline { deadline } => {
                write!(f, "the store did not reply within {} ms", deadline.as_millis())
            }
            Self::Stopped => {
                f.write_str("the store's thread has ended after a panic: restart the process")
            }
            Self::Database { .. } => f.write_str("SQLite returned an error"),
        }
    }
}

impl Error for SqliteStoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Locked { source }
            | Self::Full { source }
            | Self::ReadOnly { source }
            | Self::Corrupt { source }
            | Self::Io { source }
            | Self::Database { source } => Some(&**source),
            Self::Replaced | Self::Layout | Self::Deadline { .. } | Self::Stopped => None,
        }
    }
}
