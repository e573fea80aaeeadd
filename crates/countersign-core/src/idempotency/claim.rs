//! The guard of one claim: it settles the claim, or releases it on drop.

use std::fmt;
use std::future::{Future, poll_fn};
use std::mem;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use super::key::EventKey;
use super::settlement::SettlementQueue;
use super::store::{
    Attempt, CompleteOutcome, IdempotencyStore, ReleaseOutcome, RenewOutcome, StoreError,
};
use super::waiters::Waiting;
use crate::telemetry::{DegradedClaim, Granted, Settlement, TelemetryEvent};
use crate::time::clock::millis;

/// A claimed event: no other attempt gets it while this guard exists and its lease
/// lasts. In the same process the lease does not matter: there no other attempt gets it
/// while this guard exists, for up to ten leases after the last renewal.
///
/// Settle it with [`complete`](Self::complete) or [`release`](Self::release). If it
/// is dropped unsettled, after a panic or in a cancelled task, it releases the
/// event in the background. It can be sent to a worker and settled there, after the
/// sender has got its response.
#[must_use = "an unsettled claim releases its event when it is dropped"]
pub struct Claim<S: IdempotencyStore> {
    key: EventKey,
    attempt: Attempt,
    grant: Grant,
    holder: Holder,
    queue: Arc<SettlementQueue<S>>,
    /// What happens to the event when this is dropped.
    on_drop: Option<OnDrop>,
    /// Whether the settlement has been recorded. Also true for a claim that was
    /// never granted, because nothing is recorded for it.
    is_recorded: bool,
    /// The place of a duplicate that is handled. Boxed because most claims have none.
    place: Option<Box<Waiting>>,
    /// When the claim was granted, or renewed.
    renewed_ms: AtomicI64,
}

/// The holder of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holder {
    Store,
    /// In the store, and remembered in this process, in case the lease cannot be
    /// renewed there, or the store becomes unavailable.
    StoreAndKnown {
        /// Whether this process also remembers the success after it is recorded.
        is_remembered: bool,
    },
    /// In this process, because the store was unavailable. Later it is also
    /// transferred to the store.
    Here,
    /// Nowhere: the endpoint fails open. The store may have granted it although its
    /// reply was lost.
    Nowhere {
        may_be_in_store: bool,
    },
    /// Nowhere: another attempt holds the event, or has handled it, and this
    /// duplicate is handled nevertheless. The record belongs to the other attempt.
    Repeat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OnDrop {
    Complete,
    Release,
}

/// What a handler should know about its claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Grant {
    /// The number of this attempt at the event, counted from 1.
    pub attempt: u32,
    /// Whether an earlier attempt crashed while it held the event, so that its
    /// effect may already exist.
    pub reclaimed: bool,
    /// Set if the claim is not held in the store.
    pub degraded: Option<Degraded>,
    /// Whether a delivery with the same id was handled before, or is in progress
    /// now, or may be: this delivery can be a retry or a replay of it, or another
    /// event with the same signed bytes.
    ///
    /// Set for a duplicate that is handled (see [`Repeats`](crate::Repeats)), whose
    /// `attempt` is 1, and for every [degraded](Self::degraded) claim, because only
    /// the store knows the events of all processes.
    pub possible_duplicate: bool,
}

/// Why a claim is not held in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Degraded {
    /// The store was unavailable or full. The claim is held in this process only.
    LocalFallback,
    /// The store was unavailable or full. Nothing prevents the event from being
    /// handled twice.
    FailOpen,
}

impl From<Grant> for Granted {
    fn from(grant: Grant) -> Self {
        let Grant { attempt, reclaimed, degraded, possible_duplicate } = grant;
        let degraded = degraded.map(|degraded| match degraded {
            Degraded::LocalFallback => DegradedClaim::LocalFallback,
            Degraded::FailOpen => DegradedClaim::FailOpen,
        });
        Self { attempt, reclaimed, possible_duplicate, degraded }
    }
}

impl<S: IdempotencyStore> Claim<S> {
    /// Creates a claim that the store may grant, or may have granted without a
    /// reply.
    pub(crate) fn new(key: EventKey, attempt: Attempt, queue: Arc<SettlementQueue<S>>) -> Self {
        let grant =
            Grant { attempt: 0, reclaimed: false, degraded: None, possible_duplicate: false };
        Self {
            key,
            attempt,
            grant,
            holder: Holder::Store,
            queue,
            on_drop: Some(OnDrop::Release),
            is_recorded: true,
            place: None,
            renewed_ms: AtomicI64::new(0),
        }
    }

