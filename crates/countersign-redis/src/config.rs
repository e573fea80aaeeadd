//! The server's address and the settings of a store.

use std::fmt;
use std::time::Duration;

use redis::aio::ConnectionLike;

use crate::call::Budgets;
use crate::connection::Connection;
use crate::error::ConnectError;
use crate::target::{Target, UrlSettings};

/// How a [`RedisStore`](crate::RedisStore) connects to its server.
pub struct RedisConfig {
    pub(crate) source: Source,
    pub(crate) prefix: String,
    pub(crate) deadline: Duration,
    pub(crate) try_timeout: Option<Duration>,
}

/// The source of the connections.
#[allow(clippy::large_enum_variant, reason = "a store has one")]
pub(crate) enum Source {
    Target(Target),
    Connection(Connection),
}

impl RedisConfig {
    /// Configures a server by its URL.
    ///
    /// | URL | what it names |
    /// | --- | --- |
    /// | `redis://user:password@host:6379/0` | a single server; `valkey://` is the same |
    /// | `unix:///run/redis.sock` | a single server on this machine |
    /// | `redis+cluster://user:password@a:7000,b,c` | a cluster, by some of its nodes |
    /// | `redis+sentinel://user:password@a:26379,b,c/name` | the primary that these sentinels call `name` |
    ///
    /// `rediss` instead of `redis` selects TLS. User and password are the
    /// server's. Those of the sentinels, and the number of the database, are
    /// query parameters: `?sentinel_user=…&sentinel_password=…&db=1`. In each
    /// form, query parameters can also set what
    /// [`with_deadline`](Self::with_deadline) and
    /// [`with_try_timeout`](Self::with_try_timeout) set:
    /// `?deadline_ms=600&try_timeout_ms=400`.
    ///
    /// # Errors
    ///
    /// [`ConnectError::Url`] if the URL has none of these forms, and
    /// [`ConnectError::FeatureRequired`] if this build lacks the feature that
    /// the URL needs. Neither shows the URL, which may contain a password.
    pub fn new(url: &str) -> Result<Self, ConnectError> {
        let (settings, url) = UrlSettings::take_from(url)?;
        let config = Self::from_source(Source::Target(Target::parse(&url)?));
        Ok(Self {
            deadline: settings.deadline.unwrap_or(config.deadline),
            try_timeout: settings.try_timeout,
            ..config
        })
    }

    /// Uses a connection that the caller provides and may continue to use.
    ///
    /// It must reconnect by itself, as `ConnectionManager` and
    /// `ClusterConnection` of the crate `redis` do. While it is broken, the
    /// store only sends a command on it once a second. Its own timeouts do not
    /// matter.
    #[must_use]
    pub fn from_connection<C>(connection: C) -> Self
    where
        C: ConnectionLike + Clone + Send + Sync + 'static,
    {
        Self::from_source(Source::Connection(Connection::new(connection)))
    }

    fn from_source(source: Source) -> Self {
        Self { source, prefix: PREFIX.to_owned(), deadline: DEADLINE, try_timeout: None }
    }

    /// The prefix of every key of the store. Defaults to `cs`. Use another
    /// prefix to separate applications that share a server. With more than 11
    /// bytes a record takes more than 160 bytes.
    #[must_use]
    pub fn with_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// The maximum duration of an operation, including its second try. Defaults
    /// to 250 ms: a sender waits for seconds, and the handler needs most of that
    /// time. A more distant server needs a longer deadline. The maximum is one
    /// day.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// How long an operation waits for its reply before it is sent a second time,
    /// on a new connection, while it still waits for the first reply. Defaults to
    /// half of the deadline, or to twice the connection's usual round trip if
    /// that is longer.
    #[must_use]
    pub fn with_try_timeout(mut self, timeout: Duration) -> Self {
        self.try_timeout = Some(timeout);
        self
    }

    pub(crate) fn budgets(&self) -> Result<Budgets, ConnectError> {
        if self.deadline.is_zero() {
            let problem = "the store's deadline is zero: set at least one round trip to its server";
            return Err(ConnectError::Setting { problem });
        }
        if self.try_timeout.is_some_and(|timeout| timeout.is_zero()) {
            let problem =
                "the timeout of a try is zero: set at least one round trip to the store's server";
            return Err(ConnectError::Setting { problem });
        }
        let deadline = self.deadline.min(MAX_DEADLINE);
        Ok(Budgets { deadline, try_timeout: self.try_timeout })
    }
}

impl fmt::Debug for RedisConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisConfig")
            .field("server", &self.source)
            .field("prefix", &self.prefix)
            .field("deadline", &self.deadline)
            .field("try_timeout", &self.try_timeout)
            .finish()
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Target(target) => target.fmt(f),
            Self::Connection(_) => f.write_str("a connection"),
        }
    }
}

const PREFIX: &str = "cs";
const DEADLINE: Duration = Duration::from_millis(250);
/// No sender waits for a day, and an instant a day from now always exists.
const MAX_DEADLINE: Duration = Duration::from_secs(24 * 60 * 60);
