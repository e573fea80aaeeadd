//! The store: each operation is one call and its reply.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use countersign_core::{
    Attempt, ClaimOutcome, CompleteOutcome, Effect, EventKey, Health, IdempotencyStore, Outage,
    ReleaseOutcome, RenewOutcome, StoreError,
};
use redis::{Cmd, Value};
use tokio::time::timeout;

use crate::breaker::Breaker;
use crate::call::{self, Budgets, Call};
use crate::config::RedisConfig;
use crate::connection::Dialer;
use crate::error::{ConnectError, RedisStoreError};
use crate::health::{self, Canaries};
use crate::key::key;
use crate::race::{Raced, race};
use crate::reply;
use crate::scripts::{Script, Scripts};
use crate::successes::DeposedRecords;

/// Idempotency store on Redis or Valkey, for any number of processes.
///
/// It is cheap to clone; the clones share one connection. It needs tokio, and
/// should be used on one runtime. If that runtime ends, the connection closes,
/// and the next operation connects again.
#[derive(Clone)]
pub struct RedisStore(Arc<Inner>);

struct Inner {
    prefix: String,
    budgets: Budgets,
    server: String,
    scripts: Scripts,
    breaker: Breaker,
    canaries: Canaries,
    outage: Outage<RedisStoreError>,
}

impl RedisStore {
    /// Connects to the server of this URL; see [`RedisConfig::new`].
    ///
    /// # Errors
    ///
    /// As [`connect_with`](Self::connect_with), and if the URL is malformed.
    pub async fn connect(url: &str) -> Result<Self, ConnectError> {
        Self::connect_with(RedisConfig::new(url)?).await
    }

    /// Connects with this configuration.
    ///
    /// # Errors
    ///
    /// [`ConnectError`] if the server cannot be reached within five seconds,
    /// rejects the user, is too old, or fails one of the four operations, which
    /// are tried once on a separate key. Weaknesses that do not prevent the
    /// start are reported by [`probe`](IdempotencyStore::probe).
    pub async fn connect_with(config: RedisConfig) -> Result<Self, ConnectError> {
        let budgets = config.budgets()?;
        let server = format!("{:?}", config.source);
        let dialer = Dialer::new(config.source, budgets.deadline).map_err(ConnectError::of)?;
        let database = dialer.database();
        let canaries = Canaries::new(&config.prefix, dialer.is_spread());
        let scripts = Scripts::new();
        let connect = async {
            let (question, complete) = (canaries.question(), Arc::clone(&scripts.complete));
            let breaker = Breaker::closed(dialer, question, complete)
                .await
                .map_err(|error| ConnectError::of_dial(error, database))?;
            health::check(&breaker, &scripts, &canaries, budgets.deadline).await?;
            Ok(breaker)
        };
        let breaker = timeout(CONNECT, connect)
            .await
            .unwrap_or(Err(ConnectError::TimedOut { after: CONNECT }))?;
        let store = Self(Arc::new(Inner {
            prefix: config.prefix,
            budgets,
            server,
            scripts,
            breaker,
            canaries,
            outage: Outage::new(|error| !matches!(error, RedisStoreError::Full { .. })),
        }));
        // The next probe reports any failure.
        let _ = store.write_canaries().await;
        Ok(store)
    }

    /// Whether operations fail at once because the server recently did not
    /// respond.
    #[must_use]
    pub fn breaker_is_open(&self) -> bool {
        self.0.breaker.is_open()
    }

    /// Successes that were recorded on a primary that a failover deposed, since
    /// the store was created. Only sentinels report failovers.
    #[must_use]
    pub fn deposed_records(&self) -> DeposedRecords {
        self.0.breaker.successes().total()
    }

    /// Probes the store periodically and reports each result, while the future
    /// is polled. In between, it reports the first error of an outage at once,
    /// with its cause. Spawn it:
    ///
    /// ```no_run
    /// # use countersign_redis::RedisStore;
    /// # use std::time::Duration;
    /// # fn example(store: RedisStore) {
    /// tokio::spawn(store.watch(Duration::from_secs(30), |health| match health {
    ///     Ok(health) => health.warnings.iter().for_each(|warning| eprintln!("{warning}")),
    ///     Err(error) => eprintln!("{error:?}"),
    /// }));
    /// # }
    /// ```
    pub fn watch(
        &self,
        every: Duration,
        mut report: impl FnMut(Result<Health, StoreError>) + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        let store = self.clone();
        async move {
            loop {
                report(store.probe().await);
                // That outage has been reported.
                drop(store.0.outage.take());
                let mut pause = pin!(tokio::time::sleep(every));
                let begun = pin!(store.0.outage.begun());
                if let Raced::First(error) = race(begun, pause.as_mut()).await {
                    report(Err(error));
                    pause.await;
                }
            }
        }
    }

