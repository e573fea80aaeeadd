//! The idempotency store of `countersign serve`.

use std::error::Error;
use std::iter::successors;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use countersign::store::{
    Attempt, ClaimOutcome, CompleteOutcome, Health, IdempotencyStore, ReleaseOutcome, RenewOutcome,
    StoreError,
};
use countersign::{EventKey, MemoryStore};
#[cfg(feature = "postgres")]
use countersign_postgres::PostgresStore;
#[cfg(feature = "redis")]
use countersign_redis::{ConnectError, RedisConfig, RedisStore};
#[cfg(feature = "sqlite")]
use countersign_sqlite::{OpenError, SqliteStore};

use super::config::StorePlan;
use super::folders;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
use crate::job_table::JobTable;
use crate::output;
use crate::possible_secret::is_plain;
use crate::usage_error::UsageError;

/// The store that all endpoints share.
#[derive(Debug, Clone)]
pub(super) enum Store {
    Memory(Arc<MemoryStore>),
    #[cfg(feature = "redis")]
    Redis(RedisStore),
    #[cfg(feature = "postgres")]
    Postgres(PostgresStore),
    #[cfg(feature = "sqlite")]
    Sqlite(SqliteStore),
    /// The queue, which records the events that it has accepted.
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    Queue(JobTable),
}

impl Store {
    /// Opens the store of the plan: memory, a SQLite file, Postgres, or Redis.
    pub(super) async fn open(plan: StorePlan) -> Result<Self, UsageError> {
        match plan {
            StorePlan::Memory => Ok(Self::Memory(Arc::new(MemoryStore::new()))),
            StorePlan::File(path) => Self::open_file(&path),
            StorePlan::Postgres(url) => Self::open_database(&url).await,
            StorePlan::Redis { url, prefix } => Self::connect(&url, prefix).await,
        }
    }

    /// Checks that the store can be opened, and creates no file.
    pub(super) async fn check(plan: StorePlan) -> Result<(), UsageError> {
        match &plan {
            StorePlan::File(path) if cfg!(feature = "sqlite") && !path.exists() => {
                check_new_file(path, "the store")
            }
            _ => Self::open(plan).await.map(drop),
        }
    }

    #[cfg(feature = "sqlite")]
    fn open_file(path: &Path) -> Result<Self, UsageError> {
        let cannot = |error: OpenError| UsageError::because(of_file(path), with_causes(&error));
        SqliteStore::open(path).map(Self::Sqlite).map_err(cannot)
    }

    #[cfg(not(feature = "sqlite"))]
    fn open_file(path: &Path) -> Result<Self, UsageError> {
        Err(UsageError::because(
            of_file(path),
            "this program was built without SQLite: install it with the feature `sqlite`, \
             `cargo install --path crates/countersign-cli --features sqlite`",
        ))
    }

    #[cfg(feature = "postgres")]
    async fn open_database(url: &str) -> Result<Self, UsageError> {
        let store = PostgresStore::connect(url).await;
        // The error names the server.
        let store = store.map_err(|error| UsageError::because("the store", with_causes(&error)));
        store.map(Self::Postgres)
    }

    #[cfg(not(feature = "postgres"))]
    async fn open_database(_: &str) -> Result<Self, UsageError> {
        Err(UsageError::because(
            "the store",
            "this program was built without Postgres: install it with the feature `postgres`, \
             `cargo install --path crates/countersign-cli --features postgres`",
        ))
    }

    async fn connect(url: &str, prefix: Option<String>) -> Result<Self, UsageError> {
        let what = match without_credentials(url) {
            Some(shown) => format!("the store `{shown}`"),
            None => "the store".to_owned(),
        };
        if !has_redis_scheme(url) {
            return Err(UsageError::because(&what, UNKNOWN));
        }
        Self::connect_to_redis(url, prefix).await.map_err(|error| UsageError::because(&what, error))
    }

    #[cfg(feature = "redis")]
    async fn connect_to_redis(url: &str, prefix: Option<String>) -> Result<Self, String> {
        let cannot = |error: ConnectError| with_causes(&error);
        let config = RedisConfig::new(url).map_err(cannot)?;
        let has_prefix = prefix.is_some();
        let config = match prefix {
            Some(prefix) => config.with_prefix(prefix),
            None => config,
        };
        let store = RedisStore::connect_with(config).await.map_err(cannot)?;
        if !has_prefix {
            output::note(
                "the keys in the store begin with the default prefix `cs`: two applications with \
                 the same prefix in one Redis treat each other's events as duplicates. Set a \
                 different prefix for each with `store_prefix` in the file or `--store-prefix`",
            );
        }
        Ok(Self::Redis(store))
    }

