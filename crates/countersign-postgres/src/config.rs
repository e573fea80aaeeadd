//! The server's address and the settings of a store.

use std::fmt;
use std::time::Duration;

use crate::error::ConnectError;
use crate::target::Target;

/// How a [`PostgresStore`](crate::PostgresStore) connects to its server.
pub struct PostgresConfig {
    pub(crate) target: Target,
    pub(crate) schema: Option<String>,
    pub(crate) deadline: Duration,
    pub(crate) connections: usize,
    pub(crate) has_pooler: bool,
    pub(crate) max_events: Option<u64>,
    pub(crate) purge_interval: Duration,
}

impl PostgresConfig {
    /// Configures a database by its URL: `postgres://user:password@host:5432/database`, with
    /// special characters of user and password percent-encoded. `postgresql://` is the same.
    /// Several hosts, `a:5432,b:5432`, are tried in their order, and the first that is not
    /// read-only is used.
    ///
    /// | parameter | meaning |
    /// | --- | --- |
    /// | `sslmode` | `disable`; `prefer`, TLS if the server offers it; `require`, `verify-ca` and `verify-full`, always TLS. The certificate is verified in each mode that uses TLS. Defaults to `disable` on the loopback interface and without the feature `tls`, otherwise to `prefer` |
    /// | `sslrootcert` | the file of the certificates that are trusted, instead of the system's; `sslmode` then defaults to `require` |
    /// | `schema` | as [`with_schema`](Self::with_schema) |
    /// | `deadline_ms` | as [`with_deadline`](Self::with_deadline) |
    /// | `connections` | as [`with_connections`](Self::with_connections) |
    /// | `pooler` | `true`: as [`with_pooler`](Self::with_pooler) |
    ///
    /// The other parameters are those of `tokio_postgres::Config`, such as `application_name`.
    ///
    /// # Errors
    ///
    /// [`ConnectError::Url`] if the URL is malformed, and [`ConnectError::FeatureRequired`] if this
    /// build lacks the feature that the URL needs. Neither shows the URL, which may contain a
    /// password.
    pub fn new(url: &str) -> Result<Self, ConnectError> {
        Self::with_default_deadline(url, DEADLINE)
    }

    pub(crate) fn with_default_deadline(
        url: &str,
        deadline: Duration,
    ) -> Result<Self, ConnectError> {
        let (target, settings) = Target::parse(url)?;
        Ok(Self {
            target,
            schema: settings.schema,
            deadline: settings.deadline.unwrap_or(deadline),
            connections: settings.connections.unwrap_or(CONNECTIONS),
            has_pooler: settings.has_pooler,
            max_events: None,
            purge_interval: PURGE_INTERVAL,
        })
    }

    /// The schema of the tables. Defaults to the first schema of the user's search path, which
    /// usually is `public`. It is created if it does not exist.
    ///
    /// Use a separate schema for each application: the events of applications that share a table
    /// can be duplicates of each other.
    #[must_use]
    pub fn with_schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = Some(schema.into());
        self
    }

    /// The maximum duration of an operation, including the wait for a connection. Defaults to 1 s.
    /// An operation that waits for a lock ends after half of it. The maximum is one day.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// The maximum number of connections. Defaults to 8. They are opened when they are needed.
    #[must_use]
    pub fn with_connections(mut self, connections: usize) -> Self {
        self.connections = connections;
        self
    }

    /// For a server behind a transaction pooler, such as PgBouncer with `pool_mode = transaction`:
    /// no statement is prepared, and no setting of the session is changed. The server then parses
    /// and plans each statement at each execution.
    #[must_use]
    pub fn with_pooler(mut self) -> Self {
        self.has_pooler = true;
        self
    }

    /// The number of events at which new events are rejected
    /// ([`AtCapacity`](countersign_core::ClaimOutcome::AtCapacity)). Events that the store knows can
    /// still be completed. They are counted at each purge, and so the number can be exceeded
    /// meanwhile. Defaults to no limit.
    #[must_use]
    pub fn with_max_events(mut self, events: u64) -> Self {
        self.max_events = Some(events);
        self
    }

    /// How often expired events are deleted. Defaults to 10 s. The maximum is one day.
    #[must_use]
    pub fn with_purge_interval(mut self, interval: Duration) -> Self {
        self.purge_interval = interval;
        self
    }

    /// The statements that create the tables, for a user without the right to create them when the
    /// store connects. They can be executed again.
    #[must_use]
    pub fn migration(&self) -> String {
        crate::schema::EVENTS.migration(self.schema.as_deref())
    }

    /// The settings within their limits.
    pub(crate) fn checked(mut self) -> Result<Self, ConnectError> {
        let problem = if self.deadline.is_zero() {
            Some("the store's deadline is zero: set at least one round trip to its server")
        } else if self.connections == 0 {
            Some("the store has zero connections: set at least one")
        } else if self.schema.as_ref().is_some_and(|schema| !is_identifier(schema)) {
            Some("the store's schema is empty, longer than 63 bytes or contains a NUL")
        } else {
            None
        };
        if let Some(problem) = problem {
            return Err(ConnectError::Setting { problem });
        }
        self.deadline = self.deadline.min(MAX_WAIT);
        self.connections = self.connections.min(MAX_CONNECTIONS);
        self.purge_interval = self.purge_interval.clamp(MIN_PURGE_INTERVAL, MAX_WAIT);
        Ok(self)
    }
}

/// Postgres truncates a longer name, and the store would use another schema.
fn is_identifier(name: &str) -> bool {
    (1..64).contains(&name.len()) && !name.contains('\0')
}

impl fmt::Debug for PostgresConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresConfig")
            .field("server", &format_args!("{}", self.target.server()))
            .field("schema", &self.schema)
            .field("deadline", &self.deadline)
            .field("connections", &self.connections)
            .field("has_pooler", &self.has_pooler)
            .field("max_events", &self.max_events)
            .finish_non_exhaustive()
    }
}

/// A commit may have to wait for a busy disk.
const DEADLINE: Duration = Duration::from_secs(1);
const CONNECTIONS: usize = 8;
const PURGE_INTERVAL: Duration = Duration::from_secs(10);
const MIN_PURGE_INTERVAL: Duration = Duration::from_millis(10);
const MAX_WAIT: Duration = Duration::from_secs(24 * 60 * 60);
/// More than any server accepts.
const MAX_CONNECTIONS: usize = 10_000;
