//! A bounded table of what this process knows about events and the store does not
//! know yet, and the queue of steps to send to the store.

mod done;
mod queue;

use std::collections::{BTreeMap, HashMap};
use std::task::Waker;

use crate::idempotency::{
    Attempt, ClaimOutcome, CompleteOutcome, EventKey, Record, ReleaseOutcome, RenewOutcome, State,
    Token, protocol,
};
use crate::time::clock::millis;

use self::done::RecentlyDone;
pub(super) use self::queue::StepsInProgress;

pub(super) struct Pending {
    events: HashMap<EventKey, Known>,
    queue: BTreeMap<Place, PendingSettlement>,
    next_number: u64,
    /// The number of releases in the queue: these have no event in the table.
    releases: usize,
    /// The steps that are being sent now, by ticket.
    in_progress: HashMap<u64, PendingSettlement>,
    /// The events that were handled here and that the store has recorded.
    done: RecentlyDone,
    limit: usize,
    /// The number of events at which holds without a lease are removed.
    purge_at: usize,
    /// No more steps can be added.
    pub(super) closed: bool,
    pub(super) waker: Option<Waker>,
}

/// What is known about one event.
struct Known {
    record: Record,
    expires_ms: i64,
    /// Whether the claim is held here, because the store was unavailable.
    held_here: bool,
    /// Whether the store holds the claim. It is also known here in case the store
    /// becomes unavailable.
    in_store: bool,
    /// Whether the store may also know the attempt.
    may_be_in_store: bool,
    /// Whether the event is done and its holder waits for the store's reply.
    is_awaited: bool,
    /// Whether a success is remembered here after the store has recorded it.
    is_remembered: bool,
    /// `None` while its step is being sent, or if it has none.
    place: Option<Place>,
}

/// The sort key of a step: whether it waits for its next try, its action, its
/// number.
pub(super) type Place = (bool, Action, u64);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Action {
    /// Record a success.
    Complete,
    /// Transfer a claim that is held here to the store, with the same token.
    HandOver,
    /// Release a claim.
    Release,
    /// Send nothing: the event is kept until it expires.
    Forget,
}

/// A step to send to the store.
#[derive(Clone)]
pub(super) struct PendingSettlement {
    pub(super) key: EventKey,
    pub(super) attempt: Attempt,
    pub(super) action: Action,
    /// The time at which the step is given up. The transfer of a claim is retried
    /// as long as the claim is held.
    pub(super) until_ms: i64,
    /// The number of failed tries.
    pub(super) tries: u32,
    /// Identifies the step while it is being sent.
    ticket: u64,
}

/// The store's reply to a step.
#[derive(Clone, Copy)]
pub(super) enum StepOutcome {
    Complete(CompleteOutcome),
    HandOver(ClaimOutcome),
    Release(ReleaseOutcome),
}

/// What to count after a step was sent or given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    Recorded {
        outcome: CompleteOutcome,
        after_outage: bool,
        /// Whether the other attempt that the store knows may be an earlier attempt
        /// of this process, and not a duplicate.
        was_retried: bool,
    },
    Released,
    RecordLost,
    ReleaseLost,
}

/// The table is full, and contains nothing that may be given up.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

