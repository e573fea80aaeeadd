//! What an error says of the server, and so of what to do next.

use redis::{ErrorKind, RedisError, ServerErrorKind};

/// What an error of the client library says of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// There was no connection to send it on.
    NotSent,
    /// It was sent, perhaps, and has not been answered.
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
            _ => match error.code() {
                Some("OOM") => Self::Full,
                // It was told the password when it was dialled, or there was none. And a primary
                // that has lost its replicas may have been deposed.
                Some("NOAUTH" | "NOREPLICAS") => Self::NotServing,
                _ => Self::Answer,
            },
        }
    }
}
