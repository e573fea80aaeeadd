//! One shard of the table, which is used under one lock.

use super::Key;
use super::index::{Index, MAX_SLOTS};
use super::queues::{Kind, Queues};
use super::slab::Slab;
use crate::idempotency::{Attempt, Record, State};
use crate::time::clock::millis;

pub(super) struct Shard {
    index: Index,
    slab: Slab,
    queues: Queues,
    /// The number of done events.
    done: usize,
    /// The queue at which the next sweep starts.
    swept_to: usize,
    share: Share,
}

/// The limits of a shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) entries: usize,
    /// The number of done records that must not be forgotten early.
    pub(super) floor: usize,
}

/// The shard is full, and contains no event that may be forgotten.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

impl Shard {
    pub(super) fn new(share: Share) -> Self {
        let share = Share { entries: share.entries.min(MAX_SLOTS - 1), ..share };
        Self {
            index: Index::with_capacity(share.entries),
            slab: Slab::default(),
            queues: Queues::new(),
            done: 0,
            swept_to: 0,
            share,
        }
    }

    /// Applies one step of the protocol to the record of an event.
    ///
    /// # Errors
    ///
    /// [`Full`] if the step must add an event and there is no room. Nothing has
    /// changed then.
    pub(super) fn step<T>(
        &mut self,
        key: Key,
        attempt: &Attempt,
        now_ms: i64,
        step: impl FnOnce(Option<&Record>) -> (T, Option<Record>),
    ) -> Result<T, Full> {
        self.sweep(now_ms);
        let found = self.find(key);
        let known = found.filter(|slot| now_ms < self.slab[*slot].expires_ms());
        let record = known.map(|slot| self.slab[slot].record());
        let (outcome, changed) = step(record.as_ref());
        let Some(changed) = changed else { return Ok(outcome) };

        let ends_ms = now_ms.saturating_add(millis(changed.keep_for(attempt)));
        let slot = match found {
            Some(slot) => {
                self.unlist(slot);
                slot
            }
            None => self.new_slot(key, &changed, now_ms)?,
        };
        self.keep(slot, &changed, now_ms, ends_ms);
        Ok(outcome)
    }

    /// Forgets an event. Returns whether it was known.
    pub(super) fn forget(&mut self, key: Key, now_ms: i64) -> bool {
        self.sweep(now_ms);
        let Some(slot) = self.find(key) else { return false };
        let known = now_ms < self.slab[slot].expires_ms();
        self.drop_slot(slot);
        known
    }

    /// The number of events that have a slot.
    pub(super) fn len(&self) -> usize {
        self.slab.len()
    }

    /// The number of events with a lease that has not run out.
    pub(super) fn live(&self, now_ms: i64) -> usize {
        let held = self.queues.all(&self.slab, Kind::Held);
        held.filter(|slot| now_ms < self.slab[*slot].at_ms()).count()
    }

    fn find(&self, key: Key) -> Option<u32> {
        self.index.find(key, |slot| self.slab[slot].key == key)
    }

    /// Writes a record to a slot that is in no queue, and adds the slot to a queue.
    fn keep(&mut self, slot: u32, record: &Record, now_ms: i64, ends_ms: i64) {
        let (kind, due_ms) = match record.state {
            State::InProgress { lease_until_ms } => (Kind::Held, lease_until_ms),
            State::Failed => (Kind::Idle, ends_ms),
            State::Done { .. } => {
                self.done += 1;
                (Kind::Done, ends_ms)
            }
        };
        self.slab[slot].write(record, now_ms, ends_ms);
        self.queues.push(&mut self.slab, slot, kind, due_ms.saturating_sub(now_ms));
    }

    /// Removes a slot from its queue, before it is rewritten or dropped.
    fn unlist(&mut self, slot: u32) {
        self.queues.remove(&mut self.slab, slot);
        if self.slab[slot].is_done() {
            self.done = self.done.saturating_sub(1);
        }
    }

    fn drop_slot(&mut self, slot: u32) {
        self.unlist(slot);
        self.index.remove(self.slab[slot].key, slot);
        self.slab.free(slot);
    }

    /// Allocates a slot for a new event. If the shard is full, takes it from
    /// another event.
    fn new_slot(&mut self, key: Key, record: &Record, now_ms: i64) -> Result<u32, Full> {
        if self.len() >= self.share.entries {
            let victim = self.victim(record, now_ms).ok_or(Full)?;
            self.drop_slot(victim);
        }
        let slot = self.slab.take(key);
        self.index.insert(key, slot);
        Ok(slot)
    }

    /// Selects the event to forget for a new one, in this order: an expired event;
    /// the oldest done event, as long as more events are done than the floor
    /// guarantees; the oldest event that failed, or whose holder let the lease run
    /// out.
    ///
    /// Forgetting an event of the last kind loses only the count of its attempts.
    /// But a busy store is always full of done events. If the last kind went first
    /// there, no attempts would be counted at all.
    ///
    /// An event that an attempt holds is never selected.
    fn victim(&mut self, newcomer: &Record, now_ms: i64) -> Option<u32> {
        let heads = [Kind::Held, Kind::Idle, Kind::Done].map(|kind| self.queues.heads(kind));
        let expired =
            heads.into_iter().flatten().find(|slot| self.slab[*slot].expires_ms() <= now_ms);
        if expired.is_some() {
            return expired;
        }
        // If the new event is done, replacing a done event does not change their number.
        let done_after = self.done + usize::from(matches!(newcomer.state, State::Done { .. }));
        if done_after > self.share.floor
            && let Some(oldest) = self.oldest(Kind::Done)
        {
            return Some(oldest);
        }
        // Checked because the clock may have gone back, so that a lease is valid again.
        let is_free = |slot: &u32| self.slab[*slot].at_ms() <= now_ms;
        let idle = self.oldest(Kind::Idle).filter(is_free);
        idle.or_else(|| self.queues.heads(Kind::Held).find(is_free))
    }

    fn oldest(&self, kind: Kind) -> Option<u32> {
        self.queues.heads(kind).min_by_key(|slot| self.slab[*slot].at_ms())
    }

    /// Drops a few events that are due. If the first event of a queue is not due,
    /// the next step continues with the next queue. Each step adds at most one
    /// event and drops several, so the sweep keeps up.
    fn sweep(&mut self, now_ms: i64) {
        for _ in 0..DROPS {
            let Some((queue, kind, slot)) = self.queues.head_from(self.swept_to) else { return };
            let (at_ms, expires_ms) = (self.slab[slot].at_ms(), self.slab[slot].expires_ms());
            let due_ms = if kind == Kind::Held { at_ms } else { expires_ms };
            if now_ms < due_ms {
                self.swept_to = queue + 1;
                return;
            }
            self.swept_to = queue;
            if expires_ms <= now_ms {
                self.drop_slot(slot);
            } else {
                self.queues.remove(&mut self.slab, slot);
                let to_go_ms = expires_ms.saturating_sub(now_ms);
                self.queues.push(&mut self.slab, slot, Kind::Idle, to_go_ms);
            }
        }
    }
}

/// The maximum number of events that one step drops.
const DROPS: usize = 4;
