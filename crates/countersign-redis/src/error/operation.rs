//! Why an operation failed.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis::RedisError;

use super::{Cause, Fault, Unsuitable};

/// Why an operation failed: the source of the `StoreError` that it gave.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum RedisStoreError {
    /// The server has not answered in time.
    #[non_exhaustive]
    Deadline {
        /// How much it had.
        deadline: Duration,
    },
    /// The server did not answer a moment ago, and is dialled again within a
    /// second.
    #[non_exhaustive]
    BreakerOpen {
        /// What came of dialling it the last time, once that has been tried.
        source: Option<Cause>,
    },
    /// The connection broke, or there is none to be had.
    #[non_exhaustive]
    Connection {
        /// What came of it.
        source: Cause,
    },
    /// The server does not serve at present: it is loading its data, has become
    /// a replica or lost its own, its cluster is down, or it has come to want a
    /// password.
    #[non_exhaustive]
    NotServing {
        /// What it said.
        source: Cause,
    },
    /// The server is full and, as it should, forgets nothing.
    #[non_exhaustive]
    Full {
        /// What it said.
        source: Cause,
    },
    /// The server cannot hold the records, whatever it is sent.
    #[non_exhaustive]
    Unsuitable {
        /// Why, and what to change.
        reason: Unsuitable,
        /// What it said.
        source: Cause,
    },
    /// The server answered by an error.
    #[non_exhaustive]
    Server {
        /// What it said.
        source: Cause,
    },
    /// The server answered by something that no script of the store gives.
    UnexpectedReply,
}

impl RedisStoreError {
    /// What an error of the client library comes to. No `From`: that would be public.
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
                write!(f, "the server has not answered within {} ms", deadline.as_millis())
            }
            Self::BreakerOpen { .. } => f.write_str(
                "the server did not answer a moment ago and is being dialled once a second",
            ),
            Self::Connection { .. } => f.write_str("the connection to the server failed"),
            Self::NotServing { .. } => f.write_str("the server does not serve at present"),
            Self::Full { .. } => f.write_str("the server is full"),
            Self::Unsuitable { reason, .. } => write!(f, "the store's {reason}"),
            Self::Server { .. } => f.write_str("the server answered by an error"),
            Self::UnexpectedReply => f.write_str("the server's answer is none of the store's"),
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
