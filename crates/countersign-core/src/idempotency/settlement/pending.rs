//! What this process knows of events and the store does not: one bounded table,
//! and the steps that are still to be told to the store.

mod queue;

use std::collections::{BTreeMap, HashMap};
use std::task::Waker;

use crate::clock::millis;
use crate::idempotency::{
    Attempt, ClaimOutcome, CompleteOutcome, EventKey, Record, ReleaseOutcome, RenewOutcome, State,
    Token, transition,
};

pub(super) use self::queue::Telling;

pub(super) struct Pending {
    events: HashMap<EventKey, Known>,
    queue: BTreeMap<Place, Step>,
    next_number: u64,
    /// How many steps of the queue are releases: these have no event in the table.
    releases: usize,
    /// The steps that are being told at this moment, by their tickets.
    in_hand: HashMap<u64, Step>,
    limit: usize,
    /// No more steps can come.
    pub(super) closed: bool,
    pub(super) waker: Option<Waker>,
}

/// What is known of one event.
struct Known {
    record: Record,
    expires_ms: i64,
    /// Whether the claim is held here, since the store was unavailable.
    held_here: bool,
    /// Whether the store holds the claim, and it is known here for the time in
    /// which the store goes away.
    in_store: bool,
    /// Whether the store may know of the attempt too.
    may_be_in_store: bool,
    /// Whether it is done, and its holder waits for the store's reply to that.
    is_awaited: bool,
    /// `None` while its step is being told.
    place: Option<Place>,
}

/// Whether a step waits for its next try, then its kind, then what came first.
pub(super) type Place = (bool, Action, u64);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Action {
    /// A success is to be recorded.
    Complete,
    /// A claim that is held here is to be held in the store, by the same token.
    HandOver,
    /// A claim is to be given back.
    Release,
    /// Nothing is to be told: the event is kept until its time has come.
    Forget,
}

/// One step to be told to the store.
#[derive(Clone)]
pub(super) struct Step {
    pub(super) key: EventKey,
    pub(super) attempt: Attempt,
    pub(super) action: Action,
    /// When it is given up; a claim is handed over for as long as it is held.
    pub(super) until_ms: i64,
    /// How often it has been told in vain.
    pub(super) tries: u32,
    /// Its name while it is being told.
    ticket: u64,
}

/// What the store has answered to a step.
#[derive(Clone, Copy)]
pub(super) enum Told {
    Complete(CompleteOutcome),
    HandOver(ClaimOutcome),
    Release(ReleaseOutcome),
}

/// What has to be counted once a step was told, or given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    Recorded {
        outcome: CompleteOutcome,
        after_outage: bool,
        /// Whether an earlier attempt of this process, and no repeat, may be the
        /// other one that the store has heard of.
        was_retried: bool,
    },
    Released,
    RecordLost,
    ReleaseLost,
}

/// There is no room, and nothing that may be given up for it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

