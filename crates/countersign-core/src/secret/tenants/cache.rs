//! The cache of tenants' secrets, as the keys that they are prepared to.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Weak};

use futures_util::future::FutureExt;
use quick_cache::sync::Cache;

use super::calls::{Call, CallPermit, Failed, For, Joined, LookupResult, SingleFlight, within};
use super::resolver::{Ask, ResolverObserver};
use super::{TenantId, Tenants};
use crate::error::{ConfigError, VerifyError, VerifyErrorKind};
use crate::request::headers::RequestHead;
use crate::secret::Secrets;
use crate::time::clock::{Clock, millis};

/// The tenants of a verifier, with the cached results of the resolver: the keys `K` that a tenant's
/// secrets are prepared to.
pub(crate) struct TenantSecrets<K> {
    from: TenantId,
    resolver: Arc<dyn Ask>,
    observer: Option<Arc<dyn ResolverObserver>>,
    prepare: Box<Prepare<K>>,
    known: Cache<Arc<str>, Known<K>>,
    /// When each name was found to be unknown. Separate from `known`, so that a flood
    /// of made-up names evicts no tenant.
    unknown: Cache<Arc<str>, i64>,
    calls: Arc<SingleFlight<K>>,
    fresh_for_ms: i64,
    stale_for_ms: i64,
    unknown_for_ms: i64,
}

/// Prepares the keys of a tenant with this name.
type Prepare<K> = dyn Fn(&Secrets, &Arc<str>) -> Result<K, ConfigError> + Send + Sync;

/// A cached result for a tenant.
struct Known<K> {
    keys: Arc<K>,
    at_unix_ms: i64,
    /// When the resolver last failed to refresh it.
    failed_unix_ms: Option<i64>,
}

impl<K> Clone for Known<K> {
    fn clone(&self) -> Self {
        Self { keys: Arc::clone(&self.keys), ..*self }
    }
}

/// A tenant's keys, or the call that looks up its secrets.
pub(crate) enum CacheEntry<K> {
    /// They are cached.
    Here(Arc<K>),
    /// They are being looked up.
    Asked {
        call: Call<K>,
        tenant: Arc<str>,
        /// The expired ones, which are used if the call fails.
        stale: Option<Arc<K>>,
    },
}