impl Pending {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            events: HashMap::new(),
            queue: BTreeMap::new(),
            next_number: 0,
            releases: 0,
            in_progress: HashMap::new(),
            done: RecentlyDone::new(limit / 2),
            limit,
            purge_at: limit.min(MIN_PURGE),
            closed: false,
            waker: None,
        }
    }

    /// The number of known events.
    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether no step is being sent, and none is pending except transfers of
    /// claims that are held here.
    pub(super) fn is_settled(&self) -> bool {
        self.in_progress.is_empty() && self.releases == 0 && self.unrecorded().next().is_none()
    }

    /// The events whose success is not recorded yet.
    pub(super) fn unrecorded(&self) -> impl Iterator<Item = &EventKey> {
        let done = |known: &Known| matches!(known.record.state, State::Done { .. });
        self.events.iter().filter(move |(_, known)| done(known)).map(|(key, _)| key)
    }

    /// Returns what is known about an event that is in flight or done.
    pub(super) fn look(
        &self,
        key: &EventKey,
        attempt: &Attempt,
        now_ms: i64,
    ) -> Option<ClaimOutcome> {
        let known = self.known(key, now_ms)?;
        let (outcome, _) = protocol::claim(Some(&known.record), attempt, now_ms);
        matches!(outcome, ClaimOutcome::Done { .. } | ClaimOutcome::InFlight { .. })
            .then(|| within_lease(outcome, attempt))
    }

    /// Claims an event here.
    pub(super) fn claim(
        &mut self,
        key: &EventKey,
        attempt: &Attempt,
        may_be_in_store: bool,
        now_ms: i64,
        lost: &mut Vec<Ended>,
    ) -> ClaimOutcome {
        let done = self.done.look(key, now_ms).copied();
        let record = done.or_else(|| self.known(key, now_ms).map(|known| known.record));
        let held = held(attempt);
        let (outcome, changed) = protocol::claim(record.as_ref(), &held, now_ms);
        let Some(record) = changed else { return within_lease(outcome, attempt) };
        if self.make_room(key, lost).is_err() {
            return ClaimOutcome::AtCapacity;
        }
        let known = self.write(key, record, &held, now_ms);
        (known.held_here, known.in_store, known.is_awaited) = (true, false, false);
        (known.may_be_in_store, known.is_remembered) = (may_be_in_store, true);
        let until_ms = known.expires_ms;
        self.enqueue(key, attempt, Action::HandOver, until_ms);
        outcome
    }

    /// Remembers a claim that the store holds, until it is let go, or for
    /// [`HOLD_LEASES`] from now on. So this process does not handle the event twice at
    /// the same time, even if the lease is not renewed in the store, or the store
    /// becomes unavailable.
    ///
    /// Returns the state of the event if another attempt has claimed or handled it
    /// while this one, which was sent at `sent_ms`, waited for the store.
    pub(super) fn hold(
        &mut self,
        key: &EventKey,
        attempt: &Attempt,
        epoch: u32,
        is_remembered: bool,
        sent_ms: i64,
        now_ms: i64,
    ) -> Option<ClaimOutcome> {
        if let Some(outcome) = self.look(key, attempt, now_ms) {
            return Some(outcome);
        }
        // The store may have granted it before it got the success.
        let done = self.done.look(key, now_ms);
        let is_newer =
            |done: &&Record| matches!(done.state, State::Done { at_ms } if at_ms >= sent_ms);
        if let Some(done) = done.filter(is_newer) {
            return Some(protocol::claim(Some(done), attempt, now_ms).0);
        }
        // The store has granted it, so it is no longer done there.
        self.done.forget(key);
        self.purge(now_ms);
        let held = held(attempt);
        let (_, claimed) = protocol::claim(None, &held, now_ms);
        let record = claimed.map(|record| Record { epoch, ..record })?;
        let known = self.write(key, record, &held, now_ms);
        known.is_remembered = is_remembered;
        self.hold_in_store(key, attempt, now_ms);
        None
    }

    /// Removes the holds whose time has run out. Their claims were leaked, or are
    /// not renewed. The limit does not apply to holds, because each belongs to a
    /// claim, which takes more memory.
    fn purge(&mut self, now_ms: i64) {
        if self.events.len() >= self.purge_at {
            self.events.retain(|_, known| !known.in_store || now_ms < known.expires_ms);
            self.purge_at = self.events.len().saturating_mul(2).max(self.limit.min(MIN_PURGE));
        }
    }

    /// Marks the claim of this entry as held by the store.
    fn hold_in_store(&mut self, key: &EventKey, attempt: &Attempt, now_ms: i64) {
        let Some(known) = self.events.get_mut(key) else { return };
        let held = held(attempt);
        if let (_, Some(renewed)) = protocol::renew(Some(&known.record), &held, now_ms) {
            known.record = renewed;
        }
        (known.held_here, known.in_store, known.is_awaited) = (false, true, false);
        known.expires_ms = now_ms.saturating_add(millis(held.lease));
        // A hold has no step: most are settled soon, and a place in the queue would cost every
        // request an allocation.
        if let Some(place) = known.place.take() {
            self.queue.remove(&place);
        }
    }

    /// Forgets a claim that the store no longer holds, or that is settled.
    pub(super) fn let_go(&mut self, key: &EventKey, attempt: &Attempt) {
        let in_store = self.events.get(key).is_some_and(|known| known.in_store);
        if in_store && self.is_held_by(key, attempt.token) {
            self.forget(key);
        }
    }

    /// Remembers a success while its holder waits for the store's reply. No step is
    /// queued yet.
    pub(super) fn await_record(&mut self, key: &EventKey, attempt: &Attempt, now_ms: i64) {
        if self.is_full() && !self.events.contains_key(key) {
            return;
        }
        let record = self.known(key, now_ms).map(|known| known.record);
        // If another attempt has claimed the event, its claim stays known.
        if record.is_some_and(|record| record.token != attempt.token) {
            return;
        }
        let (_, changed) = protocol::complete(record.as_ref(), attempt, now_ms);
        let Some(done) = changed else { return };
        let known = self.write(key, done, attempt, now_ms);
        (known.held_here, known.in_store, known.is_awaited) = (false, false, true);
        if let Some(place) = known.place.take() {
            self.queue.remove(&place);
        }
    }

    /// The store has written the record of a holder's success.
    pub(super) fn recorded_by_holder(
        &mut self,
        key: &EventKey,
        attempt: &Attempt,
        is_remembered: bool,
        now_ms: i64,
    ) {
        if let Some(known) = self.events.get(key) {
            let is_own = known.record.token == attempt.token;
            if !is_own || !(known.in_store || known.is_awaited) {
                return;
            }
            self.forget(key);
        }
        if is_remembered && let (_, Some(done)) = protocol::complete(None, attempt, now_ms) {
            let expires_ms = now_ms.saturating_add(millis(attempt.retention));
            self.done.add(key, done, expires_ms, now_ms);
        }
    }

    /// Records a success here, and queues the step that records it in the store.
    pub(super) fn complete(
        &mut self,
        key: &EventKey,
        attempt: &Attempt,
        held_here: bool,
        now_ms: i64,
        lost: &mut Vec<Ended>,
    ) -> Result<CompleteOutcome, Full> {
        let record = self.known(key, now_ms).map(|known| known.record);
        let (outcome, changed) = protocol::complete(record.as_ref(), attempt, now_ms);
        let Some(record) = changed else {
            self.await_no_more(key, attempt, held_here);
            return Ok(outcome);
        };
        self.make_room(key, lost)?;
        let known = self.write(key, record, attempt, now_ms);
        (known.held_here, known.in_store, known.is_awaited) = (held_here, false, false);
        let until_ms = known.expires_ms;
        self.enqueue(key, attempt, Action::Complete, until_ms);
        Ok(outcome)
    }

    /// Queues a success whose holder stopped waiting for the store's reply.
    fn await_no_more(&mut self, key: &EventKey, attempt: &Attempt, held_here: bool) {
        if !self.is_done_by(key, attempt.token) {
            return;
        }
        let Some(known) = self.events.get_mut(key).filter(|known| known.is_awaited) else { return };
        (known.held_here, known.is_awaited) = (held_here, false);
        let until_ms = known.expires_ms;
        self.enqueue(key, attempt, Action::Complete, until_ms);
    }

    /// Renews a claim that is held here.
    pub(super) fn renew(&mut self, key: &EventKey, attempt: &Attempt, now_ms: i64) -> RenewOutcome {
        let record = self.known(key, now_ms).map(|known| known.record);
        let held = held(attempt);
        let (outcome, changed) = protocol::renew(record.as_ref(), &held, now_ms);
        if let Some(record) = changed {
            self.write(key, record, &held, now_ms);
        }
        outcome
    }

    /// Releases an event that is held here.
    pub(super) fn release(
        &mut self,
        key: &EventKey,
        attempt: &Attempt,
        now_ms: i64,
        lost: &mut Vec<Ended>,
    ) -> ReleaseOutcome {
        let record = self.known(key, now_ms).map(|known| known.record);
        let (outcome, failed) = protocol::release(record.as_ref(), attempt);
        let Some(failed) = failed.filter(|_| outcome == ReleaseOutcome::Released) else {
            return outcome;
        };
        if !self.events.get(key).is_some_and(|known| known.may_be_in_store) {
            self.forget(key);
            return outcome;
        }
        // Kept until the store has the release: the next attempt here is a retry, even if the store
        // reports otherwise.
        let known = self.write(key, failed, attempt, now_ms);
        known.expires_ms = now_ms.saturating_add(millis(attempt.lease));
        let until_ms = known.expires_ms;
        self.enqueue(key, attempt, Action::Forget, until_ms);
        self.push_release(key, attempt, now_ms, lost);
        outcome
    }

    /// Queues the release of a claim that the store holds, or may hold.
    pub(super) fn push_release(
        &mut self,
        key: &EventKey,
        attempt: &Attempt,
        now_ms: i64,
        lost: &mut Vec<Ended>,
    ) {
        if self.is_full() && self.give_up_one(lost).is_err() {
            return lost.push(Ended::ReleaseLost);
        }
        // After the end of the lease, a release has no effect.
        let until_ms = now_ms.saturating_add(millis(attempt.lease));
        self.enqueue(key, attempt, Action::Release, until_ms);
    }

    /// Forgets everything about an event: its claim, its success, and their steps. A
    /// step that is being sent is not sent again. Returns whether anything was known.
    pub(super) fn forget_event(&mut self, key: &EventKey) -> bool {
        let was_done = self.done.forget(key);
        self.in_progress.retain(|_, step| step.key != *key || step.action == Action::Release);
        self.forget(key).is_some() || was_done
    }

    /// Whether the event is held or done here, and not in the store.
    pub(super) fn is_here(&self, key: &EventKey, now_ms: i64) -> bool {
        self.known(key, now_ms).is_some_and(|known| !known.in_store)
    }

    fn known(&self, key: &EventKey, now_ms: i64) -> Option<&Known> {
        self.events.get(key).filter(|known| now_ms < known.expires_ms)
    }

    fn is_held_by(&self, key: &EventKey, token: Token) -> bool {
        self.events.get(key).is_some_and(|known| {
            known.record.token == token && matches!(known.record.state, State::InProgress { .. })
        })
    }

    fn is_done_by(&self, key: &EventKey, token: Token) -> bool {
        self.events.get(key).is_some_and(|known| {
            known.record.token == token && matches!(known.record.state, State::Done { .. })
        })
    }

    fn write(
        &mut self,
        key: &EventKey,
        record: Record,
        attempt: &Attempt,
        now_ms: i64,
    ) -> &mut Known {
        let expires_ms = now_ms.saturating_add(millis(record.keep_for(attempt)));
        let known = self.events.entry(key.clone()).or_insert_with(|| Known {
            record,
            expires_ms,
            held_here: false,
            in_store: false,
            may_be_in_store: false,
            is_awaited: false,
            is_remembered: false,
            place: None,
        });
        (known.record, known.expires_ms) = (record, expires_ms);
        known
    }

    fn forget(&mut self, key: &EventKey) -> Option<Known> {
        let known = self.events.remove(key)?;
        if let Some(place) = known.place {
            self.queue.remove(&place);
        }
        Some(known)
    }
}

/// The attempt, with the lease that it has in this process.
fn held(attempt: &Attempt) -> Attempt {
    Attempt { lease: attempt.lease.saturating_mul(HOLD_LEASES), ..attempt.clone() }
}

/// The outcome for another process: there the event is held for at most a lease.
fn within_lease(outcome: ClaimOutcome, attempt: &Attempt) -> ClaimOutcome {
    match outcome {
        ClaimOutcome::InFlight { retry_after } => {
            ClaimOutcome::InFlight { retry_after: retry_after.min(attempt.lease) }
        }
        outcome => outcome,
    }
}

/// How many leases this process holds an event for a claim that is not renewed. The hold
/// ends with its claim, which a handler may keep while it blocks its thread. So only a
/// leaked claim is held for this long.
const HOLD_LEASES: u32 = 10;
/// Below this number of events, expired holds are not removed.
const MIN_PURGE: usize = 1024;

#[cfg(test)]
mod tests;