impl Pending {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            events: HashMap::new(),
            queue: BTreeMap::new(),
            next_number: 0,
            releases: 0,
            in_hand: HashMap::new(),
            limit,
            closed: false,
            waker: None,
        }
    }

    /// How many events are known.
    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether nothing is left to be told, or being told, but claims that are
    /// held here.
    pub(super) fn is_settled(&self) -> bool {
        self.in_hand.is_empty() && self.releases == 0 && self.unrecorded().next().is_none()
    }

    /// The events whose success is not recorded yet.
    pub(super) fn unrecorded(&self) -> impl Iterator<Item = &EventKey> {
        let done = |known: &Known| matches!(known.record.state, State::Done { .. });
        self.events.iter().filter(move |(_, known)| done(known)).map(|(key, _)| key)
    }

    /// What is known of an event that is in flight or done.
    pub(super) fn look(
        &self,
        key: &EventKey,
        attempt: &Attempt,
        now_ms: i64,
    ) -> Option<ClaimOutcome> {
        let known = self.known(key, now_ms)?;
        let (outcome, _) = transition::claim(Some(&known.record), attempt, now_ms);
        matches!(outcome, ClaimOutcome::Done { .. } | ClaimOutcome::InFlight { .. })
            .then_some(outcome)
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
        let record = self.known(key, now_ms).map(|known| known.record);
        let (outcome, changed) = transition::claim(record.as_ref(), attempt, now_ms);
        let Some(record) = changed else { return outcome };
        if self.make_room(key, lost).is_err() {
            return ClaimOutcome::AtCapacity;
        }
        let known = self.write(key, record, attempt, now_ms);
        (known.held_here, known.in_store, known.is_awaited) = (true, false, false);
        known.may_be_in_store = may_be_in_store;
        let until_ms = known.expires_ms;
        self.enqueue(key, attempt, Action::HandOver, until_ms);
        outcome
    }

    /// Remembers a claim that the store holds, for as long as its lease: should
    /// the store go away, this process does not handle the event twice at once.
    ///
    /// What is known of the event by now if another attempt has it, or has handled
    /// it, while the store was waited for.
    pub(super) fn hold(
        &mut self,
        key: &EventKey,
        attempt: &Attempt,
        epoch: u32,
        now_ms: i64,
    ) -> Option<ClaimOutcome> {
        if let Some(outcome) = self.look(key, attempt, now_ms) {
            return Some(outcome);
        }
        // It takes no room from what is known here alone.
        if self.is_full() {
            return None;
        }
        let (_, claimed) = transition::claim(None, attempt, now_ms);
        let record = claimed.map(|record| Record { epoch, ..record })?;
        self.write(key, record, attempt, now_ms);
        self.hold_in_store(key, attempt, now_ms);
        None
    }

    /// The store holds the claim of this entry for a lease from now on.
    fn hold_in_store(&mut self, key: &EventKey, attempt: &Attempt, now_ms: i64) {
        let Some(known) = self.events.get_mut(key) else { return };
        if let (_, Some(renewed)) = transition::renew(Some(&known.record), attempt, now_ms) {
            known.record = renewed;
        }
        (known.held_here, known.in_store, known.is_awaited) = (false, true, false);
        known.expires_ms = now_ms.saturating_add(millis(attempt.lease));
        let until_ms = known.expires_ms;
        self.enqueue(key, attempt, Action::Forget, until_ms);
    }

    /// The store does not hold this claim any more, or it does not matter.
    pub(super) fn let_go(&mut self, key: &EventKey, attempt: &Attempt) {
        let in_store = self.events.get(key).is_some_and(|known| known.in_store);
        if in_store && self.is_held_by(key, attempt.token) {
            self.forget(key);
        }
    }

    /// Remembers a success whose holder waits for the store's reply: there is no
    /// step to tell yet.
    pub(super) fn await_record(&mut self, key: &EventKey, attempt: &Attempt, now_ms: i64) {
        if self.is_full() && !self.events.contains_key(key) {
            return;
        }
        let record = self.known(key, now_ms).map(|known| known.record);
        // Of an event that another attempt has taken over, that one's claim is known.
        if record.is_some_and(|record| record.token != attempt.token) {
            return;
        }
        let (_, changed) = transition::complete(record.as_ref(), attempt, now_ms);
        let Some(done) = changed else { return };
        let known = self.write(key, done, attempt, now_ms);
        (known.held_here, known.in_store, known.is_awaited) = (false, false, true);
        if let Some(place) = known.place.take() {
            self.queue.remove(&place);
        }
    }

    /// The store has the record for which a holder has waited.
    pub(super) fn recorded_by_holder(&mut self, key: &EventKey, attempt: &Attempt) {
        let is_awaited = self.events.get(key).is_some_and(|known| known.is_awaited);
        if is_awaited && self.is_done_by(key, attempt.token) {
            self.forget(key);
        }
    }

    /// Records a success here, to be told to the store.
    pub(super) fn complete(
        &mut self,
        key: &EventKey,
        attempt: &Attempt,
        held_here: bool,
        now_ms: i64,
        lost: &mut Vec<Ended>,
    ) -> Result<CompleteOutcome, Full> {
        let record = self.known(key, now_ms).map(|known| known.record);
        let (outcome, changed) = transition::complete(record.as_ref(), attempt, now_ms);
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

    /// The holder of a success has not got the store's reply: it is told in the
    /// background.
    fn await_no_more(&mut self, key: &EventKey, attempt: &Attempt, held_here: bool) {
        if !self.is_done_by(key, attempt.token) {
            return;
        }
        let Some(known) = self.events.get_mut(key).filter(|known| known.is_awaited) else { return };
        (known.held_here, known.is_awaited) = (held_here, false);
        let until_ms = known.expires_ms;
        self.enqueue(key, attempt, Action::Complete, until_ms);
    }

    pub(super) fn renew(&mut self, key: &EventKey, attempt: &Attempt, now_ms: i64) -> RenewOutcome {
        let record = self.known(key, now_ms).map(|known| known.record);
        let (outcome, changed) = transition::renew(record.as_ref(), attempt, now_ms);
        if let Some(record) = changed {
            let known = self.write(key, record, attempt, now_ms);
            if known.in_store {
                known.expires_ms = now_ms.saturating_add(millis(attempt.lease));
            }
        }
        outcome
    }

    /// Gives an event back that is held here.
    pub(super) fn release(
        &mut self,
        key: &EventKey,
        attempt: &Attempt,
        now_ms: i64,
        lost: &mut Vec<Ended>,
    ) -> ReleaseOutcome {
        let record = self.known(key, now_ms).map(|known| known.record);
        let (outcome, failed) = transition::release(record.as_ref(), attempt);
        let Some(failed) = failed.filter(|_| outcome == ReleaseOutcome::Released) else {
            return outcome;
        };
        if !self.events.get(key).is_some_and(|known| known.may_be_in_store) {
            self.forget(key);
            return outcome;
        }
        // Until the store has been told: the next attempt here is a retry, whatever the store says.
        let known = self.write(key, failed, attempt, now_ms);
        known.expires_ms = now_ms.saturating_add(millis(attempt.lease));
        let until_ms = known.expires_ms;
        self.enqueue(key, attempt, Action::Forget, until_ms);
        self.push_release(key, attempt, now_ms, lost);
        outcome
    }

    /// Has a claim given back that the store holds, or may hold.
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
        // When the lease has run out, a release says nothing new.
        let until_ms = now_ms.saturating_add(millis(attempt.lease));
        self.enqueue(key, attempt, Action::Release, until_ms);
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

#[cfg(test)]
mod tests;
