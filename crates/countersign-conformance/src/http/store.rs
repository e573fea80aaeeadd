//! The store of an adapter under test.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use countersign_core::{
    Attempt, ClaimOutcome, CompleteOutcome, EventKey, Fingerprint, Health, IdempotencyStore,
    ManualClock, MemoryStore, ReleaseOutcome, RenewOutcome, StoreError, Verified,
};
use tokio::sync::watch;

use super::context::{Failure, TestResult};
use super::endpoint::{NOW_MS, name};

/// The store of the cases' endpoints: in memory, and unavailable when a case
/// requests it.
///
/// Clones share the same store.
#[derive(Clone)]
pub struct TestStore {
    memory: MemoryStore,
    clock: ManualClock,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    asked: watch::Sender<usize>,
    takes_no_claims: AtomicBool,
    takes_no_records: AtomicBool,
}

impl TestStore {
    pub(super) fn with_capacity(events: usize) -> Self {
        let clock = ManualClock::at_unix_ms(NOW_MS);
        let memory = MemoryStore::with_capacity(events).with_clock(clock.clone());
        Self { memory, clock, shared: Arc::default() }
    }

    /// How often the adapter has tried to claim.
    pub(super) fn asked(&self) -> usize {
        *self.shared.asked.borrow()
    }

    /// Waits until it has tried more often than that.
    pub(super) async fn is_asked_again(&self, before: usize) {
        let mut asked = self.shared.asked.subscribe();
        // Never fails, because the store holds the sender.
        let _ = asked.wait_for(|asked| *asked > before).await;
    }

    /// Makes claims and completions fail from now on.
    pub(super) fn goes_away(&self) {
        self.set_away(true);
    }

    pub(super) fn comes_back(&self) {
        self.set_away(false);
    }

    fn set_away(&self, is_away: bool) {
        self.shared.takes_no_claims.store(is_away, Ordering::SeqCst);
        self.shared.takes_no_records.store(is_away, Ordering::SeqCst);
    }

    /// Makes completions fail from now on.
    pub(super) fn forgets_to_write(&self) {
        self.shared.takes_no_records.store(true, Ordering::SeqCst);
    }

    /// Lets this many attempts crash while they hold the event.
    pub(super) async fn crash(&self, verified: &Verified, attempts: usize) -> TestResult {
        for _ in 0..attempts {
            let (_, attempt) = self.hold(verified).await?;
            self.clock.advance(attempt.lease);
        }
        Ok(())
    }

    /// Claims the event without the adapter.
    pub(super) async fn hold(&self, verified: &Verified) -> Result<(EventKey, Attempt), Failure> {
        let key = EventKey::of(verified, &name());
        let lease = Duration::from_secs(30);
        let attempt = Attempt::new(Fingerprint::of(verified), lease, lease * 1000)?;
        match self.memory.claim(&key, &attempt).await? {
            ClaimOutcome::Granted { .. } => Ok((key, attempt)),
            _ => Err(Failure::new("the store did not grant the event to the suite")),
        }
    }

    /// Completes an event that the suite holds.
    pub(super) async fn settle(&self, (key, attempt): (EventKey, Attempt)) -> TestResult {
        self.memory.complete(&key, &attempt).await?;
        Ok(())
    }
}

impl IdempotencyStore for TestStore {
    async fn claim(&self, key: &EventKey, attempt: &Attempt) -> Result<ClaimOutcome, StoreError> {
        self.shared.asked.send_modify(|asked| *asked += 1);
        is_there(&self.shared.takes_no_claims)?;
        self.memory.claim(key, attempt).await
    }

    async fn complete(
        &self,
        key: &EventKey,
        attempt: &Attempt,
    ) -> Result<CompleteOutcome, StoreError> {
        is_there(&self.shared.takes_no_records)?;
        self.memory.complete(key, attempt).await
    }

    async fn renew(&self, key: &EventKey, attempt: &Attempt) -> Result<RenewOutcome, StoreError> {
        self.memory.renew(key, attempt).await
    }

    async fn release(
        &self,
        key: &EventKey,
        attempt: &Attempt,
    ) -> Result<ReleaseOutcome, StoreError> {
        self.memory.release(key, attempt).await
    }

    async fn forget(&self, key: &EventKey) -> Result<bool, StoreError> {
        self.memory.forget(key).await
    }

    async fn probe(&self) -> Result<Health, StoreError> {
        self.memory.probe().await
    }
}

fn is_there(away: &AtomicBool) -> Result<(), StoreError> {
    if away.load(Ordering::SeqCst) {
        return Err(StoreError::not_applied("the case made the store unavailable"));
    }
    Ok(())
}

impl fmt::Debug for TestStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestStore").field("asked", &self.asked()).finish_non_exhaustive()
    }
}
