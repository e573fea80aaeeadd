//! The settings of a queue.

use std::time::Duration;

use crate::config::PostgresConfig;
use crate::error::ConnectError;
use crate::schema;

/// How a [`PostgresQueue`](super::PostgresQueue) connects to its server.
#[derive(Debug)]
pub struct QueueConfig(pub(super) PostgresConfig, pub(super) Duration);

impl QueueConfig {
    /// Configures a queue in the database of this URL, which has the form and the parameters of
    /// [`PostgresConfig::new`]. An operation has 2 s by default.
    ///
    /// # Errors
    ///
    /// As [`PostgresConfig::new`].
    pub fn new(url: &str) -> Result<Self, ConnectError> {
        Ok(Self(PostgresConfig::with_default_deadline(url, DEADLINE)?, KEEP_DONE))
    }

    /// How long jobs that are done or discarded are kept, to be replayed. Defaults to one day.
    #[must_use]
    pub fn with_keep_done(mut self, keep: Duration) -> Self {
        self.1 = keep;
        self
    }

    /// As [`PostgresConfig::with_schema`].
    #[must_use]
    pub fn with_schema(self, schema: impl Into<String>) -> Self {
        Self(self.0.with_schema(schema), self.1)
    }

    /// As [`PostgresConfig::with_deadline`]. Defaults to 2 s.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self(self.0.with_deadline(deadline), self.1)
    }

    /// As [`PostgresConfig::with_connections`].
    #[must_use]
    pub fn with_connections(self, connections: usize) -> Self {
        Self(self.0.with_connections(connections), self.1)
    }

    /// As [`PostgresConfig::with_purge_interval`]. Also for jobs that are done.
    #[must_use]
    pub fn with_purge_interval(self, interval: Duration) -> Self {
        Self(self.0.with_purge_interval(interval), self.1)
    }

    /// The statements that create the tables, for a user without the right to create them when the
    /// queue connects. They can be executed again.
    ///
    /// Another user than their owner needs `SELECT, INSERT, UPDATE, DELETE` on
    /// `countersign_queue_event`, `countersign_queue_job`, `countersign_queue_message` and
    /// `countersign_queue_paused`, `USAGE` on the sequence `countersign_queue_job_id`, and `SELECT`
    /// on `countersign_version`.
    #[must_use]
    pub fn migration(&self) -> String {
        schema::QUEUE.migration(self.0.schema.as_deref())
    }
}

const KEEP_DONE: Duration = Duration::from_secs(24 * 60 * 60);
/// As for a queue in a file: a commit may have to wait for a busy disk.
const DEADLINE: Duration = Duration::from_secs(2);
