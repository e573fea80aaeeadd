//! Errors at start-up.

use std::error::Error;
use std::fmt;

use countersign_core::Causes;

/// A stream cannot be used as a queue.
#[non_exhaustive]
pub enum StreamError {
    /// No stream has the subject.
    Missing {
        /// The subject.
        subject: String,
    },
    /// The stream can lose messages that were answered 202.
    Unsafe {
        /// The name of the stream.
        stream: String,
        /// Its setting, and what to change.
        problem: &'static str,
    },
    /// The server cannot be reached, or has no JetStream.
    Unavailable {
        /// The cause.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { subject } => write!(
                f,
                "no stream has the subject `{subject}`: create one, as the documentation of \
                 `countersign_nats` shows"
            ),
            Self::Unsafe { stream, problem } => {
                write!(
                    f,
                    "the stream `{stream}` can lose messages that were answered 202: {problem}"
                )
            }
            Self::Unavailable { .. } => f.write_str(
                "the stream could not be read: check that the server runs with JetStream (`-js`), \
                 and that the user may use `$JS.API.STREAM.>`",
            ),
        }
    }
}

impl fmt::Debug for StreamError {
    /// Shows the text and its causes, because a `main` that returns the error prints it with
    /// `Debug`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Causes(self))
    }
}

impl Error for StreamError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Unavailable { source } => Some(&**source),
            Self::Missing { .. } | Self::Unsafe { .. } => None,
        }
    }
}