    #[cfg(not(feature = "redis"))]
    async fn connect_to_redis(_: &str, _: Option<String>) -> Result<Self, &'static str> {
        Err("this program was built without Redis: build it with the feature `redis`, which is a \
             default feature")
    }

    /// Reports warnings about the store on standard error, whenever they change.
    #[cfg_attr(
        not(any(feature = "redis", feature = "postgres", feature = "sqlite")),
        allow(unused, reason = "the memory store has no warnings")
    )]
    pub(super) fn watch(&self) {
        const BETWEEN_LOOKS: Duration = Duration::from_secs(30);
        let mut said = Vec::new();
        let report = move |health: Result<Health, StoreError>| {
            let found: Vec<String> = match health {
                Ok(health) => health.warnings.iter().map(ToString::to_string).collect(),
                Err(error) => vec![with_causes(&error)],
            };
            for warning in found.iter().filter(|warning| !said.contains(*warning)) {
                output::note(warning);
            }
            said = found;
        };
        match self {
            Self::Memory(_) => {}
            #[cfg(feature = "redis")]
            Self::Redis(store) => drop(tokio::spawn(store.watch(BETWEEN_LOOKS, report))),
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => drop(tokio::spawn(store.watch(BETWEEN_LOOKS, report))),
            #[cfg(feature = "sqlite")]
            Self::Sqlite(store) => drop(tokio::spawn(store.watch(BETWEEN_LOOKS, report))),
            #[cfg(any(feature = "sqlite", feature = "postgres"))]
            Self::Queue(queue) => queue.watch(BETWEEN_LOOKS, report),
        }
    }
}

/// Calls a method of [`IdempotencyStore`] of the store that is open.
macro_rules! call {
    ($store:expr, $method:ident $(, $argument:expr)*) => {
        match $store {
            Store::Memory(store) => IdempotencyStore::$method(&**store $(, $argument)*).await,
            #[cfg(feature = "redis")]
            Store::Redis(store) => IdempotencyStore::$method(store $(, $argument)*).await,
            #[cfg(feature = "postgres")]
            Store::Postgres(store) => IdempotencyStore::$method(store $(, $argument)*).await,
            #[cfg(feature = "sqlite")]
            Store::Sqlite(store) => IdempotencyStore::$method(store $(, $argument)*).await,
            #[cfg(any(feature = "sqlite", feature = "postgres"))]
            Store::Queue(queue) => IdempotencyStore::$method(queue $(, $argument)*).await,
        }
    };
}

impl IdempotencyStore for Store {
    async fn claim(&self, key: &EventKey, attempt: &Attempt) -> Result<ClaimOutcome, StoreError> {
        call!(self, claim, key, attempt)
    }

    async fn complete(
        &self,
        key: &EventKey,
        attempt: &Attempt,
    ) -> Result<CompleteOutcome, StoreError> {
        call!(self, complete, key, attempt)
    }

    async fn renew(&self, key: &EventKey, attempt: &Attempt) -> Result<RenewOutcome, StoreError> {
        call!(self, renew, key, attempt)
    }

    async fn release(
        &self,
        key: &EventKey,
        attempt: &Attempt,
    ) -> Result<ReleaseOutcome, StoreError> {
        call!(self, release, key, attempt)
    }

    async fn forget(&self, key: &EventKey) -> Result<bool, StoreError> {
        call!(self, forget, key)
    }

    async fn probe(&self) -> Result<Health, StoreError> {
        call!(self, probe)
    }

    fn deadline(&self) -> Option<Duration> {
        match self {
            Self::Memory(store) => store.deadline(),
            #[cfg(feature = "redis")]
            Self::Redis(store) => store.deadline(),
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => store.deadline(),
            #[cfg(feature = "sqlite")]
            Self::Sqlite(store) => store.deadline(),
            #[cfg(any(feature = "sqlite", feature = "postgres"))]
            Self::Queue(queue) => queue.deadline(),
        }
    }
}