    async fn run(
        &self,
        script: &Script,
        key: &str,
        attempt: &Attempt,
    ) -> Result<Value, StoreError> {
        let is_success = script.is(&self.0.scripts.complete);
        self.ask(&Call::Script { script, key, attempt, is_success }).await
    }

    pub(crate) async fn ask(&self, call: &Call<'_>) -> Result<Value, StoreError> {
        let answer = call::send(&self.0.breaker, self.0.budgets, call).await;
        self.0.outage.note(&answer);
        answer
    }

    async fn command(&self, command: Cmd) -> Result<Value, StoreError> {
        self.ask(&Call::Command(command)).await
    }

    async fn write_canaries(&self) -> Result<bool, StoreError> {
        self.0.canaries.have_gone(&|command| self.command(command)).await
    }

    pub(crate) fn prefix(&self) -> &str {
        &self.0.prefix
    }

    fn key(&self, event: &EventKey) -> String {
        key(&self.0.prefix, event)
    }
}

impl IdempotencyStore for RedisStore {
    async fn claim(&self, key: &EventKey, attempt: &Attempt) -> Result<ClaimOutcome, StoreError> {
        let (script, key) = (&self.0.scripts.claim, &self.key(key));
        match self.ask(&Call::Claim { script, key, attempt }).await {
            Ok(reply) => reply::claim(&reply, attempt).ok_or_else(unexpected),
            Err(error) if is_full(&error) => Ok(ClaimOutcome::AtCapacity),
            Err(error) => Err(error),
        }
    }

    async fn complete(
        &self,
        key: &EventKey,
        attempt: &Attempt,
    ) -> Result<CompleteOutcome, StoreError> {
        let reply = self.run(&self.0.scripts.complete, &self.key(key), attempt).await?;
        reply::complete(&reply, attempt).ok_or_else(unexpected)
    }

    async fn renew(&self, key: &EventKey, attempt: &Attempt) -> Result<RenewOutcome, StoreError> {
        let reply = self.run(&self.0.scripts.renew, &self.key(key), attempt).await?;
        reply::renew(&reply).ok_or_else(unexpected)
    }

    async fn release(
        &self,
        key: &EventKey,
        attempt: &Attempt,
    ) -> Result<ReleaseOutcome, StoreError> {
        let reply = self.run(&self.0.scripts.release, &self.key(key), attempt).await?;
        reply::release(&reply).ok_or_else(unexpected)
    }

    /// Also returns `false` if the reply to the first try was lost and the
    /// second try found the record already deleted.
    async fn forget(&self, key: &EventKey) -> Result<bool, StoreError> {
        let mut delete = redis::cmd("DEL");
        delete.arg(self.key(key));
        let reply = self.ask(&Call::Command(delete)).await?;
        reply::found(&reply).ok_or_else(unexpected)
    }

    /// Reads `INFO`, and `CONFIG GET save` if necessary. Checks the store's
    /// canary, a record that disappears only if the server loses records. Tries
    /// the operations on a separate key.
    async fn probe(&self) -> Result<Health, StoreError> {
        let Inner { scripts, canaries, breaker, .. } = &*self.0;
        let deposed = breaker.successes().report();
        health::probe(scripts, canaries, deposed, |command| self.command(command)).await
    }

    fn deadline(&self) -> Option<Duration> {
        Some(self.0.budgets.deadline)
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("server", &format_args!("{}", self.0.server))
            .field("prefix", &self.0.prefix)
            .field("deadline", &self.0.budgets.deadline)
            .field("breaker_is_open", &self.breaker_is_open())
            .finish()
    }
}

/// Whether the server is out of memory, and nothing was applied.
fn is_full(error: &StoreError) -> bool {
    use std::error::Error;
    let source = error.source().and_then(<dyn Error>::downcast_ref);
    error.effect() == Effect::NotApplied && matches!(source, Some(RedisStoreError::Full { .. }))
}

/// The server has executed something, and the result is unknown.
fn unexpected() -> StoreError {
    StoreError::unknown_effect(RedisStoreError::UnexpectedReply)
}

/// For connecting: name resolution and the TLS handshake may take time.
const CONNECT: Duration = Duration::from_secs(5);
