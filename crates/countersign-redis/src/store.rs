//! The store: each operation is one call and its reply.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use countersign_core::{
    Applied, Attempt, ClaimOutcome, CompleteOutcome, EventKey, Health, IdempotencyStore,
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
use crate::outage::Outage;
use crate::race::{Raced, race};
use crate::reply;
use crate::scripts::{Script, Scripts};
use crate::successes::DeposedRecords;

/// Remembers events on Redis or Valkey, for any number of processes.
///
/// Cheap to clone; the clones share one connection. It needs tokio, and should
/// live on one runtime: a runtime that ends takes the connection with it, and
/// the next operation dials anew.
#[derive(Clone)]
pub struct RedisStore(Arc<Inner>);

struct Inner {
    prefix: String,
    budgets: Budgets,
    server: String,
    scripts: Scripts,
    breaker: Breaker,
    canaries: Canaries,
    outage: Outage,
}

impl RedisStore {
    /// Connects to the server of this URL; see [`RedisConfig::new`].
    ///
    /// # Errors
    ///
    /// As [`connect_with`](Self::connect_with), and where the URL cannot be
    /// read.
    pub async fn connect(url: &str) -> Result<Self, ConnectError> {
        Self::connect_with(RedisConfig::new(url)?).await
    }

    /// Connects as the configuration says.
    ///
    /// # Errors
    ///
    /// [`ConnectError`] where the server cannot be reached within five seconds,
    /// does not let the user in, is too old, or fails the four operations, which
    /// are tried once on a key of their own. What is merely unwise about it is
    /// reported by [`probe`](IdempotencyStore::probe).
    pub async fn connect_with(config: RedisConfig) -> Result<Self, ConnectError> {
        let budgets = config.budgets()?;
        let server = format!("{:?}", config.source);
        let dialer = Dialer::new(config.source, budgets.deadline).map_err(ConnectError::of)?;
        let canaries = Canaries::new(&config.prefix, dialer.is_spread());
        let scripts = Scripts::new();
        let connect = async {
            let (question, complete) = (canaries.question(), Arc::clone(&scripts.complete));
            let breaker =
                Breaker::closed(dialer, question, complete).await.map_err(ConnectError::of)?;
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
            outage: Outage::default(),
        }));
        // Whatever is wrong with it, the next probe tells.
        let _ = store.write_canaries().await;
        Ok(store)
    }

    /// Whether operations fail at once, for the server did not answer a moment
    /// ago.
    #[must_use]
    pub fn breaker_is_open(&self) -> bool {
        self.0.breaker.is_open()
    }

    /// Successes that had been recorded on a primary that a failover had deposed,
    /// since the store was made. Only sentinels tell of that.
    #[must_use]
    pub fn deposed_records(&self) -> DeposedRecords {
        self.0.breaker.successes().total()
    }

    /// Probes the store now and then, and reports each time what came of it,
    /// for as long as the future is polled. In between, the first error of an
    /// outage is reported at once, with its cause. To be spawned:
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
                // That has been reported.
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

    async fn ask(&self, call: &Call<'_>) -> Result<Value, StoreError> {
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

    fn key(&self, event: &EventKey) -> String {
        key(&self.0.prefix, event)
    }
}

impl IdempotencyStore for RedisStore {
    async fn claim(&self, key: &EventKey, attempt: &Attempt) -> Result<ClaimOutcome, StoreError> {
        match self.run(&self.0.scripts.claim, &self.key(key), attempt).await {
            Ok(reply) => reply::claim(&reply).ok_or_else(unexpected),
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
        reply::complete(&reply).ok_or_else(unexpected)
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

    /// Says that it was not known, too, where the answer to the first try was
    /// lost and the second found it gone.
    async fn forget(&self, key: &EventKey) -> Result<bool, StoreError> {
        let mut delete = redis::cmd("DEL");
        delete.arg(self.key(key));
        let reply = self.ask(&Call::Command(delete)).await?;
        reply::found(&reply).ok_or_else(unexpected)
    }

    /// Reads `INFO`, and `CONFIG GET save` where it must, looks for the store's
    /// canary, a record that nobody but a server that loses records removes, and
    /// tries the operations on a key of its own.
    async fn probe(&self) -> Result<Health, StoreError> {
        let Inner { scripts, canaries, breaker, .. } = &*self.0;
        let deposed = breaker.successes().report();
        health::probe(scripts, canaries, deposed, |command| self.command(command)).await
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

/// Whether the server has no room, and nothing was applied.
fn is_full(error: &StoreError) -> bool {
    use std::error::Error;
    let source = error.source().and_then(<dyn Error>::downcast_ref);
    error.applied() == Applied::No && matches!(source, Some(RedisStoreError::Full { .. }))
}

/// The server has done something, and it is not known what.
fn unexpected() -> StoreError {
    StoreError::maybe_applied(RedisStoreError::UnexpectedReply)
}

/// For starting: names may have to be resolved, and TLS to be agreed upon.
const CONNECT: Duration = Duration::from_secs(5);
