//! From errors of SQLite to errors of the inbox.

use countersign_core::{InboxError, InboxErrorKind};
use rusqlite::Error;

use crate::error::Fault;

pub(super) fn inbox_error(error: Error) -> InboxError {
    let kind = match Fault::of(&error) {
        Fault::Locked => InboxErrorKind::Locked,
        Fault::Full | Fault::ReadOnly | Fault::Corrupt | Fault::Io => InboxErrorKind::Unavailable,
        Fault::Other if is_missing_table(&error) => InboxErrorKind::MissingTables,
        Fault::Other => InboxErrorKind::Database,
    };
    InboxError::with_source(kind, error)
}

/// SQLite has no code for it.
fn is_missing_table(error: &Error) -> bool {
    match error {
        Error::SqliteFailure(_, Some(message)) => message.contains(MISSING_TABLE),
        Error::SqlInputError { msg, .. } => msg.contains(MISSING_TABLE),
        _ => false,
    }
}

const MISSING_TABLE: &str = "no such table: countersign_inbox";
