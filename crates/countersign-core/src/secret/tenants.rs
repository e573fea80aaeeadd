//! Secrets of several tenants: looked up for each request by its head, and cached.

mod cache;
mod calls;
mod from;
mod resolver;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use from::TenantId;
pub use resolver::{ResolverObserver, SecretResolver};

pub(crate) use cache::{CacheEntry, TenantSecrets};
pub(crate) use calls::{Call, Failed};

use resolver::Ask;

/// Configures how a request names its tenant, and how the tenant's secrets are
/// looked up.
///
/// The results of the resolver are cached. Concurrent requests for the same tenant
/// share one call. The cache belongs to
/// [the verifier](crate::Verifier::for_tenants) and is shared by its clones.
///
/// A client can send any name. For this reason names are short and never logged.
/// Unknown names have a separate cache and evict no tenant. The number of concurrent
/// calls is limited by [`with_max_concurrent_lookups`](Self::with_max_concurrent_lookups).
#[must_use]
pub struct Tenants {
    from: TenantId,
    resolver: Arc<dyn Ask>,
    observer: Option<Arc<dyn ResolverObserver>>,
    capacity: usize,
    fresh_for: Duration,
    stale_for: Duration,
    unknown_for: Duration,
    max_calls: usize,
}

impl Tenants {
    /// Creates a configuration from the place of the tenant's name in a request and
    /// the resolver for the secrets.
    pub fn new(from: TenantId, resolver: impl SecretResolver) -> Self {
        Self {
            from,
            resolver: Arc::new(resolver),
            observer: None,
            capacity: CAPACITY,
            fresh_for: FRESH_FOR,
            stale_for: STALE_FOR,
            unknown_for: UNKNOWN_FOR,
            max_calls: MAX_CALLS,
        }
    }

    /// Sets the approximate size of the cache: the number of tenants, and the number
    /// of unknown names. Defaults to 10,000 of each.
    pub fn with_capacity(mut self, tenants: usize) -> Self {
        self.capacity = tenants.max(1);
        self
    }

    /// Sets how long a tenant's secrets are used before the resolver is called again.
    /// Defaults to 5 minutes. This is the maximum delay until a replaced secret takes
    /// effect, unless you call
    /// [`Verifier::invalidate_tenant`](crate::Verifier::invalidate_tenant).
    pub fn with_cache_ttl(mut self, duration: Duration) -> Self {
        self.fresh_for = duration;
        self
    }

    /// Sets how much longer expired secrets are used while the resolver fails, does
    /// not respond in time, or has too many calls. Defaults to one hour.
    ///
    /// If the resolver fails at that time, a revoked secret is accepted for this
    /// duration. Set zero to reject such deliveries instead.
    pub fn with_stale_if_error(mut self, duration: Duration) -> Self {
        self.stale_for = duration;
        self
    }

    /// Sets how long an unknown name is cached. After a failure of the resolver, this
    /// is also the time until the next call for a tenant whose secrets are still
    /// cached. Defaults to 10 s.
    pub fn with_negative_ttl(mut self, duration: Duration) -> Self {
        self.unknown_for = duration;
        self
    }

    /// Sets the maximum number of concurrent calls of the resolver for names that are
    /// not known yet. The same maximum applies separately to known tenants, so that a
    /// flood of unknown names does not block them. Defaults to 64. Requests above the
    /// maximum are rejected with
    /// [`SecretsUnavailable`](crate::VerifyErrorKind::SecretsUnavailable), unless
    /// [expired secrets](Self::with_stale_if_error) can be used.
    pub fn with_max_concurrent_lookups(mut self, calls: usize) -> Self {
        self.max_calls = calls.max(1);
        self
    }

    /// Sets an observer, which receives the reason if the secrets of a tenant could
    /// not be looked up. Defaults to no observer: the rejection does not contain the
    /// reason.
    pub fn with_observer(mut self, observer: impl ResolverObserver) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }
}

impl fmt::Debug for Tenants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenants")
            .field("from", &self.from)
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

const CAPACITY: usize = 10_000;
const FRESH_FOR: Duration = Duration::from_secs(5 * 60);
const STALE_FOR: Duration = Duration::from_secs(60 * 60);
const UNKNOWN_FOR: Duration = Duration::from_secs(10);
const MAX_CALLS: usize = 64;
