//! From errors of Postgres to errors of the inbox.

use countersign_core::{InboxError, InboxErrorKind};
use deadpool_postgres::PoolError;
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use crate::error::Fault;

/// The error of a statement before the commit.
pub(super) fn inbox_error(error: Error) -> InboxError {
    InboxError::with_source(kind(&error), error)
}

/// The error of a commit.
pub(super) fn commit_error(error: Error) -> InboxError {
    match Fault::of(&error) {
        // The connection broke, perhaps after the server had committed.
        Fault::Broken => InboxError::with_source(InboxErrorKind::CommitUnknown, error),
        _ => inbox_error(error),
    }
}

/// No connection became free, or none could be opened.
pub(super) fn pool_error(error: PoolError) -> InboxError {
    InboxError::with_source(InboxErrorKind::Unavailable, error)
}

fn kind(error: &Error) -> InboxErrorKind {
    match error.code() {
        Some(&SqlState::UNDEFINED_TABLE) => return InboxErrorKind::MissingTables,
        Some(&SqlState::IN_FAILED_SQL_TRANSACTION) => return InboxErrorKind::Aborted,
        Some(&SqlState::NO_ACTIVE_SQL_TRANSACTION) => return InboxErrorKind::NoTransaction,
        _ => {}
    }
    match Fault::of(error) {
        Fault::Broken | Fault::NotServing | Fault::ReadOnly | Fault::Full => {
            InboxErrorKind::Unavailable
        }
        Fault::Locked => InboxErrorKind::Locked,
        Fault::Conflict => InboxErrorKind::Conflict,
        Fault::Pooler => InboxErrorKind::Pooler,
        Fault::NotPermitted | Fault::Schema | Fault::Answer => InboxErrorKind::Database,
    }
}