    /// Sets the holder of the claim.
    pub(crate) fn held(mut self, holder: Holder) -> Self {
        self.holder = holder;
        self.grant.degraded = match holder {
            Holder::Store | Holder::StoreAndKnown { .. } | Holder::Repeat => None,
            Holder::Here => Some(Degraded::LocalFallback),
            Holder::Nowhere { .. } => Some(Degraded::FailOpen),
        };
        // Without the store, nothing rules out that another process has handled the event, or this
        // one longer ago than it remembers.
        self.grant.possible_duplicate = self.grant.degraded.is_some();
        self
    }

    /// Marks the claim as granted.
    pub(crate) fn granted(mut self, epoch: u32, reclaimed: bool) -> Self {
        self.grant = Grant { attempt: epoch, reclaimed, ..self.grant };
        self.is_recorded = false;
        self.renewed_ms = AtomicI64::new(self.queue.now_unix_ms());
        self
    }

    /// Marks the claim as that of a duplicate that is handled although the claim
    /// was not granted. Settling it does not change the record of the attempt that
    /// has the event. The claim keeps the place until it is dropped.
    pub(crate) fn of_repeat(mut self, place: Waiting) -> Self {
        self.holder = Holder::Repeat;
        self.grant = Grant { attempt: 1, possible_duplicate: true, degraded: None, ..self.grant };
        self.on_drop = None;
        self.is_recorded = false;
        self.place = Some(Box::new(place));
        self
    }

    /// The key of the event.
    #[must_use]
    pub fn key(&self) -> &EventKey {
        &self.key
    }

    /// What the handler should know about the claim.
    #[must_use]
    pub fn grant(&self) -> Grant {
        self.grant
    }

    /// How long the event is held without a renewal, counted from the last step.
    /// Renew it after a third of this.
    #[must_use]
    pub fn lease(&self) -> Duration {
        self.attempt.lease
    }

    pub(crate) fn attempt(&self) -> &Attempt {
        &self.attempt
    }

    /// Drops the claim without a release: it is not held.
    pub(crate) fn disarm(mut self) {
        self.on_drop = None;
    }

    /// Records that the event is done.
    ///
    /// If the record cannot be written now, the event is still done: send the
    /// handler's response. This process remembers the success, and retries the
    /// record in the background until its retention ends. The same happens if this
    /// future is dropped, so you can add a timeout.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the record could not be written yet.
    pub async fn complete(mut self) -> Result<CompleteOutcome, StoreError> {
        self.record_settlement(Settlement::Completed);
        if self.holder != Holder::Repeat {
            // From here on, a cancelled future must not release a handled event.
            self.on_drop = Some(OnDrop::Complete);
        }
        let here = match self.holder {
            Holder::Store | Holder::StoreAndKnown { .. } => None,
            Holder::Here => self.queue.complete(&self.key, &self.attempt),
            // The drop leaves recording the success to the background task.
            Holder::Nowhere { .. } => return Ok(CompleteOutcome::Recorded),
            Holder::Repeat => return Ok(CompleteOutcome::AlreadyDone),
        };
        let outcome = match here {
            Some(outcome) => outcome,
            None => {
                let outcome = self.record().await?;
                // This process has forgotten its hold.
                self.holder = Holder::Store;
                outcome
            }
        };
        self.on_drop = None;
        self.queue.counters().completed(outcome);
        Ok(outcome)
    }

    /// Records the success in the store. Until the store replies, this process
    /// remembers the success, because the lease may run out in the meantime.
    async fn record(&self) -> Result<CompleteOutcome, StoreError> {
        let (key, attempt) = (&self.key, &self.attempt);
        let mut call = pin!(self.queue.store().complete(key, attempt));
        let mut is_awaited = false;
        let reply = poll_fn(|cx| {
            let polled = call.as_mut().poll(cx);
            if polled.is_pending() && !mem::replace(&mut is_awaited, true) {
                self.queue.await_record(key, attempt);
            }
            polled
        });
        let outcome = reply.await?;
        let is_remembered = match self.holder {
            Holder::StoreAndKnown { is_remembered } => Some(is_remembered),
            Holder::Here => Some(true),
            _ => is_awaited.then_some(false),
        };
        if let Some(is_remembered) = is_remembered {
            self.queue.recorded(key, attempt, is_remembered);
        }
        Ok(outcome)
    }

