//! Why a store cannot start.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis::{ErrorKind, RedisError};

use super::{Cause, Fault, Unsuitable};

/// What has to be fixed before a store can start.
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
    /// A setting of the configuration cannot work.
    #[non_exhaustive]
    Setting {
        /// What is wrong with it, and what to set.
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
        source: Cause,
    },
    /// The server's TLS certificate is not one that this machine trusts for the
    /// host of the URL.
    #[non_exhaustive]
    Certificate {
        /// What is wrong with it.
        source: Cause,
    },
    /// There is no such server, or it does not answer as one.
    #[non_exhaustive]
    Unreachable {
        /// What came of dialling it.
        source: Cause,
    },
    /// The server has not answered in time.
    #[non_exhaustive]
    TimedOut {
        /// For how long it was waited for.
        after: Duration,
    },
    /// The server answers, but every operation would miss its deadline.
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
        /// Its version, as it states it.
        version: String,
    },
    /// The server answers, but cannot hold the records.
    #[non_exhaustive]
    Unsuitable {
        /// Why, and what to change.
        reason: Unsuitable,
        /// What it said, where it was an error.
        source: Option<Cause>,
    },
    /// The server answers, and an operation that was tried on it failed.
    #[non_exhaustive]
    TrialFailed {
        /// What it said.
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
            Self::Refused { .. } => f.write_str("the store's server refuses user or password"),
            Self::Certificate { .. } => f.write_str(
                "the certificate of the store's server is not trusted: check the URL's host, and \
                 add the server's authority to the system's root certificates",
            ),
            Self::Unreachable { .. } => f.write_str("the store's server cannot be reached"),
            Self::TimedOut { after } => {
                write!(f, "the store's server has not answered within {} ms", after.as_millis())
            }
            Self::TooFar { round_trip, deadline } => write!(
                f,
                "the store's server takes {} ms to answer, and an operation may take {} ms: use a \
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
                f.write_str("the store's server is reachable, but fails the operations of a claim")
            }
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
            Self::Refused { source }
            | Self::Certificate { source }
            | Self::Unreachable { source }
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
    /// What an error of the client library comes to while dialling. No `From`:
    /// that would be public.
    pub(crate) fn of(error: RedisError) -> Self {
        match error.kind() {
            ErrorKind::AuthenticationFailed => Self::Refused { source: Arc::new(error) },
            ErrorKind::InvalidClientConfig => {
                Self::Url { problem: "contradicts itself: its nodes differ in user or password" }
            }
            _ if matches!(error.code(), Some("NOAUTH" | "WRONGPASS")) => {
                Self::Refused { source: Arc::new(error) }
            }
            _ if is_certificate(&error) => Self::Certificate { source: Arc::new(error) },
            _ => Self::Unreachable { source: Arc::new(error) },
        }
    }

    /// What an error of a first operation comes to.
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

/// Whether TLS ended because of the server's certificate. The client library
/// hands rustls' error over as the text of an I/O error.
fn is_certificate(error: &RedisError) -> bool {
    error.is_io_error() && error.to_string().contains("invalid peer certificate")
}
