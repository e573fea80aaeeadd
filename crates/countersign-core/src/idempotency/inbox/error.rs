//! Why an inbox failed.

use std::error::Error;
use std::fmt;

use crate::error::Causes;

/// An operation of an inbox failed. Roll the transaction back, and respond with 503: the sender
/// retries.
pub struct InboxError {
    kind: InboxErrorKind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// The kind of an [`InboxError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum InboxErrorKind {
    /// The database cannot be reached, or has no free connection. Nothing was changed.
    Unavailable,
    /// Another transaction holds a lock for longer than the lock timeout. Nothing was changed.
    Locked,
    /// The database has aborted this transaction, because another one has changed what it reads
    /// or writes (SQLSTATE 40001 or 40P01). Nothing was changed.
    Conflict,
    /// The inbox's tables do not exist.
    MissingTables,
    /// The inbox's tables have a version that this build does not support.
    #[non_exhaustive]
    Version {
        /// The version of the tables.
        found: i64,
        /// The version that this build supports.
        supported: i64,
    },
    /// The connection is not inside a transaction.
    NoTransaction,
    /// An earlier statement of the transaction has failed.
    Aborted,
    /// The commit had no reply: the effect may have happened. A retry finds out.
    CommitUnknown,
    /// The handler has responded and still holds the transaction, which was rolled back.
    Kept,
    /// A transaction pooler is between the application and the database, and a statement was
    /// prepared on another connection.
    Pooler,
    /// The database returned another error.
    Database,
}

impl InboxError {
    /// An error of this kind, without a cause.
    #[must_use]
    pub fn new(kind: InboxErrorKind) -> Self {
        Self { kind, source: None }
    }

    /// An error of this kind, with its cause.
    pub fn with_source(
        kind: InboxErrorKind,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self { kind, source: Some(source.into()) }
    }

    /// The tables have a version that this build does not support.
    #[must_use]
    pub fn version(found: i64, supported: i64) -> Self {
        Self::new(InboxErrorKind::Version { found, supported })
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> InboxErrorKind {
        self.kind
    }
}

impl fmt::Display for InboxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            InboxErrorKind::Unavailable => "the inbox's database is unavailable",
            InboxErrorKind::Locked => {
                "another transaction holds a lock for longer than the lock timeout"
            }
            InboxErrorKind::Conflict => {
                "the database has aborted the transaction, because another one changed what it \
                 reads or writes: roll back, and let the sender retry"
            }
            InboxErrorKind::MissingTables => {
                "the inbox's tables do not exist: execute the statements of `migration()`"
            }
            InboxErrorKind::Version { found, supported } => {
                return write!(
                    f,
                    "the inbox's tables have version {found}, and this build supports version \
                     {supported}: use the build that fits the migrations"
                );
            }
            InboxErrorKind::NoTransaction => {
                "the connection is not inside a transaction: begin one before the claim"
            }
            InboxErrorKind::Aborted => {
                "an earlier statement of the transaction has failed: roll back, or to a savepoint \
                 before it"
            }
            InboxErrorKind::CommitUnknown => {
                "the commit had no reply: the effect may have happened, which a retry finds out"
            }
            InboxErrorKind::Kept => {
                "the handler has responded and still holds the transaction, which was rolled \
                 back: drop it before the response"
            }
            InboxErrorKind::Pooler => {
                "a prepared statement does not exist on this connection: behind a transaction \
                 pooler, such as PgBouncer, set `with_pooler()`"
            }
            InboxErrorKind::Database => "the database returned an error to the inbox",
        })
    }
}

impl fmt::Debug for InboxError {
    /// Shows the text and its causes, because a `main` that returns the error prints it with
    /// `Debug`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Causes(self))
    }
}

impl Error for InboxError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl From<InboxErrorKind> for InboxError {
    fn from(kind: InboxErrorKind) -> Self {
        Self::new(kind)
    }
}