    /// Releases the event: it can be claimed again at once. If this future is
    /// dropped, the background task releases it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the event could not be released yet. The background task
    /// retries until the lease has run out.
    pub async fn release(mut self) -> Result<ReleaseOutcome, StoreError> {
        self.record_settlement(Settlement::Released);
        let here = match self.holder {
            Holder::Store | Holder::StoreAndKnown { .. } => None,
            Holder::Here => self.queue.release(&self.key, &self.attempt),
            // The drop leaves the release in the store, if needed, to the background task.
            Holder::Nowhere { .. } => return Ok(ReleaseOutcome::Released),
            Holder::Repeat => return Ok(ReleaseOutcome::NotHeld),
        };
        let outcome = match here {
            Some(outcome) => outcome,
            None => self.queue.store().release(&self.key, &self.attempt).await?,
        };
        self.on_drop = None;
        Ok(outcome)
    }

    fn record_settlement(&mut self, settlement: Settlement) {
        if !mem::replace(&mut self.is_recorded, true) {
            self.queue.counters().recorder().record(&TelemetryEvent::Settled(settlement));
        }
    }

    /// Renews the lease, from now on.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store is unavailable. The lease is then unchanged in the
    /// store. In this process the claim is held in any case.
    pub async fn renew(&self) -> Result<RenewOutcome, StoreError> {
        let now_ms = self.queue.now_unix_ms();
        let outcome = match self.keep_hold() {
            Some(outcome) => outcome,
            None => self.queue.store().renew(&self.key, &self.attempt).await?,
        };
        match outcome {
            RenewOutcome::Renewed => self.renewed_ms.store(now_ms, Ordering::Relaxed),
            RenewOutcome::Lost => self.queue.counters().lease_lost(),
        }
        Ok(outcome)
    }

    /// Whether the claim was granted, or last renewed, at least this long ago.
    pub(super) fn is_older_than(&self, age: Duration) -> bool {
        let since_ms = self.renewed_ms.load(Ordering::Relaxed);
        self.queue.now_unix_ms().saturating_sub(since_ms) >= millis(age)
    }

    /// Extends the hold of this process. Returns the result of the renewal if the store
    /// does not hold the claim, or if another attempt of this process has the event.
    pub(super) fn keep_hold(&self) -> Option<RenewOutcome> {
        let (key, attempt, epoch) = (&self.key, &self.attempt, self.grant.attempt);
        match self.holder {
            Holder::Store => None,
            Holder::StoreAndKnown { is_remembered } => {
                let other = self.queue.hold(key, attempt, epoch, is_remembered, i64::MAX);
                other.map(|_| RenewOutcome::Lost)
            }
            Holder::Here => self.queue.renew(key, attempt, epoch),
            Holder::Nowhere { .. } | Holder::Repeat => Some(RenewOutcome::Renewed),
        }
    }

    pub(super) fn count_failed_renewal(&self) {
        self.queue.counters().renewal_failed();
    }

    fn release_on_drop(&self) {
        let here = match self.holder {
            Holder::Store
            | Holder::StoreAndKnown { .. }
            | Holder::Nowhere { may_be_in_store: true } => None,
            Holder::Here => self.queue.release(&self.key, &self.attempt),
            Holder::Nowhere { may_be_in_store: false } | Holder::Repeat => return,
        };
        match here {
            None => self.queue.push_release(&self.key, &self.attempt),
            Some(ReleaseOutcome::Released) => self.queue.counters().release_retried(),
            Some(ReleaseOutcome::NotHeld) => {}
        }
    }
}

impl<S: IdempotencyStore> Drop for Claim<S> {
    /// Leaves the rest to the background task: a drop can neither wait nor fail.
    fn drop(&mut self) {
        if let Some(OnDrop::Complete) = self.on_drop {
            let held_here = self.grant.degraded.is_some();
            self.queue.push_success(&self.key, &self.attempt, held_here);
        } else if matches!(self.holder, Holder::StoreAndKnown { .. } | Holder::Here) {
            self.queue.let_go(&self.key, &self.attempt);
        }
        let Some(on_drop) = self.on_drop.take() else { return };
        self.record_settlement(Settlement::Dropped);
        if on_drop == OnDrop::Release {
            self.release_on_drop();
        }
    }
}

impl<S: IdempotencyStore> fmt::Debug for Claim<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim")
            .field("key", &self.key)
            .field("grant", &self.grant)
            .finish_non_exhaustive()
    }
}
