//! Background task that completes pending store calls: releases of dropped claims,
//! successes that could not be recorded, and claims that were made in this process
//! while the store was unavailable.

mod pending;
mod worker;

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::pending::{Ended, Full, Pending};
use self::worker::Current;
use super::counters::Counting;
use super::key::EventKey;
use super::store::{Attempt, ClaimOutcome, CompleteOutcome, ReleaseOutcome, RenewOutcome};
use crate::telemetry::Recorder;
use crate::time::clock::{Clock, LeaseClock};

/// The store, and the state that is not recorded there yet. The receiver and every
/// claim hold it. When the last of them is dropped, no more steps can be added.
pub(crate) struct SettlementQueue<S>(Arc<Shared<S>>);

/// The state that the holders and the background task share.
struct Shared<S> {
    store: S,
    pending: Mutex<Pending>,
    /// The number of events in the table, readable without its lock.
    known: AtomicUsize,
    counters: Counting,
    clock: LeaseClock,
    /// The background task, if there is one.
    current: Arc<Current>,
    /// The time until which the background task counts as alive. It extends this if
    /// its runtime is driven. 0 if no step is pending.
    alive_until_ms: AtomicI64,
}

impl<S> SettlementQueue<S> {
    pub(crate) fn new(store: S, watch: Recorder, clock: LeaseClock) -> Self {
        Self(Arc::new(Shared {
            store,
            pending: Mutex::new(Pending::new(MAX_PENDING)),
            known: AtomicUsize::new(0),
            counters: Counting::new(watch),
            clock,
            current: Arc::default(),
            alive_until_ms: AtomicI64::new(0),
        }))
    }

    pub(crate) fn store(&self) -> &S {
        &self.0.store
    }

    pub(crate) fn counters(&self) -> &Counting {
        &self.0.counters
    }

    /// The time of the leases in this process.
    pub(crate) fn now_unix_ms(&self) -> i64 {
        self.0.clock.now_unix_ms()
    }

    /// What this process knows about an event that is in flight or done, and that
    /// the store may not know.
    pub(crate) fn look(&self, key: &EventKey, attempt: &Attempt) -> Option<ClaimOutcome> {
        if self.0.known.load(Ordering::Acquire) == 0 {
            return None;
        }
        self.0.lock().look(key, attempt, self.0.clock.now_unix_ms())
    }

    /// Claims an event in this process. The claim is later transferred to the
    /// store.
    pub(crate) fn claim(
        &self,
        key: &EventKey,
        attempt: &Attempt,
        may_be_in_store: bool,
    ) -> ClaimOutcome {
        self.0.change(|pending, now_ms, lost| {
            pending.claim(key, attempt, may_be_in_store, now_ms, lost)
        })
    }

    /// Remembers a claim that the store has granted, until it is dropped or settled,
    /// or for several leases from now on. Returns the state of the event if another
    /// attempt has claimed or handled it since the claim was sent.
    pub(crate) fn hold(
        &self,
        key: &EventKey,
        attempt: &Attempt,
        epoch: u32,
        is_remembered: bool,
        sent_ms: i64,
    ) -> Option<ClaimOutcome> {
        self.0.change(|pending, now_ms, _| {
            pending.hold(key, attempt, epoch, is_remembered, sent_ms, now_ms)
        })
    }

    /// Forgets the claim that `hold` remembers.
    pub(crate) fn let_go(&self, key: &EventKey, attempt: &Attempt) {
        self.0.change(|pending, _, _| pending.let_go(key, attempt));
    }

    /// Forgets an event in any state. Returns whether it was known.
    pub(crate) fn forget(&self, key: &EventKey) -> bool {
        self.0.change(|pending, _, _| pending.forget_event(key))
    }

    /// Remembers a success while its holder waits for the store's reply.
    pub(crate) fn await_record(&self, key: &EventKey, attempt: &Attempt) {
        self.0.change(|pending, now_ms, _| pending.await_record(key, attempt, now_ms));
    }

    /// The store has written the record of a holder's success. This process
    /// remembers the event if `is_remembered`, for a later outage.
    pub(crate) fn recorded(&self, key: &EventKey, attempt: &Attempt, is_remembered: bool) {
        self.0.change(|pending, now_ms, _| {
            pending.recorded_by_holder(key, attempt, is_remembered, now_ms);
        });
    }

