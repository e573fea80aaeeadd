//! Why an operation failed.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{Cause, Fault};

/// Why an operation failed: the source of the `StoreError` that it returned.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum PostgresStoreError {
    /// The server did not respond in time.
    #[non_exhaustive]
    Deadline {
        /// The deadline of the operation.
        deadline: Duration,
    },
    /// No connection of the pool became free in time.
    #[non_exhaustive]
    Exhausted {
        /// The number of connections.
        connections: usize,
        /// The deadline of the operation.
        deadline: Duration,
    },
    /// The server grants fewer connections than the store may open, and none of the open ones
    /// became free in time.
    #[non_exhaustive]
    ConnectionLimit {
        /// The number of open connections.
        connections: usize,
        /// The server's error.
        source: Cause,
    },
    /// The circuit breaker is open: the server recently did not respond, and is tried again within
    /// a second.
    #[non_exhaustive]
    BreakerOpen {
        /// The error of the last connection attempt, if there was one.
        source: Option<Cause>,
    },
    /// The connection broke, or no connection can be opened.
    #[non_exhaustive]
    Connection {
        /// The error of the connection.
        source: Cause,
    },
    /// The server does not serve requests at present: it starts or stops, has no connection left,
    /// or the database was dropped.
    #[non_exhaustive]
    NotServing {
        /// The server's error.
        source: Cause,
    },
    /// The user is rejected, or lacks a right on the tables.
    #[non_exhaustive]
    NotPermitted {
        /// The server's error.
        source: Cause,
    },
    /// The server is a standby, or its transactions are read-only.
    #[non_exhaustive]
    ReadOnly {
        /// The server's error.
        source: Cause,
    },
    /// The server's disk is full.
    #[non_exhaustive]
    Full {
        /// The server's error.
        source: Cause,
    },
    /// Another transaction has locked the row or the table for too long.
    #[non_exhaustive]
    Locked {
        /// The server's error.
        source: Cause,
    },
    /// The tables are missing, or are not those of this version.
    #[non_exhaustive]
    Schema {
        /// The server's error.
        source: Cause,
    },
    /// A transaction pooler is in front of the server.
    #[non_exhaustive]
    Pooler {
        /// The server's error.
        source: Cause,
    },
    /// The server returned another error.
    #[non_exhaustive]
    Server {
        /// The server's error.
        source: Cause,
    },
    /// The server returned rows that no statement of the store returns, or a statement has no
    /// effect: a trigger or a policy of the table may prevent it.
    UnexpectedReply,
}

impl PostgresStoreError {
    /// Converts an error of the client library. Not a `From`, which would be public.
    pub(crate) fn of(error: tokio_postgres::Error) -> Self {
        let fault = Fault::of(&error);
        let source: Cause = Arc::new(error);
        match fault {
            Fault::Broken => Self::Connection { source },
            Fault::NotServing => Self::NotServing { source },
            Fault::NotPermitted => Self::NotPermitted { source },
            Fault::ReadOnly => Self::ReadOnly { source },
            Fault::Full => Self::Full { source },
            Fault::Locked => Self::Locked { source },
            Fault::Schema => Self::Schema { source },
            Fault::Pooler => Self::Pooler { source },
            Fault::Conflict | Fault::Answer => Self::Server { source },
        }
    }

    pub(crate) fn cause(&self) -> Option<&Cause> {
        match self {
            Self::ConnectionLimit { source, .. }
            | Self::Connection { source }
            | Self::NotServing { source }
            | Self::NotPermitted { source }
            | Self::ReadOnly { source }
            | Self::Full { source }
            | Self::Locked { source }
            | Self::Schema { source }
            | Self::Pooler { source }
            | Self::Server { source } => Some(source),
            Self::BreakerOpen { source } => source.as_ref(),
            Self::Deadline { .. } | Self::Exhausted { .. } | Self::UnexpectedReply => None,
        }
    }
}

impl fmt::Display for PostgresStoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deadline { deadline } => {
                write!(f, "the server did not respond within {} ms", deadline.as_millis())
            }
            Self::Exhausted { connections, deadline } => write!(
                f,
                "none of the {connections} connections became free within {} ms: the server is \
                 slow, or the pool is too small",
                deadline.as_millis()
            ),
            Self::ConnectionLimit { connections, .. } => write!(
                f,
                "the server grants only {connections} connections, and none became free in time: \
                 set `connections={connections}` in the URL's parameters, or raise the limit of \
                 the server or of its user"
            ),
            Self::BreakerOpen { .. } => {
                f.write_str("the server did not respond a moment ago; trying again once a second")
            }
            Self::Connection { .. } => f.write_str("the connection to the server failed"),
            Self::NotServing { .. } => f.write_str("the server does not serve requests at present"),
            Self::NotPermitted { .. } => {
                f.write_str("the user is rejected or lacks a right on the tables")
            }
            Self::ReadOnly { .. } => {
                f.write_str("the server is read-only, as a standby is: connect to the primary")
            }
            Self::Full { .. } => f.write_str("the server's disk is full"),
            Self::Locked { .. } => {
                f.write_str("another transaction has locked the table or the row for too long")
            }
            Self::Schema { .. } => {
                f.write_str("the tables are missing or are not those of this version")
            }
            Self::Pooler { .. } => f.write_str(POOLER),
            Self::Server { .. } => f.write_str("the server returned an error"),
            Self::UnexpectedReply => f.write_str(
                "the server returned an unexpected reply: no trigger or row security policy may \
                 change what the statements do",
            ),
        }
    }
}

impl Error for PostgresStoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause().map(|cause| &**cause as &(dyn Error + 'static))
    }
}

pub(super) const POOLER: &str = "a transaction pooler, such as PgBouncer, is in front of the \
     server: add `pooler=true` to the URL's parameters";
