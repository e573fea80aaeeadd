//! Why an operation failed.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis::RedisError;

use super::{Cause, Fault, Unsuitable};

/// Why an operation failed: the source of the `StoreError` that it returned.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum RedisStoreError {
    /// The server did not respond in time.
    #[non_exhaustive]
    Deadline {
        /// The deadline of the operation.
        deadline: Duration,
    },
    /// The circuit breaker is open: the server recently did not respond, and is
    /// dialled again within a second.
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
    /// The server does not serve requests at present. It is loading its data,
    /// has become a replica or lost its own replicas, its cluster is down, or
    /// it now requires a password.
    #[non_exhaustive]
    NotServing {
        /// The server's error.
        source: Cause,
    },
    /// The server is out of memory and, as configured, evicts nothing.
    #[non_exhaustive]
    Full {
        /// The server's error.
        source: Cause,
    },
    /// The server cannot store the records, regardless of the request.
    #[non_exhaustive]
    Unsuitable {
        /// Why, and what to change.
        reason: Unsuitable,
        /// The server's error.
        source: Cause,
    },
    /// The server returned an error.
    #[non_exhaustive]
    Server {
        /// The server's error.
        source: Cause,
    },
    /// The server returned a reply that no script of the store returns.
    UnexpectedReply,
}

impl RedisStoreError {
    /// Converts an error of the client library. Not a `From`, which would be
    /// public.
    pub(crate) fn of(error: RedisError) -> Self {
        let (fault, reason) = (Fault::of(&error), Unsuitable::of(&error));
        let source: Cause = Arc::new(error);
        match (fault, reason) {
            (Fault::NotSent | Fault::Broken, _) => Self::Connection { source },
            (Fault::NotServing, _) => Self::NotServing { source },
            (Fault::Full, _) => Self::Full { source },
            (Fault::Answer, Some(reason)) => Self::Unsuitable { reason, source },
            (Fault::Answer, None) => Self::Server { source },
        }
    }
}

impl fmt::Display for RedisStoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deadline { deadline } => {
                write!(f, "the server did not respond within {} ms", deadline.as_millis())
            }
            Self::BreakerOpen { .. } => {
                f.write_str("the server did not respond a moment ago; reconnecting once a second")
            }
            Self::Connection { .. } => f.write_str("the connection to the server failed"),
            Self::NotServing { .. } => f.write_str("the server does not serve requests at present"),
            Self::Full { .. } => f.write_str("the server is full"),
            Self::Unsuitable { reason, .. } => write!(f, "the store's {reason}"),
            Self::Server { .. } => f.write_str("the server returned an error"),
            Self::UnexpectedReply => f.write_str("the server returned an unexpected reply"),
        }
    }
}

impl Error for RedisStoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Connection { source }
            | Self::NotServing { source }
            | Self::Full { source }
            | Self::Unsuitable { source, .. }
            | Self::Server { source } => Some(&**source),
            Self::BreakerOpen { source } => {
                source.as_deref().map(|source| source as &(dyn Error + 'static))
            }
            Self::Deadline { .. } | Self::UnexpectedReply => None,
        }
    }
}