/// Checks that a SQLite file can be created here. It is not: the user who checks the configuration
/// may be another one than the server's, who could then not open it.
pub(super) fn check_new_file(path: &Path, what: &str) -> Result<(), UsageError> {
    folders::can_create_file(path)
        .map_err(|error| UsageError::because(format!("{what} `{SQLITE}{}`", path.display()), error))
}

fn of_file(path: &Path) -> String {
    format!("the store `{SQLITE}{}`", path.display())
}

/// Whether this may be the URL of a Redis.
fn has_redis_scheme(url: &str) -> bool {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| {
        scheme == "unix" || ["redis", "valkey"].iter().any(|start| scheme.starts_with(start))
    })
}

/// The scheme and hosts of a URL. `None` if a part of it may be a password.
fn without_credentials(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    if rest.contains('@') && rest.contains('?') {
        return None;
    }
    // A password may contain `@`, so only the last one ends it.
    let hosts = rest.rsplit_once('@').map_or(rest, |(_, hosts)| hosts);
    let hosts = hosts.split(['/', '?']).next().unwrap_or_default();
    let is_scheme = scheme.bytes().all(|byte| byte.is_ascii_lowercase() || b"+-".contains(&byte));
    (is_scheme && hosts.split(',').all(is_host)).then(|| format!("{scheme}://{hosts}"))
}

/// Whether this is plainly a host, with or without a port. A password at its place is not.
fn is_host(text: &str) -> bool {
    let port = text.rsplit_once(':').filter(|_| !text.ends_with(']'));
    let host = match port {
        Some((host, port)) if port.parse::<u16>().is_ok() => host,
        Some(_) => return false,
        None => text,
    };
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let is_name = host == "localhost" || (host.contains('.') && is_plain(host));
    bare.parse::<IpAddr>().is_ok() || is_name
}

/// An error with its sources.
pub(crate) fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut all: Vec<String> =
        successors(Some(error), |&error| error.source()).map(ToString::to_string).collect();
    // Some errors have the text of their cause as their own.
    all.dedup();
    all.join(": ")
}

pub(super) const MEMORY: &str = "memory";
/// The beginnings of a URL of Postgres.
pub(crate) const POSTGRES: [&str; 2] = ["postgres://", "postgresql://"];
/// Followed by the path of the file.
pub(crate) const SQLITE: &str = "sqlite:";
const UNKNOWN: &str = "it must be `memory`, or begin with `sqlite:`, `postgres://`, \
     `postgresql://`, `redis://`, `rediss://`, `unix://`, `redis+cluster://` or \
     `redis+sentinel://`, in lower case";

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_store_of_an_unknown_form_names_all_forms() {
        for url in ["POSTGRES://a/b", "postgresql:/a/b", "jdbc:postgresql://a/b", "hunter2"] {
            let plan = StorePlan::Redis { url: url.to_owned(), prefix: None };
            let error = Store::open(plan).await.unwrap_err().to_string();
            assert!(error.contains("`postgres://`") && error.contains("`sqlite:`"), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_url_is_shown_without_what_may_be_a_password() {
        for (url, shown) in [
            ("redis://127.0.0.1:6379", Some("redis://127.0.0.1:6379")),
            ("redis://:hunter2@a.example:6379/1", Some("redis://a.example:6379")),
            ("rediss://user:hun/ter@2@a.example", Some("rediss://a.example")),
            (
                "redis-sentinel://a.example:1,b.example:2/main?password=hunter2",
                Some("redis-sentinel://a.example:1,b.example:2"),
            ),
            ("redis://a/0?password=hun@ter2", None),
            ("redis://:hun?ter2@a", None),
            ("redis://:x@a/0?password=hunter2", None),
            ("redis://[::1]:6379/0", Some("redis://[::1]:6379")),
            ("redis://localhost:6379/hunter2", Some("redis://localhost:6379")),
            ("redis://:hunter2", None),
            ("redis://user:hunter2", None),
            ("redis://hunter2", None),
            ("redis://127.0.0.1:hunter2", None),
            ("whsec_hunter2", None),
            ("hunter 2://a", None),
        ] {
            assert_eq!(without_credentials(url).as_deref(), shown, "{url}");
        }
    }
}
