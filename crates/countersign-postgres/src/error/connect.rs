//! Why a store cannot connect.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use countersign_core::Causes;
use tokio_postgres::error::SqlState;

use super::operation::POOLER;
use super::{Cause, Fault, PostgresStoreError};

/// The problem that prevents a store from connecting.
///
/// `server` is its URL without user, password and parameters.
#[non_exhaustive]
pub enum ConnectError {
    /// The URL is malformed. It is not shown, because it may contain a password.
    #[non_exhaustive]
    Url {
        /// What is wrong with the URL; the text completes "the URL …".
        problem: &'static str,
    },
    /// The URL needs a feature that this build lacks.
    #[non_exhaustive]
    FeatureRequired {
        /// The feature of this crate.
        feature: &'static str,
    },
    /// A setting is invalid.
    #[non_exhaustive]
    Setting {
        /// What is wrong with the setting, and what to set.
        problem: &'static str,
    },
    /// The certificates that the server's one is checked with cannot be read.
    #[non_exhaustive]
    Certificates {
        /// The error of reading them.
        source: Cause,
    },
    /// The server cannot be reached.
    #[non_exhaustive]
    Unreachable {
        /// The server.
        server: String,
        /// The error of the connection.
        source: Cause,
    },
    /// The server did not respond in time.
    #[non_exhaustive]
    TimedOut {
        /// The server.
        server: String,
        /// How long the store waited.
        after: Duration,
    },
    /// The server offers no TLS, or its certificate is not trusted.
    #[non_exhaustive]
    Tls {
        /// The server.
        server: String,
        /// The error of the handshake.
        source: Cause,
    },
    /// The server rejects the user or the password.
    #[non_exhaustive]
    Authentication {
        /// The server.
        server: String,
        /// The server's error.
        source: Cause,
    },
    /// The database does not exist.
    #[non_exhaustive]
    MissingDatabase {
        /// The server.
        server: String,
        /// The server's error, which names the database.
        source: Cause,
    },
    /// The user lacks a right.
    #[non_exhaustive]
    NotPermitted {
        /// The server.
        server: String,
        /// The server's error.
        source: Cause,
    },
    /// The server is older than Postgres 13.
    #[non_exhaustive]
    OldServer {
        /// The server.
        server: String,
        /// The server's version.
        version: String,
    },
    /// The server is a standby, or its transactions are read-only.
    #[non_exhaustive]
    ReadOnly {
        /// The server.
        server: String,
    },
    /// No schema of the user's search path exists.
    #[non_exhaustive]
    NoSchema {
        /// The server.
        server: String,
    },
    /// The tables were created by a later version of this crate.
    #[non_exhaustive]
    NewerSchema {
        /// The server.
        server: String,
        /// The version of the tables.
        found: i32,
        /// The latest version that this crate supports.
        supported: i32,
    },
    /// The tables are not those of this crate.
    #[non_exhaustive]
    Foreign {
        /// The server.
        server: String,
        /// The server's error.
        source: Cause,
    },
    /// The tables do not exist, and are not created for this use.
    #[non_exhaustive]
    MissingTables {
        /// The server.
        server: String,
    },
    /// The server commits before it has written to its disk, so a queue could lose what it has
    /// accepted.
    #[non_exhaustive]
    AsynchronousCommit {
        /// The server.
        server: String,
    },
    /// The database has an encoding that cannot store the texts of a queue.
    #[non_exhaustive]
    Encoding {
        /// The server.
        server: String,
        /// The encoding of the database.
        found: String,
    },
    /// A transaction pooler is in front of the server.
    #[non_exhaustive]
    Pooler {
        /// The server.
        server: String,
        /// The pooler's error.
        source: Cause,
    },
    /// The server accepts no connection at present, or returned another error.
    #[non_exhaustive]
    Server {
        /// The server.
        server: String,
        /// The error.
        source: Cause,
    },
}

impl ConnectError {
    /// Converts an error of the client library.
    pub(crate) fn of(error: tokio_postgres::Error, server: &str) -> Self {
        let (fault, code) = (Fault::of(&error), error.code().cloned());
        // The library has no other accessor for it.
        let cause = error.source().map(ToString::to_string);
        if code.is_none() && cause.as_deref() == Some("password missing") {
            return Self::Setting { problem: NO_PASSWORD };
        }
        let is_tls = error.to_string() == "error performing TLS handshake";
        let (server, source): (_, Cause) = (server.to_owned(), Arc::new(error));
        match fault {
            _ if is_tls => Self::Tls { server, source },
            _ if code == Some(SqlState::INVALID_CATALOG_NAME) => {
                Self::MissingDatabase { server, source }
            }
            Fault::NotPermitted if code != Some(SqlState::INSUFFICIENT_PRIVILEGE) => {
                Self::Authentication { server, source }
            }
            Fault::NotPermitted => Self::NotPermitted { server, source },
            Fault::ReadOnly => Self::ReadOnly { server },
            Fault::Schema => Self::Foreign { server, source },
            Fault::Pooler => Self::Pooler { server, source },
            Fault::Broken if code.is_none() => Self::Unreachable { server, source },
            _ => Self::Server { server, source },
        }
    }

