//! The store: each operation is one statement.

use std::error::Error;
use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use countersign_core::{
    Attempt, ClaimOutcome, CompleteOutcome, Effect, EventKey, Health, IdempotencyStore,
    ReleaseOutcome, RenewOutcome, StoreError, StoreWarning,
};
use tokio::time::timeout;

use crate::call::Caller;
use crate::config::PostgresConfig;
use crate::connection;
use crate::error::{ConnectError, PostgresStoreError};
use crate::maintenance::{self, Room};
use crate::schema;
use crate::starting::{self, Preparation};
use crate::statements::Statements;
use crate::steps::{Steps, key};

/// Idempotency store in a Postgres database, for any number of processes.
///
/// It is cheap to clone; the clones share one pool of connections. It needs tokio, and should be
/// used on one runtime: the task that deletes expired events runs on the one that connected.
#[derive(Clone)]
pub struct PostgresStore(Arc<Inner>);

struct Inner {
    server: String,
    schema: String,
    steps: Arc<Steps>,
}

impl PostgresStore {
    /// Connects to the database of this URL; see [`PostgresConfig::new`].
    ///
    /// # Errors
    ///
    /// As [`connect_with`](Self::connect_with), and if the URL is malformed.
    pub async fn connect(url: &str) -> Result<Self, ConnectError> {
        Self::connect_with(PostgresConfig::new(url)?).await
    }

    /// Connects with this configuration, and creates the tables if they do not exist.
    ///
    /// # Errors
    ///
    /// [`ConnectError`] if the server cannot be reached within five seconds, rejects the user, is
    /// too old or read-only, if the database does not exist, if the tables belong to a later
    /// version, and if the user lacks a right: the operations are tried once, on a row that belongs
    /// to no event.
    pub async fn connect_with(config: PostgresConfig) -> Result<Self, ConnectError> {
        let config = config.checked()?;
        let server = config.target.server();
        let pool = connection::pool(&config)?;
        let connect = async {
            let preparation = Preparation { tables: &schema::EVENTS, creates: true };
            let schema = config.schema.as_deref();
            let schema = starting::prepare(&pool, preparation, schema, &server).await?;
            let caller = Caller::new(pool.clone(), &config);
            let statements = Statements::new(&schema::quoted(&schema));
            let steps = Steps { caller, statements, room: Room::new(config.max_events) };
            let tried = async {
                starting::try_operations(&steps).await?;
                steps.room.measure(&steps).await
            };
            tried.await.map_err(|error| starting::of_operation(&error, &server))?;
            Ok((schema, Arc::new(steps)))
        };
        let timed_out = || ConnectError::TimedOut { server: server.clone(), after: CONNECT };
        let (schema, steps) =
            timeout(CONNECT, connect).await.unwrap_or_else(|_| Err(timed_out()))?;
        tokio::spawn(maintenance::run(Arc::downgrade(&steps), config.purge_interval));
        Ok(Self(Arc::new(Inner { server, schema, steps })))
    }

    /// Whether operations fail at once because the server recently did not respond.
    #[must_use]
    pub fn breaker_is_open(&self) -> bool {
        self.0.steps.caller.breaker.is_open()
    }

    /// Probes the store periodically and reports each result, while the future is polled. In
    /// between, it reports the first error of an outage at once, with its cause. Spawn it:
    ///
    /// ```no_run
    /// # use countersign_postgres::PostgresStore;
    /// # use std::time::Duration;
    /// # fn example(store: PostgresStore) {
    /// tokio::spawn(store.watch(Duration::from_secs(30), |health| match health {
    ///     Ok(health) => health.warnings.iter().for_each(|warning| eprintln!("{warning}")),
    ///     Err(error) => eprintln!("{error:?}"),
    /// }));
    /// # }
    /// ```
    ///
    /// The store is not dropped while the future exists.
    pub fn watch(
        &self,
        every: Duration,
        mut report: impl FnMut(Result<Health, StoreError>) + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        let store = self.clone();
        async move {
            let outage = &store.0.steps.caller.outage;
            loop {
                report(store.probe().await);
                // That outage has been reported.
                drop(outage.take());
                let mut pause = pin!(tokio::time::sleep(every));
                if let Ok(error) = timeout(every, outage.begun()).await {
                    report(Err(error));
                    pause.as_mut().await;
                }
            }
        }
    }
}

impl IdempotencyStore for PostgresStore {
    async fn claim(&self, event: &EventKey, attempt: &Attempt) -> Result<ClaimOutcome, StoreError> {
        match self.0.steps.claim(key(event), attempt).await {
            Err(error) if is_full(&error) => Ok(ClaimOutcome::AtCapacity),
            claimed => claimed,
        }
    }

    async fn complete(
        &self,
        event: &EventKey,
        attempt: &Attempt,
    ) -> Result<CompleteOutcome, StoreError> {
        self.0.steps.complete(key(event), attempt).await
    }

    async fn renew(&self, event: &EventKey, attempt: &Attempt) -> Result<RenewOutcome, StoreError> {
        self.0.steps.renew(key(event), attempt).await
    }

    async fn release(
        &self,
        event: &EventKey,
        attempt: &Attempt,
    ) -> Result<ReleaseOutcome, StoreError> {
        self.0.steps.release(key(event), attempt).await
    }

    /// Also returns `false` if the connection broke, and the second try found the row already
    /// deleted.
    async fn forget(&self, event: &EventKey) -> Result<bool, StoreError> {
        self.0.steps.forget(key(event)).await
    }

    /// Tries the operations on a row that belongs to no event.
    async fn probe(&self) -> Result<Health, StoreError> {
        let steps = &self.0.steps;
        let is_full = match starting::try_operations(steps).await {
            Err(error) if is_full(&error) => true,
            tried => tried.map(|()| !steps.room.is_left())?,
        };
        Ok(Health::new(if is_full { vec![StoreWarning::Full] } else { Vec::new() }))
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore")
            .field("server", &format_args!("{}", self.0.server))
            .field("schema", &self.0.schema)
            .field("deadline", &self.0.steps.caller.deadline)
            .field("breaker_is_open", &self.breaker_is_open())
            .finish()
    }
}

/// Whether the server's disk is full, and nothing was applied.
pub(crate) fn is_full(error: &StoreError) -> bool {
    let source = error.source().and_then(<dyn Error>::downcast_ref);
    error.effect() == Effect::NotApplied && matches!(source, Some(PostgresStoreError::Full { .. }))
}

/// For connecting: name resolution, the TLS handshake and creating the tables may take time.
pub(crate) const CONNECT: Duration = Duration::from_secs(5);
