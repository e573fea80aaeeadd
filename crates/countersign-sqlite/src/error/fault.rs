//! What an error of SQLite means for the store.

use rusqlite::{Error, ErrorCode};

/// The kinds of errors that the store distinguishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Another connection holds the lock.
    Locked,
    /// The disk is full.
    Full,
    /// The file, or its folder, cannot be written.
    ReadOnly,
    /// The file is damaged, or is no database.
    Corrupt,
    /// The operating system reported an error, or the file cannot be opened.
    Io,
    Other,
}

impl Fault {
    pub(crate) fn of(error: &Error) -> Self {
        match error.sqlite_error_code() {
            Some(
                ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::FileLockingProtocolFailed,
            ) => Self::Locked,
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Self::ReadOnly,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt,
            Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen) => Self::Io,
            Some(_) => Self::Other,
            // A value that the table's constraints do not allow.
            None => match error {
                Error::InvalidColumnType(..)
                | Error::IntegralValueOutOfRange(..)
                | Error::FromSqlConversionFailure(..) => Self::Corrupt,
                _ => Self::Other,
            },
        }
    }
}
