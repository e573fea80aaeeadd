//! What an error means for the server's state, and so for the next step.

use redis::{ErrorKind, RedisError, ServerErrorKind};

/// The state of the server that an error of the client library indicates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// There was no connection to send the call on.
    NotSent,
    /// The call was perhaps sent, and got no reply.
    Broken,
    /// The server is up but does not serve requests. Another server may.
    NotServing,
    /// The server has no memory for a new record.
    Full,
    /// The server replied, and the error is its reply.
    Answer,
}

impl Fault {
    /// Whether a server that serves requests has rejected this one.
    pub(crate) fn is_rejection(self) -> bool {
        matches!(self, Self::Full | Self::Answer)
    }

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
            _ => match error.code() {
                Some("OOM") => Self::Full,
                // The password was sent when the connection was opened, or
                // there was none. And a primary that has lost its replicas may
                // have been deposed.
                Some("NOAUTH" | "NOREPLICAS") => Self::NotServing,
                _ => Self::Answer,
            },
        }
    }
}
