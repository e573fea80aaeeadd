//! Why a store cannot be opened.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use countersign_core::Causes;

use super::{Cause, Fault};

/// The problem that prevents a store from being opened.
#[non_exhaustive]
pub enum OpenError {
    /// The path does not name a file on a disk.
    #[non_exhaustive]
    Path {
        /// What is wrong with the path; the text completes "the path of the store
        /// …".
        problem: &'static str,
    },
    /// A setting is invalid.
    #[non_exhaustive]
    Setting {
        /// What is wrong with the setting, and what to set.
        problem: &'static str,
    },
    /// The folder of the file does not exist.
    #[non_exhaustive]
    MissingFolder {
        /// The folder.
        folder: PathBuf,
    },
    /// The file cannot be opened or created.
    #[non_exhaustive]
    CannotOpen {
        /// SQLite's error.
        source: Cause,
    },
    /// The file, or its folder, cannot be written.
    #[non_exhaustive]
    ReadOnly {
        /// SQLite's error, if there was one.
        source: Option<Cause>,
    },
    /// The file is damaged, or is no database.
    #[non_exhaustive]
    Corrupt {
        /// SQLite's error.
        source: Cause,
    },
    /// The file is a database of another application.
    Foreign,
    /// The file was written by a later version of this crate.
    #[non_exhaustive]
    NewerSchema {
        /// The version of the tables in the file.
        found: i64,
        /// The latest version that this crate supports.
        supported: i64,
    },
    /// The SQLite of this build can corrupt a file that several connections use.
    #[non_exhaustive]
    OldSqlite {
        /// The version of SQLite.
        version: &'static str,
    },
    /// The file cannot be in WAL mode.
    #[non_exhaustive]
    NoWal {
        /// The mode that the file has.
        mode: String,
    },
    /// Another connection holds a lock on the file.
    #[non_exhaustive]
    Locked {
        /// How long the store waited.
        waited: Duration,
        /// SQLite's error.
        source: Cause,
    },
    /// The disk is full.
    #[non_exhaustive]
    Full {
        /// SQLite's error.
        source: Cause,
    },
    /// The operating system started no thread.
    #[non_exhaustive]
    Thread {
        /// The error of the operating system.
        source: Arc<io::Error>,
    },
    /// SQLite returned another error.
    #[non_exhaustive]
    Database {
        /// SQLite's error.
        source: Cause,
    },
}

impl OpenError {
    /// Converts an error of SQLite. Not a `From`, which would be public.
    pub(crate) fn of(error: rusqlite::Error, waited: Duration) -> Self {
        let fault = Fault::of(&error);
        let source: Cause = Arc::new(error);
        match fault {
            Fault::Locked => Self::Locked { waited, source },
            Fault::Full => Self::Full { source },
            Fault::ReadOnly => Self::ReadOnly { source: Some(source) },
            Fault::Corrupt => Self::Corrupt { source },
            Fault::Io => Self::CannotOpen { source },
            Fault::Other => Self::Database { source },
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path { problem } => write!(f, "the path of the store {problem}"),
            Self::Setting { problem } => f.write_str(problem),
            Self::MissingFolder { folder } => {
                write!(f, "the store's folder `{}` does not exist: create it", folder.display())
            }
            Self::CannotOpen { .. } => f.write_str(
                "the store's file cannot be opened: this user must be able to write to the file \
                 and to its folder, because SQLite creates more files beside it",
            ),
            Self::ReadOnly { .. } => f.write_str(
                "the store's file is read-only for this user: make the file and its folder \
                 writable",
            ),
            Self::Corrupt { .. } => f.write_str(
                "the store's file is damaged or no SQLite database: restore or delete it, together \
                 with its `-wal` and `-shm` files, while no process uses it",
            ),
            Self::Foreign => f.write_str(
                "the store's file is a database of another application: use a separate file",
            ),
            Self::NewerSchema { found, supported } => write!(
                f,
                "the store's file has version {found} of the tables, and this build supports \
                 version {supported}: use a later build, or another file"
            ),
            Self::OldSqlite { version } => write!(
                f,
                "this build has SQLite {version}, which can corrupt a file in WAL mode: 3.51.3 or \
                 later is needed, which rusqlite 0.39 and later contain (feature `bundled`)"
            ),
            Self::NoWal { mode } => write!(
                f,
                "the store's file is in journal mode `{mode}` and cannot be in WAL mode: use a \
                 local disk"
            ),
            Self::Locked { waited, .. } => write!(
                f,
                "another connection has locked the store's file for {} ms: end its transaction",
                waited.as_millis()
            ),
            Self::Full { .. } => f.write_str("the disk of the store's file is full"),
            Self::Thread { .. } => f.write_str("the store's thread cannot be started"),
            Self::Database { .. } => f.write_str("SQLite returned an error for the store's file"),
        }
    }
}

impl fmt::Debug for OpenError {
    /// Shows the text and its causes, because a `main` that returns the error
    /// prints it with `Debug`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Causes(self))
    }
}

impl Error for OpenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::CannotOpen { source }
            | Self::ReadOnly { source: Some(source) }
            | Self::Corrupt { source }
            | Self::Locked { source, .. }
            | Self::Full { source }
            | Self::Database { source } => Some(&**source),
            Self::Thread { source } => Some(&**source),
            Self::Path { .. }
            | Self::Setting { .. }
            | Self::MissingFolder { .. }
            | Self::ReadOnly { source: None }
            | Self::Foreign
            | Self::NewerSchema { .. }
            | Self::OldSqlite { .. }
            | Self::NoWal { .. } => None,
        }
    }
}