    /// Converts the error of an operation.
    pub(crate) fn of_operation(error: PostgresStoreError, server: &str) -> Self {
        let server = server.to_owned();
        match error {
            PostgresStoreError::NotPermitted { source } => Self::NotPermitted { server, source },
            PostgresStoreError::ReadOnly { .. } => Self::ReadOnly { server },
            PostgresStoreError::Schema { source } => Self::Foreign { server, source },
            PostgresStoreError::Pooler { source } => Self::Pooler { server, source },
            PostgresStoreError::Connection { source } => Self::Unreachable { server, source },
            PostgresStoreError::Deadline { deadline } => Self::TimedOut { server, after: deadline },
            other => Self::Server { server, source: Arc::new(other) },
        }
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url { problem } => write!(f, "the URL {problem}"),
            Self::FeatureRequired { feature } => {
                write!(f, "the URL needs the feature `{feature}` of countersign-postgres")
            }
            Self::Setting { problem } => f.write_str(problem),
            Self::Certificates { .. } => {
                f.write_str("the certificates of `sslrootcert` or of the system cannot be read")
            }
            Self::Unreachable { server, .. } => {
                write!(
                    f,
                    "the server {server} cannot be reached: check that it runs, and the host and \
                     the port of the URL"
                )
            }
            Self::TimedOut { server, after } => {
                write!(f, "the server {server} did not respond within {} ms", after.as_millis())
            }
            Self::Tls { server, .. } => write!(
                f,
                "no TLS connection to the server {server}: name the certificate of its \
                 authority with `sslrootcert=PATH`, or set `sslmode=disable` in a private network"
            ),
            Self::Authentication { server, .. } => {
                write!(f, "the server {server} rejects the user or the password")
            }
            Self::MissingDatabase { server, .. } => {
                write!(f, "the database does not exist on {server}: create it")
            }
            Self::NotPermitted { server, .. } => write!(
                f,
                "the user lacks a right on {server}: grant `CREATE` on the schema, or create the \
                 tables as another user and grant `SELECT` on `countersign_version`, and `SELECT, \
                 INSERT, UPDATE, DELETE` on the other tables, which are `countersign_event` for a \
                 store; for a queue, `countersign_queue_event`, `_job`, `_message` and `_paused`, \
                 and `USAGE` on the sequence `countersign_queue_job_id`"
            ),
            Self::OldServer { server, version } => {
                write!(f, "the server {server} is Postgres {version}: 13 or later is needed")
            }
            Self::ReadOnly { server } => write!(
                f,
                "the server {server} is read-only, as a standby is: connect to the primary"
            ),
            Self::NoSchema { server } => write!(
                f,
                "the user has no schema on {server}: name one with `schema=NAME` in the \
                 URL's parameters"
            ),
            Self::NewerSchema { server, found, supported } => write!(
                f,
                "the tables on {server} have version {found}, and this build supports \
                 version {supported}: use a later build, or another schema"
            ),
            Self::Foreign { server, .. } => write!(
                f,
                "the tables `countersign_event`, `countersign_queue_job` or `countersign_version` \
                 on {server} are not those of this program: use another schema"
            ),
            Self::MissingTables { server } => {
                write!(f, "the queue has no tables on {server}: `countersign serve` creates them")
            }
            Self::AsynchronousCommit { server } => write!(
                f,
                "`synchronous_commit` is `off` on {server}, so a crash of the server would lose \
                 deliveries that were accepted: set it to `on` for the user, `ALTER ROLE NAME SET \
                 synchronous_commit = on`"
            ),
            Self::Encoding { server, found } => write!(
                f,
                "the database on {server} has the encoding {found}, which cannot store all texts: \
                 use a database with the encoding UTF8"
            ),
            Self::Pooler { server, .. } => write!(f, "{server}: {POOLER}"),
            Self::Server { server, .. } => {
                write!(f, "the server {server} returned an error")
            }
        }
    }
}

const NO_PASSWORD: &str = "the server requires a password, and the URL has none: \
     write `postgres://user:password@host/database`";

impl fmt::Debug for ConnectError {
    /// Shows the text and its causes, because a `main` that returns the error prints it with
    /// `Debug`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Causes(self))
    }
}

impl Error for ConnectError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Certificates { source }
            | Self::Unreachable { source, .. }
            | Self::Tls { source, .. }
            | Self::Authentication { source, .. }
            | Self::MissingDatabase { source, .. }
            | Self::NotPermitted { source, .. }
            | Self::Foreign { source, .. }
            | Self::Pooler { source, .. }
            | Self::Server { source, .. } => Some(&**source),
            Self::Url { .. }
            | Self::FeatureRequired { .. }
            | Self::Setting { .. }
            | Self::TimedOut { .. }
            | Self::OldServer { .. }
            | Self::ReadOnly { .. }
            | Self::NoSchema { .. }
            | Self::NewerSchema { .. }
            | Self::MissingTables { .. }
            | Self::AsynchronousCommit { .. }
            | Self::Encoding { .. } => None,
        }
    }
}
