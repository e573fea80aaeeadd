//! The calls of a resolver that are running: one at a time for a tenant, and so
//! many in all.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::{FutureExt, Shared, WeakShared};

use crate::keyring::Keyring;

/// A call, or a part in it: whichever of its holders is polled moves it on.
pub(crate) type Call = Shared<Pin<Box<dyn Future<Output = Said> + Send>>>;

/// What a call comes to: a tenant's secrets, or that there is no such tenant.
pub(crate) type Said = Result<Option<Arc<Keyring>>, Failed>;

/// The resolver has not given an answer that can be used.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Failed;

/// For whom a call is made. They do not take each other's room.
#[derive(Debug, Clone, Copy)]
pub(super) enum For {
    /// A name that may be nobody's.
    AnyName,
    /// A tenant whose secrets have been kept for too long.
    Tenant,
}

/// What came of asking for a call.
pub(super) enum Joined<T> {
    Call(Call),
    /// It has ended in the meantime.
    Needless(T),
    TooMany,
}

pub(super) struct Calls {
    most: usize,
    running: Mutex<Running>,
}

#[derive(Default)]
struct Running {
    calls: HashMap<Arc<str>, Begun>,
    /// How many have not ended, by what they are for.
    count: [usize; 2],
    /// The number of the last one.
    number: u64,
}

struct Begun {
    /// Its holders alone keep it: when all have given up, so has the call.
    call: WeakShared<Pin<Box<dyn Future<Output = Said> + Send>>>,
    at_unix_ms: i64,
    number: u64,
}

impl Calls {
    pub(super) fn new(most: usize) -> Self {
        Self { most, running: Mutex::default() }
    }

    /// The call for this tenant that runs, or one that `begin` makes, unless
    /// `at_hand` has by now what it would say.
    pub(super) fn join<T>(
        self: &Arc<Self>,
        tenant: &str,
        purpose: For,
        now_unix_ms: i64,
        at_hand: impl FnOnce() -> Option<T>,
        begin: impl FnOnce(Place) -> Pin<Box<dyn Future<Output = Said> + Send>>,
    ) -> Joined<T> {
        let mut running = self.running();
        if let Some(begun) = running.calls.get(tenant)
            && within(begun.at_unix_ms, now_unix_ms, LONGEST_CALL_MS)
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
        let place = Place { calls: Arc::clone(self), tenant: Arc::clone(&tenant), purpose, number };
        let call = begin(place).shared();
        if let Some(weak) = call.downgrade() {
            let begun = Begun { call: weak, at_unix_ms: now_unix_ms, number };
            running.calls.insert(tenant, begun);
        }
        Joined::Call(call)
    }

    /// What a running call will say is for those who wait for it, and no longer
    /// news.
    pub(super) fn forget(&self, tenant: Option<&str>) {
        let mut running = self.running();
        match tenant {
            Some(tenant) => drop(running.calls.remove(tenant)),
            None => running.calls.clear(),
        }
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        // It is whole after every statement: a panic elsewhere has not broken it.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call's place among the running ones, given back when it is dropped.
pub(super) struct Place {
    calls: Arc<Calls>,
    pub(super) tenant: Arc<str>,
    purpose: For,
    number: u64,
}

impl Place {
    /// Writes down what the call has learned, unless it is no longer news.
    pub(super) fn learn(&self, write: impl FnOnce()) {
        let running = self.calls.running();
        if running.calls.get(&self.tenant).is_some_and(|begun| begun.number == self.number) {
            write();
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut running = self.calls.running();
        running.count[self.purpose as usize] -= 1;
        if running.calls.get(&self.tenant).is_some_and(|begun| begun.number == self.number) {
            running.calls.remove(&self.tenant);
        }
    }
}

/// Whether something is younger than this. A clock that was set back makes it
/// old: better asked once too often.
pub(super) fn within(since_unix_ms: i64, now_unix_ms: i64, for_ms: i64) -> bool {
    (0..for_ms).contains(&now_unix_ms.saturating_sub(since_unix_ms))
}

/// A call from which nothing has been heard for so long is not waited for by
/// anybody who comes new: its answer may be lost.
const LONGEST_CALL_MS: i64 = 10_000;
