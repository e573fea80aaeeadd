//! Secrets of several tenants: found for each request by its head, and kept for
//! a while.

mod cache;
mod calls;
mod from;
mod resolver;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use from::TenantFrom;
pub use resolver::{ResolverObserver, SecretResolver};

pub(crate) use cache::{Kept, TenantSecrets};
pub(crate) use calls::{Call, Failed};

use resolver::Ask;

/// Whose delivery a request is, and where that tenant's secrets come from.
///
/// What the resolver says is kept for a while, so that it is not asked for each
/// request; for one tenant it is asked once at a time, however many requests
/// wait for it. All of that is in [the verifier](crate::Verifier::for_tenants)
/// and its clones.
///
/// Anybody can send any name. So a name is short, and never shown; names that
/// nobody has are kept apart from those of tenants, and evict none; and no more
/// calls run at once than [`with_most_calls`](Self::with_most_calls) allows.
#[must_use]
pub struct Tenants {
    from: TenantFrom,
    resolver: Arc<dyn Ask>,
    observer: Option<Arc<dyn ResolverObserver>>,
    capacity: usize,
    fresh_for: Duration,
    stale_for: Duration,
    unknown_for: Duration,
    most_calls: usize,
}

impl Tenants {
    /// Tenants whose name stands in this place of a request, with the secrets
    /// that this resolver knows.
    pub fn new(from: TenantFrom, resolver: impl SecretResolver) -> Self {
        Self {
            from,
            resolver: Arc::new(resolver),
            observer: None,
            capacity: CAPACITY,
            fresh_for: FRESH_FOR,
            stale_for: STALE_FOR,
            unknown_for: UNKNOWN_FOR,
            most_calls: MOST_CALLS,
        }
    }

    /// The secrets of about how many tenants are kept, and about how many names
    /// that no tenant has. Defaults to 10,000 of each.
    pub fn with_capacity(mut self, tenants: usize) -> Self {
        self.capacity = tenants.max(1);
        self
    }

    /// For how long a tenant's secrets are believed before the resolver is asked
    /// again. Defaults to 5 minutes: so much later at most a replaced secret is
    /// noticed, unless
    /// [`Verifier::forget_tenant`](crate::Verifier::forget_tenant) is told.
    pub fn with_fresh_for(mut self, duration: Duration) -> Self {
        self.fresh_for = duration;
        self
    }

    /// For how much longer they are used while the resolver fails, does not
    /// answer in time, or has too many calls to answer. Defaults to an hour.
    ///
    /// A secret that was taken back is accepted for so long, should the resolver
    /// fail at that very time: zero for whoever would rather refuse.
    pub fn with_stale_for(mut self, duration: Duration) -> Self {
        self.stale_for = duration;
        self
    }

    /// For how long a name is believed to be nobody's; and for how long a
    /// resolver that failed is not asked again for a tenant whose secrets are
    /// still at hand. Defaults to 10 s.
    pub fn with_unknown_for(mut self, duration: Duration) -> Self {
        self.unknown_for = duration;
        self
    }

    /// How many calls of the resolver run at once for names that are not known
    /// yet, and as many for tenants that are: whoever floods the one does not
    /// hinder the other. Defaults to 64. What comes on top is answered
    /// [`SecretsUnavailable`](crate::VerifyErrorKind::SecretsUnavailable).
    pub fn with_most_calls(mut self, calls: usize) -> Self {
        self.most_calls = calls.max(1);
        self
    }

    /// Who is told why the secrets of a tenant could not be found. Defaults to
    /// nobody: the refusal says that it is so, and not why.
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
const MOST_CALLS: usize = 64;