    /// Completes a claim that is held in this process; `None` if it has been
    /// transferred to the store.
    pub(crate) fn complete(&self, key: &EventKey, attempt: &Attempt) -> Option<CompleteOutcome> {
        self.0.change(|pending, now_ms, lost| {
            let is_here = pending.is_here(key, now_ms);
            is_here.then(|| pending.complete(key, attempt, true, now_ms, lost).ok()).flatten()
        })
    }

    /// Renews a claim that is held in this process; `None` if it has been
    /// transferred to the store and must be renewed there too.
    pub(crate) fn renew(
        &self,
        key: &EventKey,
        attempt: &Attempt,
        epoch: u32,
    ) -> Option<RenewOutcome> {
        self.0.change(|pending, now_ms, _| {
            if pending.is_here(key, now_ms) {
                return Some(pending.renew(key, attempt, now_ms));
            }
            pending.hold(key, attempt, epoch, true, i64::MAX, now_ms);
            None
        })
    }

    /// Releases a claim that is held in this process; `None` if it has been
    /// transferred to the store.
    pub(crate) fn release(&self, key: &EventKey, attempt: &Attempt) -> Option<ReleaseOutcome> {
        self.0.change(|pending, now_ms, lost| {
            pending.is_here(key, now_ms).then(|| pending.release(key, attempt, now_ms, lost))
        })
    }

    /// Queues a success whose record could not be written. Until it is written,
    /// this process knows that the event is done.
    pub(crate) fn push_success(&self, key: &EventKey, attempt: &Attempt, held_here: bool) {
        self.0.change(|pending, now_ms, lost| {
            match pending.complete(key, attempt, held_here, now_ms, lost) {
                Ok(outcome) => self.0.counters.completed(outcome),
                Err(Full) => lost.push(Ended::RecordLost),
            }
        });
    }

    /// Queues a release of a claim that the store holds, or may hold.
    pub(crate) fn push_release(&self, key: &EventKey, attempt: &Attempt) {
        self.0.change(|pending, now_ms, lost| pending.push_release(key, attempt, now_ms, lost));
    }
}

impl<S> Drop for SettlementQueue<S> {
    fn drop(&mut self) {
        self.0.change(|pending, _, _| pending.closed = true);
    }
}

impl<S> Shared<S> {
    /// Changes the table, counts the steps that this ended, and wakes the
    /// background task if it has something to do.
    fn change<T>(&self, change: impl FnOnce(&mut Pending, i64, &mut Vec<Ended>) -> T) -> T {
        let mut ended = Vec::new();
        let mut pending = self.lock();
        let changed = change(&mut pending, self.clock.now_unix_ms(), &mut ended);
        self.known.store(pending.len(), Ordering::Release);
        self.watch_over(&pending);
        let is_due = pending.has_steps() || pending.closed;
        let waker = if is_due { pending.waker.take() } else { None };
        drop(pending);
        for ended in ended {
            self.count(ended);
        }
        if let Some(waker) = waker {
            waker.wake();
        }
        changed
    }

    /// Starts to watch the background task when the first step is added.
    fn watch_over(&self, pending: &Pending) {
        if !pending.is_busy() {
            self.alive_until_ms.store(0, Ordering::Relaxed);
        } else if self.alive_until_ms.load(Ordering::Relaxed) == 0 {
            self.is_alive();
        }
    }

    fn is_alive(&self) {
        let until_ms = self.clock.now_unix_ms().saturating_add(SIGN_OF_LIFE_MS);
        self.alive_until_ms.store(until_ms, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Pending> {
        // The table is consistent after every step, even if another thread panicked.
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, ended: Ended) {
        match ended {
            Ended::Recorded { outcome, after_outage, was_retried } => {
                self.counters.completion_retried(outcome, after_outage, was_retried);
            }
            Ended::Released => self.counters.release_retried(),
            Ended::RecordLost => self.counters.completion_lost(),
            Ended::ReleaseLost => self.counters.release_lost(),
        }
    }
}

/// A background task whose runtime is driven polls far more often.
const SIGN_OF_LIFE_MS: i64 = 2_000;

/// The maximum number of pending claims and successes during an outage: about 30
/// MB. Half as many recorded successes are remembered, in about 8 MB.
const MAX_PENDING: usize = 100_000;
