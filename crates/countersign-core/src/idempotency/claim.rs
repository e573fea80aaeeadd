//! The guard of one claim: it settles, or it gives itself back.

use std::fmt;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use super::MemoryStore;
use super::key::EventKey;
use super::reaper::{Job, Reaper, Step};
use super::store::{
    Attempt, CompleteOutcome, IdempotencyStore, ReleaseOutcome, RenewOutcome, StoreError,
};
use crate::observe::{Notice, Settlement};

/// An event in hand: nobody else handles it while this lives and its lease
/// lasts.
///
/// Settle it with [`complete`](Self::complete) or [`release`](Self::release).
/// Dropped unsettled, after a panic or in a cancelled task, it gives the event
/// back by itself, in the background. It can be sent to a worker and settled
/// there, after the sender has been answered.
#[must_use = "an unsettled claim gives its event back when it is dropped"]
pub struct Claim<S: IdempotencyStore> {
    key: EventKey,
    attempt: Attempt,
    grant: Grant,
    holder: Holder,
    reaper: Arc<Reaper<S>>,
    /// What becomes of the event when this is dropped.
    on_drop: Option<Step>,
    /// Whether it has been told how this ends. Of one that was never granted, it
    /// is not.
    is_told: bool,
}

/// Where a claim is held.
pub(crate) enum Holder {
    Store,
    /// In the table of this process, while the store cannot be asked.
    Local(Arc<MemoryStore>),
    /// Nowhere: the endpoint fails open.
    Nowhere,
    /// Nowhere: another attempt has the event, or has handled it, and this is a
    /// repeat that is handled all the same. The record is the other attempt's.
    Repeat,
}

/// What a handler should know of the claim under which it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Grant {
    /// Which attempt at the event this is, counted from 1.
    pub epoch: u32,
    /// Whether an earlier attempt died with the event in hand, so that its
    /// effect may be there already.
    pub reclaimed: bool,
    /// Whether the claim is held in less than the store.
    pub degraded: Option<Degraded>,
    /// Whether a delivery of the same id was handled before, or is being handled
    /// now: this one is a retry or a replay of it, or another event with the same
    /// signed bytes. See [`Repeats`](crate::Repeats). The `epoch` is then 1.
    pub possible_duplicate: bool,
}

/// How a claim came to be held elsewhere than in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Degraded {
    /// The store could not be asked; the claim is held in this process only.
    LocalFallback,
    /// The store could not be asked; nothing keeps the event from being handled
    /// twice.
    FailOpen,
}

impl<S: IdempotencyStore> Claim<S> {
    /// One that the store may grant, or has granted unheard.
    pub(crate) fn new(
        key: EventKey,
        attempt: Attempt,
        holder: Holder,
        reaper: Arc<Reaper<S>>,
    ) -> Self {
        let degraded = match holder {
            Holder::Store | Holder::Repeat => None,
            Holder::Local(_) => Some(Degraded::LocalFallback),
            Holder::Nowhere => Some(Degraded::FailOpen),
        };
        let grant = Grant { epoch: 0, reclaimed: false, degraded, possible_duplicate: false };
        let on_drop = Some(Step::Release);
        Self { key, attempt, grant, holder, reaper, on_drop, is_told: true }
    }

    /// The event is in hand.
    pub(crate) fn granted(mut self, epoch: u32, reclaimed: bool) -> Self {
        self.grant = Grant { epoch, reclaimed, ..self.grant };
        self.is_told = false;
        self
    }

    /// The event is not in hand, and its delivery is handled all the same. How
    /// that ends changes nothing in the record of the attempt that has the event.
    pub(crate) fn of_repeat(mut self) -> Self {
        self.holder = Holder::Repeat;
        self.grant = Grant { epoch: 1, possible_duplicate: true, ..self.grant };
        self.on_drop = None;
        self.is_told = false;
        self
    }

