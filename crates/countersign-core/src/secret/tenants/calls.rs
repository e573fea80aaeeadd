//! Running calls of a resolver: at most one for each tenant, with a maximum for all.

use std::collections::HashMap;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use futures_util::future::{FutureExt, Shared};

/// A shared handle of a running call. Polling any handle drives the call.
pub(crate) type Call<K> = Shared<Lookup<K>>;

type Lookup<K> = Pin<Box<dyn Future<Output = LookupResult<K>> + Send>>;

/// The result of a call: the tenant's keys, prepared from its secrets, or `None` if there is no
/// such tenant.
pub(crate) type LookupResult<K> = Result<Option<Arc<K>>, Failed>;

/// The resolver did not return a usable result.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Failed;

/// The purpose of a call. Each purpose has a separate limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum For {
    /// A name that may be unknown.
    AnyName,
    /// A tenant whose cached secrets have expired.
    Tenant,
}

/// The result of [`SingleFlight::join`].
pub(super) enum Joined<K, T> {
    Call(Call<K>),
    /// The result was cached in the meantime.
    Needless(T),
    TooMany,
}

pub(super) struct SingleFlight<K> {
    most: usize,
    running: Mutex<Running<K>>,
}

struct Running<K> {
    calls: HashMap<Arc<str>, StartedCall<K>>,
    /// The number of running calls, by purpose.
    count: [usize; 2],
    /// The number of the last call.
    number: u64,
}

/// Drop it without the lock: the drop of its call takes the lock again.
struct StartedCall<K> {
    /// If all of its waiters have given up, the call is kept, although nothing polls it
    /// then: the next request finds its result, or continues it.
    call: Call<K>,
    purpose: For,
    at_unix_ms: i64,
    number: u64,
    /// Whether it was reported that the call takes too long.
    is_reported: bool,
}

impl<K> StartedCall<K> {
    /// Whether a request can join the call.
    fn is_young(&self, now_unix_ms: i64) -> bool {
        within(self.at_unix_ms, now_unix_ms, MAX_CALL_MS)
    }

    /// Whether no request waits for the call.
    fn is_abandoned(&self) -> bool {
        self.call.strong_count() == Some(1)
    }
}

impl<K> SingleFlight<K> {
    pub(super) fn new(most: usize) -> Self {
        let none = Running { calls: HashMap::new(), count: [0; 2], number: 0 };
        Self { most, running: Mutex::new(none) }
    }

    /// Joins the running call for this tenant, or starts a new one with `begin`.
    /// Starts no call if `cached` returns a cached result by now. If there are too many
    /// calls, one for which no request waits makes room.
    pub(super) fn join<T>(
        self: &Arc<Self>,
        tenant: &str,
        purpose: For,
        now_unix_ms: i64,
        cached: impl FnOnce() -> Option<T>,
        begin: impl FnOnce(CallPermit<K>) -> Lookup<K>,
    ) -> Joined<K, T> {
        self.end_old(now_unix_ms);
        // Dropped after the lock is released.
        let mut ended = Vec::new();
        let mut running = self.running();
        if let Some(started) = running.calls.get(tenant)
            && started.is_young(now_unix_ms)
        {
            return Joined::Call(started.call.clone());
        }
        if let Some(cached) = cached() {
            return Joined::Needless(cached);
        }
        if running.count[purpose as usize] >= self.most {
            let Some(abandoned) = running.take_abandoned(purpose) else { return Joined::TooMany };
            ended.push(abandoned);
        }
        running.count[purpose as usize] += 1;
        running.number += 1;
        let (tenant, number): (Arc<str>, u64) = (tenant.into(), running.number);
        // Weak, because the call is kept here.
        let calls = Arc::downgrade(self);
        let place = CallPermit { calls, tenant: Arc::clone(&tenant), purpose, number };
        let call = begin(place).shared();
        let (at_unix_ms, is_reported) = (now_unix_ms, false);
        let started = StartedCall { call: call.clone(), purpose, at_unix_ms, number, is_reported };
        ended.extend(running.calls.insert(tenant, started));
        Joined::Call(call)
    }

