//! Running calls of a resolver: at most one for each tenant, with a maximum for all.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::{FutureExt, Shared, WeakShared};

use crate::secret::keyring::Keyring;

/// A shared handle of a running call. Polling any handle drives the call.
pub(crate) type Call = Shared<Pin<Box<dyn Future<Output = LookupResult> + Send>>>;

/// The result of a call: the tenant's secrets, or `None` if there is no such tenant.
pub(crate) type LookupResult = Result<Option<Arc<Keyring>>, Failed>;

/// The resolver did not return a usable result.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Failed;

/// The purpose of a call. Each purpose has a separate limit.
#[derive(Debug, Clone, Copy)]
pub(super) enum For {
    /// A name that may be unknown.
    AnyName,
    /// A tenant whose cached secrets have expired.
    Tenant,
}

/// The result of [`Calls::join`].
pub(super) enum Joined<T> {
    Call(Call),
    /// The result was cached in the meantime.
    Needless(T),
    TooMany,
}

pub(super) struct SingleFlight {
    most: usize,
    running: Mutex<Running>,
}

#[derive(Default)]
struct Running {
    calls: HashMap<Arc<str>, Begun>,
    /// The number of running calls, by purpose.
    count: [usize; 2],
    /// The number of the last call.
    number: u64,
}

struct Begun {
    /// A weak handle: the call is dropped when all of its waiters have given up.
    call: WeakShared<Pin<Box<dyn Future<Output = LookupResult> + Send>>>,
    at_unix_ms: i64,
    number: u64,
}

impl SingleFlight {
    pub(super) fn new(most: usize) -> Self {
        Self { most, running: Mutex::default() }
    }

    /// Joins the running call for this tenant, or starts a new one with `begin`.
    /// Starts no call if `at_hand` returns a cached result by now.
    pub(super) fn join<T>(
        self: &Arc<Self>,
        tenant: &str,
        purpose: For,
        now_unix_ms: i64,
        at_hand: impl FnOnce() -> Option<T>,
        begin: impl FnOnce(CallPermit) -> Pin<Box<dyn Future<Output = LookupResult> + Send>>,
    ) -> Joined<T> {
        let mut running = self.running();
        if let Some(begun) = running.calls.get(tenant)
            && within(begun.at_unix_ms, now_unix_ms, MAX_CALL_MS)
            && let Some(call) = begun.call.upgrade()
        {
            return Joined::Call(call);
        }
        if let Some(at_hand) = at_hand() {
            return Joined::Needless(at_hand);
        }
        if running.count[purpose as usize] >= self.most {
            return Joined::TooMany;
        }
        running.count[purpose as usize] += 1;
        running.number += 1;
        let (tenant, number): (Arc<str>, u64) = (tenant.into(), running.number);
        let place =
            CallPermit { calls: Arc::clone(self), tenant: Arc::clone(&tenant), purpose, number };
        let call = begin(place).shared();
        if let Some(weak) = call.downgrade() {
            let begun = Begun { call: weak, at_unix_ms: now_unix_ms, number };
            running.calls.insert(tenant, begun);
        }
        Joined::Call(call)
    }

    /// Detaches running calls: their results go only to the requests that wait, and
    /// are not cached.
    pub(super) fn forget(&self, tenant: Option<&str>) {
        let mut running = self.running();
        match tenant {
            Some(tenant) => drop(running.calls.remove(tenant)),
            None => running.calls.clear(),
        }
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        // The state is consistent after every statement, so a poisoned lock is safe.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A slot among the running calls, which is released on drop.
pub(super) struct CallPermit {
    calls: Arc<SingleFlight>,
    pub(super) tenant: Arc<str>,
    purpose: For,
    number: u64,
}

impl CallPermit {
    /// Runs `write`, which caches the result of the call, unless the call was
    /// detached.
    pub(super) fn learn(&self, write: impl FnOnce()) {
        let running = self.calls.running();
        if running.calls.get(&self.tenant).is_some_and(|begun| begun.number == self.number) {
            write();
        }
    }
}

impl Drop for CallPermit {
    fn drop(&mut self) {
        let mut running = self.calls.running();
        running.count[self.purpose as usize] -= 1;
        if running.calls.get(&self.tenant).is_some_and(|begun| begun.number == self.number) {
            running.calls.remove(&self.tenant);
        }
    }
}

/// Whether something is younger than `for_ms`. After the clock was set back it counts
/// as old, which costs one extra call.
pub(super) fn within(since_unix_ms: i64, now_unix_ms: i64, for_ms: i64) -> bool {
    (0..for_ms).contains(&now_unix_ms.saturating_sub(since_unix_ms))
}

/// New requests do not join a call that is older than this: its result may be lost.
const MAX_CALL_MS: i64 = 10_000;
