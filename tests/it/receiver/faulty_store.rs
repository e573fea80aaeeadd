//! A store in which single steps fail as they would over a network.

use std::collections::{HashMap, HashSet, VecDeque};
use std::future::pending;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign::store::{
    Attempt, ClaimOutcome, CompleteOutcome, Health, IdempotencyStore, ReleaseOutcome, RenewOutcome,
    StoreError,
};
use countersign::{EventKey, MemoryStore};
use tokio::time::sleep;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The request was lost.
    NotApplied,
    /// The step was applied, and its response was lost.
    ReplyLost,
    /// The step was applied, and its response takes this long.
    ReplyLate(Duration),
    /// Neither arrives.
    Hangs,
    /// The store itself panics.
    Panics,
    /// The store panics before it returns its future.
    PanicsAtOnce,
}

/// Clones share the same store.
#[derive(Clone)]
pub(crate) struct FaultyStore {
    inner: Arc<MemoryStore>,
    faults: Arc<Mutex<HashMap<&'static str, VecDeque<Fault>>>>,
    asked: Arc<Mutex<HashMap<&'static str, usize>>>,
    rejected: Arc<Mutex<HashSet<EventKey>>>,
    is_down: Arc<AtomicBool>,
}

impl FaultyStore {
    pub(crate) fn new(inner: MemoryStore) -> Self {
        Self::on(Arc::new(inner))
    }

    fn on(inner: Arc<MemoryStore>) -> Self {
        let (faults, asked, rejected, is_down) = Default::default();
        Self { inner, faults, asked, rejected, is_down }
    }

    /// The same store, as another process uses it: without these faults.
    pub(crate) fn of_another_process(&self) -> Self {
        Self::on(Arc::clone(&self.inner))
    }

    /// Makes every step fail, until the store comes back.
    pub(crate) fn go_down(&self) {
        self.is_down.store(true, Ordering::SeqCst);
    }

    pub(crate) fn come_back(&self) {
        self.is_down.store(false, Ordering::SeqCst);
    }

    /// Makes the next calls of this step fail in these ways, one after another.
    pub(crate) fn fail_next(&self, step: &'static str, faults: &[Fault]) {
        self.faults.lock().unwrap().entry(step).or_default().extend(faults);
    }

    /// From now on no completion of this event is recorded.
    pub(crate) fn reject_success(&self, key: EventKey) {
        self.rejected.lock().unwrap().insert(key);
    }

    /// The number of calls.
    pub(crate) fn asked(&self) -> usize {
        self.asked.lock().unwrap().values().sum()
    }

    /// The number of calls of this step.
    pub(crate) fn asked_of(&self, step: &str) -> usize {
        self.asked.lock().unwrap().get(step).copied().unwrap_or(0)
    }

    /// Not in the future of the step, for a store that is not an `async fn`.
    fn panic_at_once(&self, step: &'static str) {
        let mut faults = self.faults.lock().unwrap();
        let next = faults.entry(step).or_default();
        if next.front() == Some(&Fault::PanicsAtOnce) {
            next.pop_front();
            drop(faults);
            *self.asked.lock().unwrap().entry(step).or_default() += 1;
            panic!("intended panic");
        }
    }

    async fn faulty<T>(
        &self,
        step: &'static str,
        real: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        *self.asked.lock().unwrap().entry(step).or_default() += 1;
        let fault = self.faults.lock().unwrap().entry(step).or_default().pop_front();
        match fault {
            None if self.is_down.load(Ordering::SeqCst) => {
                Err(StoreError::not_applied("the store is down"))
            }
            None => real.await,
            Some(Fault::NotApplied) => Err(StoreError::not_applied("the question was lost")),
            Some(Fault::ReplyLost) => {
                real.await?;
                Err(StoreError::unknown_effect("the reply was lost"))
            }
            Some(Fault::ReplyLate(by)) => {
                let reply = real.await;
                sleep(by).await;
                reply
            }
            Some(Fault::Hangs) => pending().await,
            Some(Fault::Panics | Fault::PanicsAtOnce) => panic!("intended panic"),
        }
    }
}

impl IdempotencyStore for FaultyStore {
    fn claim(
        &self,
        key: &EventKey,
        attempt: &Attempt,
    ) -> impl Future<Output = Result<ClaimOutcome, StoreError>> + Send {
        self.panic_at_once("claim");
        self.faulty("claim", self.inner.claim(key, attempt))
    }

    fn complete(
        &self,
        key: &EventKey,
        attempt: &Attempt,
    ) -> impl Future<Output = Result<CompleteOutcome, StoreError>> + Send {
        self.panic_at_once("complete");
        let is_rejected = self.rejected.lock().unwrap().contains(key);
        let real = async move {
            if is_rejected {
                return Err(StoreError::not_applied("the record is of an unknown layout"));
            }
            self.inner.complete(key, attempt).await
        };
        self.faulty("complete", real)
    }

    fn renew(
        &self,
        key: &EventKey,
        attempt: &Attempt,
    ) -> impl Future<Output = Result<RenewOutcome, StoreError>> + Send {
        self.panic_at_once("renew");
        self.faulty("renew", self.inner.renew(key, attempt))
    }

    fn release(
        &self,
        key: &EventKey,
        attempt: &Attempt,
    ) -> impl Future<Output = Result<ReleaseOutcome, StoreError>> + Send {
        self.panic_at_once("release");
        self.faulty("release", self.inner.release(key, attempt))
    }

    async fn forget(&self, key: &EventKey) -> Result<bool, StoreError> {
        self.faulty("forget", self.inner.forget(key)).await
    }

    async fn probe(&self) -> Result<Health, StoreError> {
        self.faulty("probe", self.inner.probe()).await
    }
}
