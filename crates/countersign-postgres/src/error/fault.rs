//! What an error of the client library means for the store.

use tokio_postgres::Error;
use tokio_postgres::error::{DbError, Severity, SqlState};

/// The kinds of errors that the store distinguishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The connection broke or cannot be opened. A statement on it may have been executed.
    Broken,
    /// The server does not serve requests at present, or has no connection left.
    NotServing,
    /// The user is rejected, or lacks a right.
    NotPermitted,
    /// The server is a standby, or its transactions are read-only.
    ReadOnly,
    /// The server's disk is full.
    Full,
    /// Another transaction holds a lock for too long.
    Locked,
    /// A transaction at a stricter isolation level met another one. The statement can be repeated.
    Conflict,
    /// The tables are missing, or are others.
    Schema,
    /// A pooler has executed the statement on another connection than the one that prepared it.
    Pooler,
    /// Any other error of the server. It has rolled the statement back.
    Answer,
}

impl Fault {
    pub(crate) fn of(error: &Error) -> Self {
        match error.as_db_error() {
            Some(error) => Self::of_server(error),
            None => Self::Broken,
        }
    }

    fn of_server(error: &DbError) -> Self {
        match *error.code() {
            SqlState::CANNOT_CONNECT_NOW
            | SqlState::TOO_MANY_CONNECTIONS
            | SqlState::DATABASE_DROPPED
            | SqlState::INVALID_CATALOG_NAME => Self::NotServing,
            SqlState::INSUFFICIENT_PRIVILEGE
            | SqlState::INVALID_PASSWORD
            | SqlState::INVALID_AUTHORIZATION_SPECIFICATION => Self::NotPermitted,
            SqlState::READ_ONLY_SQL_TRANSACTION => Self::ReadOnly,
            SqlState::DISK_FULL => Self::Full,
            SqlState::LOCK_NOT_AVAILABLE | SqlState::QUERY_CANCELED => Self::Locked,
            SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED => Self::Conflict,
            SqlState::UNDEFINED_TABLE
            | SqlState::INVALID_SCHEMA_NAME
            | SqlState::UNDEFINED_COLUMN
            | SqlState::INVALID_COLUMN_REFERENCE
            | SqlState::DATATYPE_MISMATCH => Self::Schema,
            SqlState::INVALID_SQL_STATEMENT_NAME | SqlState::DUPLICATE_PSTATEMENT => Self::Pooler,
            SqlState::PROTOCOL_VIOLATION if error.message().contains("startup parameter") => {
                Self::Pooler
            }
            // A statement that was prepared before the table was changed.
            SqlState::FEATURE_NOT_SUPPORTED if error.message().starts_with("cached plan") => {
                Self::Broken
            }
            _ => match error.parsed_severity() {
                // The server ends the connection: it was terminated, or the server shuts down. It
                // may have committed before.
                Some(Severity::Fatal | Severity::Panic) => Self::Broken,
                _ => Self::Answer,
            },
        }
    }

    /// Whether the connection can be used again.
    pub(crate) fn leaves_connection(self) -> bool {
        !matches!(self, Self::Broken | Self::NotServing | Self::ReadOnly | Self::Pooler)
    }
}