impl<K: Send + Sync + 'static> TenantSecrets<K> {
    pub(crate) fn new(
        tenants: Tenants,
        prepare: impl Fn(&Secrets, &Arc<str>) -> Result<K, ConfigError> + Send + Sync + 'static,
    ) -> Self {
        let Tenants { from, resolver, observer, capacity, max_calls: most_calls, .. } = tenants;
        Self {
            from,
            resolver,
            observer,
            prepare: Box::new(prepare),
            known: Cache::new(capacity),
            unknown: Cache::new(capacity),
            calls: Arc::new(SingleFlight::new(most_calls)),
            fresh_for_ms: millis(tenants.fresh_for),
            stale_for_ms: millis(tenants.stale_for),
            unknown_for_ms: millis(tenants.unknown_for),
        }
    }

    /// Looks up the secrets for a request.
    pub(crate) fn find(
        self: &Arc<Self>,
        head: &RequestHead<'_>,
        clock: &Arc<dyn Clock>,
    ) -> Result<CacheEntry<K>, VerifyError> {
        let name = self.from.name(head)?;
        let now_unix_ms = clock.now_unix_ms();
        if let Some(kept) = self.cached(&name, now_unix_ms) {
            return kept;
        }
        let stale = self.stale(&name, now_unix_ms);
        // A name whose secrets are too old to use is still a tenant's name.
        let is_tenant = self.known.peek(&*name).is_some();
        let purpose = if is_tenant { For::Tenant } else { For::AnyName };
        let begin = |place: CallPermit<K>| {
            // Weak, because the call is kept in `calls` while no request waits for it.
            let (this, clock) = (Arc::downgrade(self), Arc::clone(clock));
            async move { Self::ask(&this, &place, &*clock).await }.boxed()
        };
        let cached = || self.cached(&name, now_unix_ms);
        match self.calls.join(&name, purpose, now_unix_ms, cached, begin) {
            Joined::Call(call) => Ok(CacheEntry::Asked { call, tenant: (*name).into(), stale }),
            Joined::Needless(kept) => kept,
            Joined::TooMany => stale.map(CacheEntry::Here).ok_or_else(unavailable),
        }
    }

    /// Stops waiting for the resolver, reports that, and returns the expired secrets, if
    /// any. The next requests do not wait for it either.
    pub(crate) fn use_stale(
        &self,
        tenant: &Arc<str>,
        stale: Option<Arc<K>>,
        now_unix_ms: i64,
    ) -> Result<Arc<K>, VerifyError> {
        self.postpone(tenant, now_unix_ms);
        // Many requests may wait for one call.
        if self.calls.report_late(tenant) {
            self.report(tenant, &TooLate);
        }
        stale.ok_or_else(unavailable)
    }

    pub(crate) fn forget(&self, tenant: &str) {
        self.calls.forget(Some(tenant));
        self.known.remove(tenant);
        self.unknown.remove(tenant);
    }

    pub(crate) fn forget_all(&self) {
        self.calls.forget(None);
        self.known.clear();
        self.unknown.clear();
    }

    /// The cached result, if it is fresh enough.
    fn cached(&self, name: &str, now_unix_ms: i64) -> Option<Result<CacheEntry<K>, VerifyError>> {
        if let Some(known) = self.known.get(name) {
            let within = |since, for_ms| within(since, now_unix_ms, for_ms);
            let not_again =
                known.failed_unix_ms.is_some_and(|failed| within(failed, self.unknown_for_ms));
            let fresh = within(known.at_unix_ms, self.fresh_for_ms)
                || not_again && self.is_usable(&known, now_unix_ms);
            return fresh.then_some(Ok(CacheEntry::Here(known.keys)));
        }
        let unknown = self.unknown.get(name)?;
        within(unknown, now_unix_ms, self.unknown_for_ms)
            .then(|| Err(VerifyErrorKind::UnknownTenant.into()))
    }

    fn stale(&self, name: &str, now_unix_ms: i64) -> Option<Arc<K>> {
        let known = self.known.get(name)?;
        self.is_usable(&known, now_unix_ms).then_some(known.keys)
    }

    fn is_usable(&self, known: &Known<K>, now_unix_ms: i64) -> bool {
        let longest = self.fresh_for_ms.saturating_add(self.stale_for_ms);
        within(known.at_unix_ms, now_unix_ms, longest)
    }

    /// Calls the resolver, and caches its result. The verifier may be dropped meanwhile.
    async fn ask(this: &Weak<Self>, place: &CallPermit<K>, clock: &dyn Clock) -> LookupResult<K> {
        let tenant = &place.tenant;
        // The result counts as old as its call, which may have ended long before it is polled.
        let began_unix_ms = clock.now_unix_ms();
        let resolver = Arc::clone(&this.upgrade().ok_or(Failed)?.resolver);
        let asked = AssertUnwindSafe(async { resolver.ask(Arc::clone(tenant)).await });
        let said = asked.catch_unwind().await;
        let this = this.upgrade().ok_or(Failed)?;
        let said = match said {
            Ok(Ok(said)) => said,
            Ok(Err(error)) => return Err(this.failed(place, &*error, clock)),
            Err(_) => return Err(this.failed(place, &Panicked, clock)),
        };
        let Some(secrets) = said else {
            place.learn(|| {
                this.known.remove(tenant);
                this.unknown.insert(Arc::clone(tenant), began_unix_ms);
            });
            return Ok(None);
        };
        match (this.prepare)(&secrets, tenant) {
            Ok(keys) => {
                let keys = Arc::new(keys);
                let known = Known {
                    keys: Arc::clone(&keys),
                    at_unix_ms: began_unix_ms,
                    failed_unix_ms: None,
                };
                place.learn(|| {
                    this.unknown.remove(tenant);
                    this.known.insert(Arc::clone(tenant), known);
                });
                Ok(Some(keys))
            }
            Err(error) => Err(this.failed(place, &error, clock)),
        }
    }

    fn failed(
        &self,
        place: &CallPermit<K>,
        error: &(dyn std::error::Error + 'static),
        clock: &dyn Clock,
    ) -> Failed {
        place.learn(|| self.postpone(&place.tenant, clock.now_unix_ms()));
        self.report(&place.tenant, error);
        Failed
    }

    fn report(&self, tenant: &str, error: &(dyn std::error::Error + 'static)) {
        if let Some(observer) = &self.observer {
            // A panic of the observer only loses its own report.
            let report = AssertUnwindSafe(|| observer.failed(tenant, error));
            let _ = std::panic::catch_unwind(report);
        }
    }

    /// Records a failure: for a while, the tenant's cached secrets are used without a
    /// new call.
    fn postpone(&self, tenant: &Arc<str>, now_unix_ms: i64) {
        if let Some(mut known) = self.known.peek(tenant) {
            known.failed_unix_ms = Some(now_unix_ms);
            // If the entry is gone by now, there is nothing to update.
            let _ = self.known.replace(Arc::clone(tenant), known, true);
        }
    }
}

fn unavailable() -> VerifyError {
    VerifyErrorKind::SecretsUnavailable.into()
}

#[derive(Debug)]
struct Panicked;

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the resolver panicked")
    }
}

impl std::error::Error for Panicked {}

#[derive(Debug)]
struct TooLate;

impl fmt::Display for TooLate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the resolver did not respond before the deadline of a request")
    }
}

impl std::error::Error for TooLate {}