    /// Ends the calls that are too old to be joined and for which no request waits. Each
    /// is polled once more, because its result may have arrived in the meantime.
    fn end_old(&self, now_unix_ms: i64) {
        let running = self.running();
        let is_old =
            |started: &StartedCall<K>| !started.is_young(now_unix_ms) && started.is_abandoned();
        let old = running.calls.iter().filter(|(_, started)| is_old(started));
        let old: Vec<_> = old
            .map(|(tenant, started)| (Arc::clone(tenant), started.number, started.call.clone()))
            .collect();
        drop(running);
        for (tenant, number, call) in old {
            if call.now_or_never().is_none() {
                let ended = self.running().take(&tenant, number);
                drop(ended);
            }
        }
    }

    /// Detaches running calls: their results go only to the requests that wait, and
    /// are not cached.
    pub(super) fn forget(&self, tenant: Option<&str>) {
        match tenant {
            Some(tenant) => {
                let detached = self.running().calls.remove(tenant);
                drop(detached);
            }
            None => {
                let detached = mem::take(&mut self.running().calls);
                drop(detached);
            }
        }
    }

    /// Whether the call for this tenant takes too long, and this was not reported yet.
    pub(super) fn report_late(&self, tenant: &str) -> bool {
        let mut running = self.running();
        let started = running.calls.get_mut(tenant);
        started.is_some_and(|started| !mem::replace(&mut started.is_reported, true))
    }

    fn running(&self) -> MutexGuard<'_, Running<K>> {
        // The state is consistent after every statement, so a poisoned lock is safe.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K> Running<K> {
    /// Removes a call, unless it was replaced. It must be dropped without the lock.
    #[must_use]
    fn take(&mut self, tenant: &str, number: u64) -> Option<StartedCall<K>> {
        let is_current = self.calls.get(tenant).is_some_and(|started| started.number == number);
        is_current.then(|| self.calls.remove(tenant)).flatten()
    }

    /// Removes the oldest call for which no request waits.
    #[must_use]
    fn take_abandoned(&mut self, purpose: For) -> Option<StartedCall<K>> {
        let abandoned = self.calls.iter();
        let abandoned =
            abandoned.filter(|(_, started)| started.purpose == purpose && started.is_abandoned());
        let (tenant, number) = abandoned
            .min_by_key(|(_, started)| started.number)
            .map(|(tenant, started)| (Arc::clone(tenant), started.number))?;
        self.take(&tenant, number)
    }
}

/// A slot among the running calls, which is released on drop.
pub(super) struct CallPermit<K> {
    calls: Weak<SingleFlight<K>>,
    pub(super) tenant: Arc<str>,
    purpose: For,
    number: u64,
}

impl<K> CallPermit<K> {
    /// Runs `write`, which caches the result of the call, unless the call was
    /// detached.
    pub(super) fn learn(&self, write: impl FnOnce()) {
        let Some(calls) = self.calls.upgrade() else { return };
        let running = calls.running();
        if running.calls.get(&self.tenant).is_some_and(|started| started.number == self.number) {
            write();
        }
    }
}

impl<K> Drop for CallPermit<K> {
    fn drop(&mut self) {
        let Some(calls) = self.calls.upgrade() else { return };
        let mut running = calls.running();
        running.count[self.purpose as usize] -= 1;
        let ended = running.take(&self.tenant, self.number);
        drop(running);
        drop(ended);
    }
}

/// Whether something is younger than `for_ms`. After the clock was set back it counts
/// as old, which costs one extra call.
pub(super) fn within(since_unix_ms: i64, now_unix_ms: i64, for_ms: i64) -> bool {
    (0..for_ms).contains(&now_unix_ms.saturating_sub(since_unix_ms))
}

/// New requests do not join a call that is older than this: its result may be lost.
const MAX_CALL_MS: i64 = 10_000;
