//! The guard of one claim: it settles, or it gives itself back.

use std::fmt;
use std::future::{Future, poll_fn};
use std::mem;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use super::key::EventKey;
use super::settlement::SettlementQueue;
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
    queue: Arc<SettlementQueue<S>>,
    /// What becomes of the event when this is dropped.
    on_drop: Option<OnDrop>,
    /// Whether it has been told how this ends. Of one that was never granted, it
    /// is not.
    is_told: bool,
}

/// Where a claim is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holder {
    Store,
    /// In the store, and known here should it go away.
    StoreAndKnown,
    /// In this process, since the store was unavailable. Once it is handed over, in
    /// the store too.
    Here,
    /// Nowhere: the endpoint fails open. The store may have granted it unheard.
    Nowhere {
        may_be_in_store: bool,
    },
    /// Nowhere: another attempt has the event, or has handled it, and this is a
    /// repeat that is handled all the same. The record is the other attempt's.
    Repeat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OnDrop {
    Complete,
    Release,
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
    pub(crate) fn new(key: EventKey, attempt: Attempt, queue: Arc<SettlementQueue<S>>) -> Self {
        let grant = Grant { epoch: 0, reclaimed: false, degraded: None, possible_duplicate: false };
        let (holder, on_drop) = (Holder::Store, Some(OnDrop::Release));
        Self { key, attempt, grant, holder, queue, on_drop, is_told: true }
    }

    /// The claim, held elsewhere than in the store.
    pub(crate) fn held(mut self, holder: Holder) -> Self {
        self.holder = holder;
        self.grant.degraded = match holder {
            Holder::Store | Holder::StoreAndKnown | Holder::Repeat => None,
            Holder::Here => Some(Degraded::LocalFallback),
            Holder::Nowhere { .. } => Some(Degraded::FailOpen),
        };
        self
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
    /// If the record cannot be written at this moment, the event is done all
    /// the same: answer the sender with the handler's own status. This process
    /// knows that it is, and the record is tried again in the background until
    /// its retention ends. The same holds if this future is dropped, so it can be
    /// given a time limit.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the record could not be written yet.
    pub async fn complete(mut self) -> Result<CompleteOutcome, StoreError> {
        self.tell(Settlement::Completed);
        if self.holder != Holder::Repeat {
            // From here on a cancelled future must not give a handled event back.
            self.on_drop = Some(OnDrop::Complete);
        }
        let here = match self.holder {
            Holder::Store | Holder::StoreAndKnown => None,
            Holder::Here => self.queue.complete(&self.key, &self.attempt),
            // Dropped, it leaves its success to the background.
            Holder::Nowhere { .. } => return Ok(CompleteOutcome::Recorded),
            Holder::Repeat => return Ok(CompleteOutcome::AlreadyDone),
        };
        let outcome = match here {
            Some(outcome) => outcome,
            None => self.record().await?,
        };
        self.on_drop = None;
        self.queue.counters().completed(outcome);
        Ok(outcome)
    }

    /// Records the success in the store. While the store is waited for, this
    /// process knows of the success: the lease may run out in the meantime.
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
        if is_awaited {
            self.queue.recorded(key, attempt);
        }
        Ok(outcome)
    }

    /// Gives the event back: it can be claimed again at once. If this future is
    /// dropped, that is done in the background.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it could not be given back yet. That is tried again
    /// in the background until the lease has run out.
    pub async fn release(mut self) -> Result<ReleaseOutcome, StoreError> {
        self.tell(Settlement::Released);
        let here = match self.holder {
            Holder::Store | Holder::StoreAndKnown => None,
            Holder::Here => self.queue.release(&self.key, &self.attempt),
            // Dropped, it leaves what the store may know of it to the background.
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

    fn tell(&mut self, settlement: Settlement) {
        if !mem::replace(&mut self.is_told, true) {
            self.queue.counters().watch().tell(&Notice::Settled(settlement));
        }
    }

    /// Prolongs the lease, from now on.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the store cannot be asked; the lease goes on as it
    /// was.
    pub async fn renew(&self) -> Result<RenewOutcome, StoreError> {
        let here = match self.holder {
            Holder::Store => None,
            Holder::StoreAndKnown => {
                self.queue.keep_hold(&self.key, &self.attempt);
                None
            }
            Holder::Here => self.queue.renew(&self.key, &self.attempt),
            Holder::Nowhere { .. } | Holder::Repeat => Some(RenewOutcome::Renewed),
        };
        let outcome = match here {
            Some(outcome) => outcome,
            None => self.queue.store().renew(&self.key, &self.attempt).await?,
        };
        if outcome == RenewOutcome::Lost {
            self.queue.counters().lease_lost();
        }
        Ok(outcome)
    }

    fn release_on_drop(&self) {
        let here = match self.holder {
            Holder::Store | Holder::StoreAndKnown | Holder::Nowhere { may_be_in_store: true } => {
                None
            }
            Holder::Here => self.queue.release(&self.key, &self.attempt),
            Holder::Nowhere { may_be_in_store: false } | Holder::Repeat => return,
        };
        match here {
            None => self.queue.push_release(&self.key, &self.attempt),
            Some(ReleaseOutcome::Released) => self.queue.counters().given_back(),
            Some(ReleaseOutcome::NotHeld) => {}
        }
    }
}

impl<S: IdempotencyStore> Drop for Claim<S> {
    /// Leaves the rest to the background: a drop can neither wait nor fail.
    fn drop(&mut self) {
        if let Some(OnDrop::Complete) = self.on_drop {
            let held_here = self.grant.degraded.is_some();
            self.queue.push_success(&self.key, &self.attempt, held_here);
        } else if matches!(self.holder, Holder::StoreAndKnown | Holder::Here) {
            self.queue.let_go(&self.key, &self.attempt);
        }
        let Some(on_drop) = self.on_drop.take() else { return };
        self.tell(Settlement::Dropped);
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