    /// The key of the event.
    #[must_use]
    pub fn key(&self) -> &EventKey {
        &self.key
    }

    /// What the handler should know of the claim.
    #[must_use]
    pub fn grant(&self) -> Grant {
        self.grant
    }

    /// For how long the event is held without a renewal, from the last step on.
    /// Renew it at a third of this.
    #[must_use]
    pub fn lease(&self) -> Duration {
        self.attempt.lease
    }

    pub(crate) fn attempt(&self) -> &Attempt {
        &self.attempt
    }

    /// Nothing becomes of the event when this is dropped: it is not held.
    pub(crate) fn disarm(mut self) {
        self.on_drop = None;
    }

    /// Records that the event is done.
    ///
    /// Where the record cannot be written at this moment, the event is done all
    /// the same: answer the sender with the handler's own status. The record is
    /// tried again in the background until the lease has run out.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the record could not be written yet.
    pub async fn complete(mut self) -> Result<CompleteOutcome, StoreError> {
        self.tell(Settlement::Completed);
        // From here on a cancelled future must not give a handled event back.
        self.on_drop = Some(Step::Complete);
        let outcome = match &self.holder {
            Holder::Store => self.reaper.store().complete(&self.key, &self.attempt).await,
            // The store learns of it when it can be asked again.
            Holder::Local(local) => return local.complete(&self.key, &self.attempt).await,
            Holder::Nowhere => return Ok(CompleteOutcome::Recorded),
            Holder::Repeat => return Ok(CompleteOutcome::AlreadyDone),
        }?;
        self.on_drop = None;
        self.reaper.counters().completed(outcome);
        Ok(outcome)
    }

    /// Gives the event back: it can be claimed again at once.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it could not be given back yet. That is tried again
    /// in the background until the lease has run out.
    pub async fn release(mut self) -> Result<ReleaseOutcome, StoreError> {
        self.tell(Settlement::Released);
        let outcome = match &self.holder {
            Holder::Store => self.reaper.store().release(&self.key, &self.attempt).await,
            Holder::Local(local) => local.release(&self.key, &self.attempt).await,
            Holder::Nowhere => Ok(ReleaseOutcome::Released),
            Holder::Repeat => Ok(ReleaseOutcome::NotHeld),
        }?;
        self.on_drop = None;
        Ok(outcome)
    }

    fn tell(&mut self, settlement: Settlement) {
        if !mem::replace(&mut self.is_told, true) {
            self.reaper.counters().watch().tell(&Notice::Settled(settlement));
        }
    }

    /// Prolongs the lease, from now on.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the store cannot be asked; the lease goes on as it
    /// was.
    pub async fn renew(&self) -> Result<RenewOutcome, StoreError> {
        let outcome = match &self.holder {
            Holder::Store => self.reaper.store().renew(&self.key, &self.attempt).await,
            Holder::Local(local) => local.renew(&self.key, &self.attempt).await,
            Holder::Nowhere | Holder::Repeat => Ok(RenewOutcome::Renewed),
        }?;
        if outcome == RenewOutcome::Lost {
            self.reaper.counters().lease_lost();
        }
        Ok(outcome)
    }
}

impl<S: IdempotencyStore> Drop for Claim<S> {
    /// Leaves the rest to the reaper: a drop can neither wait nor fail.
    fn drop(&mut self) {
        let Some(step) = self.on_drop.take() else { return };
        self.tell(Settlement::Dropped);
        let key = self.key.clone();
        let attempt = self.attempt.clone();
        match &self.holder {
            Holder::Store => self.reaper.push(Job { key, attempt, step, local: None }),
            Holder::Local(local) => {
                let local = (step == Step::Release).then(|| Arc::clone(local));
                self.reaper.push(Job { key, attempt, step, local });
            }
            Holder::Nowhere if step == Step::Complete => {
                self.reaper.push(Job { key, attempt, step, local: None });
            }
            Holder::Nowhere | Holder::Repeat => {}
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
