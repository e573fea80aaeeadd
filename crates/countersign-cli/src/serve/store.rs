//! The idempotency store of `countersign serve`.

use std::error::Error;
use std::iter::successors;
use std::sync::Arc;
use std::time::Duration;

use countersign::store::{
    Attempt, ClaimOutcome, CompleteOutcome, Health, IdempotencyStore, ReleaseOutcome, RenewOutcome,
    StoreError,
};
use countersign::{EventKey, MemoryStore};
use countersign_redis::{ConnectError, RedisConfig, RedisStore};

use super::config::StorePlan;
use crate::output;
use crate::usage_error::UsageError;

/// The store that all endpoints share.
#[derive(Debug, Clone)]
pub(super) enum Store {
    Memory(Arc<MemoryStore>),
    Redis(RedisStore),
}

impl Store {
    /// Opens the store of the plan: memory, or Redis.
    pub(super) async fn open(plan: StorePlan) -> Result<Self, UsageError> {
        let StorePlan { url, prefix } = plan;
        if url == MEMORY {
            return Ok(Self::Memory(Arc::new(MemoryStore::new())));
        }
        // The URL is not shown, because it may contain a password.
        let cannot = |error: ConnectError| UsageError::because("the store", with_causes(&error));
        let config = RedisConfig::new(&url).map_err(cannot)?;
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

    /// Reports warnings about the store on standard error, whenever they change.
    pub(super) fn watch(&self) {
        let Self::Redis(store) = self else { return };
        let mut said = Vec::new();
        tokio::spawn(store.watch(BETWEEN_LOOKS, move |health| {
            let found: Vec<String> = match health {
                Ok(health) => health.warnings.iter().map(ToString::to_string).collect(),
                Err(error) => vec![with_causes(&error)],
            };
            for warning in found.iter().filter(|warning| !said.contains(*warning)) {
                output::note(warning);
            }
            said = found;
        }));
    }
}

impl IdempotencyStore for Store {
    async fn claim(&self, key: &EventKey, attempt: &Attempt) -> Result<ClaimOutcome, StoreError> {
        match self {
            Self::Memory(store) => store.claim(key, attempt).await,
            Self::Redis(store) => store.claim(key, attempt).await,
        }
    }

    async fn complete(
        &self,
        key: &EventKey,
        attempt: &Attempt,
    ) -> Result<CompleteOutcome, StoreError> {
        match self {
            Self::Memory(store) => store.complete(key, attempt).await,
            Self::Redis(store) => store.complete(key, attempt).await,
        }
    }

    async fn renew(&self, key: &EventKey, attempt: &Attempt) -> Result<RenewOutcome, StoreError> {
        match self {
            Self::Memory(store) => store.renew(key, attempt).await,
            Self::Redis(store) => store.renew(key, attempt).await,
        }
    }

    async fn release(
        &self,
        key: &EventKey,
        attempt: &Attempt,
    ) -> Result<ReleaseOutcome, StoreError> {
        match self {
            Self::Memory(store) => store.release(key, attempt).await,
            Self::Redis(store) => store.release(key, attempt).await,
        }
    }

    async fn forget(&self, key: &EventKey) -> Result<bool, StoreError> {
        match self {
            Self::Memory(store) => store.forget(key).await,
            Self::Redis(store) => store.forget(key).await,
        }
    }

    async fn probe(&self) -> Result<Health, StoreError> {
        match self {
            Self::Memory(store) => store.probe().await,
            Self::Redis(store) => store.probe().await,
        }
    }
}

/// An error with its sources.
pub(super) fn with_causes(error: &(dyn Error + 'static)) -> String {
    let all: Vec<String> =
        successors(Some(error), |&error| error.source()).map(ToString::to_string).collect();
    all.join(": ")
}

pub(super) const MEMORY: &str = "memory";
const BETWEEN_LOOKS: Duration = Duration::from_secs(30);
