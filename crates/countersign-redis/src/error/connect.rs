//! Why a store cannot start.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use countersign_core::Causes;
use redis::{ErrorKind, RedisError};

use super::{Cause, Fault, Unsuitable};

/// The problem that prevents a store from starting.
///
/// Its messages never show a URL or a password.
#[non_exhaustive]
pub enum ConnectError {
    /// The URL has no known form.
    #[non_exhaustive]
    Url {
        /// What is wrong with the URL; the text completes "the URL of the store
        /// …".
        problem: &'static str,
    },
    /// A setting is invalid.
    #[non_exhaustive]
    Setting {
        /// What is wrong with the setting, and what to set.
        problem: &'static str,
    },
    /// The URL needs a feature that this build does not have.
    #[non_exhaustive]
    FeatureRequired {
        /// The feature to enable.
        feature: &'static str,
    },
    /// The server rejected the user or the password.
    #[non_exhaustive]
    Rejected {
        /// The server's error.
        source: Cause,
    },
    /// This machine does not trust the server's TLS certificate for the host of
    /// the URL.
    #[non_exhaustive]
    Certificate {
        /// What is wrong with the certificate.
        source: Cause,
    },
    /// No server can be reached at this address, or it does not reply as one.
    #[non_exhaustive]
    Unreachable {
        /// The error of the connection attempt.
        source: Cause,
    },
    /// The server does not have the database that the URL names, or the user may
    /// not select it.
    #[non_exhaustive]
    Database {
        /// The number of the database.
        database: i64,
        /// The server's error.
        source: Cause,
    },
    /// The server did not respond in time.
    #[non_exhaustive]
    TimedOut {
        /// How long the store waited.
        after: Duration,
    },
    /// The server responds, but every operation would miss its deadline.
    #[non_exhaustive]
    TooFar {
        /// The fastest of several round trips.
        round_trip: Duration,
        /// The deadline of an operation.
        deadline: Duration,
    },
    /// The server is older than Redis 7.0.
    #[non_exhaustive]
    TooOld {
        /// The version that the server reports.
        version: String,
    },
    /// The server responds, but cannot store the records.
    #[non_exhaustive]
    Unsuitable {
        /// Why, and what to change.
        reason: Unsuitable,
        /// The server's error, if it returned one.
        source: Option<Cause>,
    },
    /// The server responds, but a trial operation failed.
    #[non_exhaustive]
    TrialFailed {
        /// The server's error.
        source: Cause,
    },
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url { problem } => write!(f, "the URL of the store {problem}"),
            Self::Setting { problem } => f.write_str(problem),
            Self::FeatureRequired { feature } => {
                write!(f, "the URL of the store needs the feature `{feature}` of countersign-redis")
            }
            Self::Rejected { .. } => {
                f.write_str("the store's server rejected the user or password")
            }
            Self::Certificate { .. } => f.write_str(
                "the certificate of the store's server is not trusted: check the URL's host, and \
                 add the server's authority to the system's root certificates",
            ),
            Self::Unreachable { .. } => f.write_str(
                "the store's server cannot be reached: check that it runs, and the host and the \
                 port of the URL",
            ),
            Self::Database { database, .. } => write!(
                f,
                "the store's server does not select database {database}, which the URL names: \
                 name one that it has, 0 to 15 by default, and grant the user `+select`"
            ),
            Self::TimedOut { after } => {
                write!(f, "the store's server did not respond within {} ms", after.as_millis())
            }
            Self::TooFar { round_trip, deadline } => write!(
                f,
                "the store's server takes {} ms to respond, but an operation may take {} ms: use a \
                 nearer server, or set a longer deadline",
                round_trip.as_millis(),
                deadline.as_millis()
            ),
            Self::TooOld { version } => write!(
                f,
                "the store's server is Redis {version}: version 7.0 or later, or Valkey, is needed"
            ),
            Self::Unsuitable { reason, .. } => write!(f, "the store's {reason}"),
            Self::TrialFailed { .. } => {
                f.write_str("the store's server is reachable, but a trial operation failed")
            }
        }
    }
}

impl fmt::Debug for ConnectError {
    /// Shows the text and its causes, because a `main` that returns the error
    /// prints it with `Debug`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Causes(self))
    }
}

impl Error for ConnectError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Rejected { source }
            | Self::Certificate { source }
            | Self::Unreachable { source }
            | Self::Database { source, .. }
            | Self::Unsuitable { source: Some(source), .. }
            | Self::TrialFailed { source } => Some(&**source),
            Self::Url { .. }
            | Self::Setting { .. }
            | Self::FeatureRequired { .. }
            | Self::TimedOut { .. }
            | Self::TooFar { .. }
            | Self::TooOld { .. }
            | Self::Unsuitable { source: None, .. } => None,
        }
    }
}

impl ConnectError {
    /// Converts an error of the client library while connecting. Not a `From`,
    /// which would be public.
    pub(crate) fn of(error: RedisError) -> Self {
        match error.kind() {
            ErrorKind::AuthenticationFailed => Self::Rejected { source: Arc::new(error) },
            ErrorKind::InvalidClientConfig => {
                Self::Url { problem: "is inconsistent: its nodes differ in user or password" }
            }
            _ if matches!(error.code(), Some("NOAUTH" | "WRONGPASS")) => {
                Self::Rejected { source: Arc::new(error) }
            }
            _ if is_certificate(&error) => Self::Certificate { source: Arc::new(error) },
            _ => Self::Unreachable { source: Arc::new(error) },
        }
    }

    /// Converts an error of the first connection. `database` is the number in the
    /// URL.
    pub(crate) fn of_dial(error: RedisError, database: Option<i64>) -> Self {
        match database {
            Some(_) if is_about_database(&error) && lacks_password(&error) => {
                Self::Rejected { source: Arc::new(error) }
            }
            Some(database) if is_about_database(&error) => {
                Self::Database { database, source: Arc::new(error) }
            }
            _ => Self::of(error),
        }
    }

    /// Converts an error of a trial operation.
    pub(crate) fn of_trial(error: RedisError) -> Self {
        if let Some(reason) = Unsuitable::of(&error) {
            return Self::Unsuitable { reason, source: Some(Arc::new(error)) };
        }
        match Fault::of(&error) {
            Fault::NotSent | Fault::Broken => Self::of(error),
            _ => Self::TrialFailed { source: Arc::new(error) },
        }
    }
}

/// Whether the server rejected `SELECT`. The client library says so only in its
/// own text, which precedes the server's.
fn is_about_database(error: &RedisError) -> bool {
    matches!(error.kind(), ErrorKind::Server(_))
        && error.to_string().starts_with("Redis server refused to switch database")
}

/// Whether `SELECT` was rejected because the URL has no password. The client
/// library omits the code `NOAUTH`.
fn lacks_password(error: &RedisError) -> bool {
    error.detail().is_some_and(|detail| detail.contains("Authentication required"))
}

/// Whether TLS failed because of the server's certificate. The client library
/// returns rustls' error as the text of an I/O error.
fn is_certificate(error: &RedisError) -> bool {
    error.is_io_error() && error.to_string().contains("invalid peer certificate")
}
