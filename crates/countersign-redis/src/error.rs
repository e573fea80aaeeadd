//! What can go wrong: at start-up, and at an operation.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use redis::{ErrorKind, RedisError, ServerErrorKind};

/// What has to be mended before a store can start.
///
/// No text of it shows a URL or a password.
#[non_exhaustive]
pub enum ConnectError {
    /// The URL is of no form that is known.
    #[non_exhaustive]
    Url {
        /// What is wrong with it; the text completes "the URL of the store …".
        problem: &'static str,
    },
    /// The URL needs a feature that this build does not have.
    #[non_exhaustive]
    FeatureRequired {
        /// The feature to switch on.
        feature: &'static str,
    },
    /// The server does not let the user in.
    #[non_exhaustive]
    Refused {
        /// What it said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// There is no such server, or it does not answer as one.
    #[non_exhaustive]
    Unreachable {
        /// What came of dialling it.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The server has not answered in time.
    #[non_exhaustive]
    TimedOut {
        /// For how long it was waited for.
        after: Duration,
    },
    /// The server is older than Redis 7.0.
    #[non_exhaustive]
    TooOld {
        /// Its version, as it states it.
        version: String,
    },
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url { problem } => write!(f, "the URL of the store {problem}"),
            Self::FeatureRequired { feature } => {
                write!(f, "the URL of the store needs the feature `{feature}` of countersign-redis")
            }
            Self::Refused { .. } => f.write_str("the store's server refuses user or password"),
            Self::Unreachable { .. } => f.write_str("the store's server cannot be reached"),
            Self::TimedOut { after } => {
                write!(f, "the store's server has not answered within {} ms", after.as_millis())
            }
            Self::TooOld { version } => write!(
                f,
                "the store's server is Redis {version}: version 7.0 or later, or Valkey, is needed"
            ),
        }
    }
}

impl fmt::Debug for ConnectError {
    /// The text and its causes: a `main` that returns the error prints it by
    /// `Debug`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        let mut cause = self.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl Error for ConnectError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Refused { source } | Self::Unreachable { source } => Some(&**source),
            Self::Url { .. }
            | Self::FeatureRequired { .. }
            | Self::TimedOut { .. }
            | Self::TooOld { .. } => None,
        }
    }
}

impl ConnectError {
    /// What an error of the client library comes to. No `From`: that would be public.
    pub(crate) fn of(error: RedisError) -> Self {
        match error.kind() {
            ErrorKind::AuthenticationFailed => Self::Refused { source: error.into() },
            ErrorKind::InvalidClientConfig => {
                Self::Url { problem: "contradicts itself: its nodes differ in user or password" }
            }
            _ if matches!(error.code(), Some("NOAUTH" | "WRONGPASS")) => {
                Self::Refused { source: error.into() }
            }
            _ => Self::Unreachable { source: error.into() },
        }
    }
}

/// Why an operation failed: the source of the `StoreError` that it gave.
#[derive(Debug)]
#[non_exhaustive]
pub enum RedisStoreError {
    /// The server has not answered in time.
    #[non_exhaustive]
    Deadline {
        /// How much it had.
        deadline: Duration,
    },
    /// The server did not answer a moment ago, and is asked again within a
    /// second.
    BreakerOpen,
    /// The connection broke, or there is none to be had.
    #[non_exhaustive]
    Connection {
        /// What came of it.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The server does not serve at present: it is loading its data, has become
    /// a replica, its cluster is down, or it has come to want a password.
    #[non_exhaustive]
    NotServing {
        /// What it said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The server is full and, as it should, forgets nothing.
    #[non_exhaustive]
    Full {
        /// What it said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The server answered by an error.
    #[non_exhaustive]
    Server {
        /// What it said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The server answered by something that no script of the store gives.
    UnexpectedReply,
}

impl RedisStoreError {
    /// What an error of the client library comes to. No `From`: that would be public.
    pub(crate) fn of(error: RedisError) -> Self {
        let fault = Fault::of(&error);
        let source = Box::from(error);
        match fault {
            Fault::NotSent | Fault::Broken => Self::Connection { source },
            Fault::NotServing => Self::NotServing { source },
            Fault::Full => Self::Full { source },
            Fault::Answer => Self::Server { source },
        }
    }
}

/// What an error of the client library says of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// There was no connection to ask it on.
    NotSent,
    /// It was asked, perhaps, and has not answered.
    Broken,
    /// It is there and does not serve: another one may.
    NotServing,
    /// It has no room for a new record.
    Full,
    /// It answered, and that is its answer.
    Answer,
}

impl Fault {
    pub(crate) fn of(error: &RedisError) -> Self {
        match error.kind() {
            _ if error.is_connection_refusal() => Self::NotSent,
            ErrorKind::ClusterConnectionNotFound
            | ErrorKind::MasterNameNotFoundBySentinel
            | ErrorKind::AuthenticationFailed => Self::NotSent,
            ErrorKind::Io | ErrorKind::Parse => Self::Broken,
            ErrorKind::Server(
                ServerErrorKind::BusyLoading
                | ServerErrorKind::ReadOnly
                | ServerErrorKind::MasterDown
                | ServerErrorKind::ClusterDown
                | ServerErrorKind::TryAgain,
            ) => Self::NotServing,
            _ if error.code() == Some("OOM") => Self::Full,
            // It was told the password when it was dialled, or there was none.
            _ if error.code() == Some("NOAUTH") => Self::NotServing,
            _ => Self::Answer,
        }
    }
}

impl fmt::Display for RedisStoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deadline { deadline } => {
                write!(f, "the server has not answered within {} ms", deadline.as_millis())
            }
            Self::BreakerOpen => f.write_str(
                "the server did not answer a moment ago and is being tried once a second",
            ),
            Self::Connection { .. } => f.write_str("the connection to the server failed"),
            Self::NotServing { .. } => f.write_str("the server does not serve at present"),
            Self::Full { .. } => f.write_str("the server is full"),
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
            | Self::Server { source } => Some(&**source),
            Self::Deadline { .. } | Self::BreakerOpen | Self::UnexpectedReply => None,
        }
    }
}
