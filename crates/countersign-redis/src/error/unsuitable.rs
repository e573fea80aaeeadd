//! Servers that respond but cannot store the records.

use std::fmt;

use redis::{ErrorKind, RedisError, ServerErrorKind};

/// Why a server cannot store the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unsuitable {
    /// The user lacks permission to run the scripts, or the commands that they
    /// call, on the store's keys.
    NotPermitted,
    /// The server does not run scripts.
    NoScripts,
    /// The server is one node of a cluster, and the keys belong to several
    /// nodes.
    ClusterNode,
    /// The server is a Sentinel, which stores no keys.
    Sentinel,
    /// The server is a replica, and accepts no writes.
    Replica,
}

impl Unsuitable {
    /// Derives the reason from the server's own error.
    pub(crate) fn of(error: &RedisError) -> Option<Self> {
        match error.kind() {
            ErrorKind::Server(ServerErrorKind::NoPerm) => Some(Self::NotPermitted),
            ErrorKind::Server(ServerErrorKind::Moved | ServerErrorKind::Ask) => {
                Some(Self::ClusterNode)
            }
            ErrorKind::Server(ServerErrorKind::ReadOnly) => Some(Self::Replica),
            ErrorKind::Server(_) | ErrorKind::Extension => {
                let detail = error.detail().unwrap_or_default();
                // Redis 7.0 has no error code for a command that fails inside
                // of a script.
                if detail.contains("can't run this command") {
                    Some(Self::NotPermitted)
                } else if detail.starts_with("unknown command 'EVAL") {
                    Some(Self::NoScripts)
                } else {
                    None
                }
            }
            _ => None,
        }
    }
}

impl fmt::Display for Unsuitable {
    /// Completes "the store's …".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotPermitted => {
                "user may not run its scripts: grant `+eval +evalsha +get +set +pttl +del +exists` \
                 on its keys, `~cs:*` or your own prefix"
            }
            Self::NoScripts => "server does not run scripts: enable `EVAL` and `EVALSHA` on it",
            Self::ClusterNode => {
                "server is one node of a cluster: write `redis+cluster://…` (feature `cluster`)"
            }
            Self::Sentinel => {
                "server is a Sentinel: write `redis+sentinel://host:26379/name` with the name of \
                 the primary (feature `sentinel`)"
            }
            Self::Replica => "server is a replica: connect to its primary",
        })
    }
}
