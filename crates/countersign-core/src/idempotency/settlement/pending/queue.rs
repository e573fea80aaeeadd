//! The queue of the table: selects the next step, and applies the store's reply.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::{Action, Ended, Full, Known, Pending, PendingSettlement, Place, StepOutcome};
use crate::idempotency::{Attempt, ClaimOutcome, CompleteOutcome, EventKey, ReleaseOutcome, State};

impl Pending {
    /// Whether a step can be sent now.
    pub(in super::super) fn has_steps(&self) -> bool {
        let first = self.queue.first_key_value();
        first.is_some_and(|((waits, action, _), _)| !waits && *action != Action::Forget)
    }

    /// Whether a step can be sent now or after its pause.
    pub(in super::super) fn has_any_steps(&self) -> bool {
        let waiting = (true, Action::Complete, 0)..;
        self.has_steps() || self.queue.range(waiting).next().is_some()
    }

    /// Whether a step is pending or being sent.
    pub(in super::super) fn is_busy(&self) -> bool {
        self.has_any_steps() || !self.in_progress.is_empty()
    }

    /// Takes the next step to send. It is of the kind with the fewest steps being
    /// sent, so that no kind blocks another; if they are equal, of the most
    /// important kind.
    pub(in super::super) fn take(
        &mut self,
        in_progress: &StepsInProgress,
        now_ms: i64,
    ) -> Option<PendingSettlement> {
        let mut kinds = [Action::Complete, Action::HandOver, Action::Release];
        kinds.sort_by_key(|kind| in_progress.of(*kind));
        let step = kinds.into_iter().find_map(|kind| self.take_of(kind, now_ms));
        if step.is_none() {
            self.sweep(now_ms);
        }
        step
    }

    fn take_of(&mut self, kind: Action, now_ms: i64) -> Option<PendingSettlement> {
        loop {
            let (place, _) = self.queue.range(all(false, kind)).next()?;
            let place = *place;
            let mut step = self.queue.remove(&place)?;
            if kind == Action::Release {
                self.releases -= 1;
            } else if let Some(known) = self.events.get_mut(&step.key) {
                known.place = None;
                if is_abandoned(kind, known, now_ms) {
                    self.keep_abandoned(&step, now_ms);
                    continue;
                }
                known.may_be_in_store |= kind == Action::HandOver;
            }
            step.ticket = place.2;
            self.in_progress.insert(step.ticket, step.clone());
            return Some(step.at(now_ms));
        }
    }

    /// Forgets the events whose time is over.
    fn sweep(&mut self, now_ms: i64) {
        while let Some((place, step)) = self.queue.range(all(false, Action::Forget)).next()
            && step.until_ms <= now_ms
        {
            let place = *place;
            let Some(step) = self.queue.remove(&place) else { return };
            if let Some(known) = self.events.get_mut(&step.key) {
                known.place = None;
            }
            self.keep_abandoned(&step, now_ms);
        }
    }

    /// Keeps an event whose holder is gone for as long as a store would keep it.
    fn keep_abandoned(&mut self, step: &PendingSettlement, now_ms: i64) {
        match self.events.get(&step.key).map(|known| known.expires_ms) {
            Some(expires_ms) if now_ms < expires_ms => {
                self.enqueue(&step.key, &step.attempt, Action::Forget, expires_ms);
            }
            _ => drop(self.forget(&step.key)),
        }
    }

    /// Applies the store's reply to a step. Returns whether the step has ended. If
    /// not, it is still being sent.
    pub(in super::super) fn apply_outcome(
        &mut self,
        step: &PendingSettlement,
        outcome: StepOutcome,
        now_ms: i64,
        ended: &mut Vec<Ended>,
    ) -> bool {
        let is_in_progress = self.in_progress.contains_key(&step.ticket);
        match outcome {
            // A success that another task has taken over is not counted twice.
            StepOutcome::Complete(_)
                if !is_in_progress && !self.is_done_by(&step.key, step.attempt.token) => {}
            StepOutcome::Complete(outcome) => {
                ended.push(self.recorded(step, outcome, now_ms));
                // If another task has taken it over, its reply is not counted again.
                let token = step.attempt.token;
                self.in_progress.retain(|_, other| {
                    other.action != Action::Complete || other.attempt.token != token
                });
            }
            StepOutcome::Release(ReleaseOutcome::Released) => ended.push(Ended::Released),
            StepOutcome::Release(ReleaseOutcome::NotHeld) => {}
            StepOutcome::HandOver(outcome) => {
                if !self.handed_over(step, outcome, now_ms) {
                    return false;
                }
            }
        }
        self.in_progress.remove(&step.ticket);
        true
    }

    fn recorded(
        &mut self,
        step: &PendingSettlement,
        outcome: CompleteOutcome,
        now_ms: i64,
    ) -> Ended {
        let is_done = self.is_done_by(&step.key, step.attempt.token);
        let Some(known) = is_done.then(|| self.forget(&step.key)).flatten() else {
            return Ended::Recorded { outcome, after_outage: false, was_retried: false };
        };
        if known.is_remembered {
            self.done.add(&step.key, known.record, known.expires_ms, now_ms);
        }
        let after_outage = known.held_here;
        // The store knows the earlier attempts at an event that it has granted itself.
        let was_retried = after_outage && known.record.epoch > 1;
        Ended::Recorded { outcome, after_outage, was_retried }
    }

    fn handed_over(
        &mut self,
        step: &PendingSettlement,
        outcome: ClaimOutcome,
        now_ms: i64,
    ) -> bool {
        if !self.is_held_by(&step.key, step.attempt.token) {
            return true;
        }
        match outcome {
            // The handler still runs, and the store may become unavailable again.
            ClaimOutcome::Granted { .. } => self.hold_in_store(&step.key, &step.attempt, now_ms),
            ClaimOutcome::InFlight { .. } | ClaimOutcome::AtCapacity => return false,
            _ => self.keep_abandoned(step, now_ms),
        }
        true
    }

    /// Queues a step again whose reply was not received, after the other steps of
    /// its kind.
    pub(in super::super) fn requeue(
        &mut self,
        step: &PendingSettlement,
        now_ms: i64,
    ) -> Option<Ended> {
        self.again(step, false, now_ms).1
    }

    /// Queues a failed step again, to be sent after a pause. Only this step pauses,
    /// because the cause may not affect other steps. Returns its place, unless the
    /// step has ended.
    pub(in super::super) fn defer(
        &mut self,
        step: &PendingSettlement,
        now_ms: i64,
        ended: &mut Vec<Ended>,
    ) -> Option<Place> {
        let (place, end) = self.again(step, true, now_ms);
        ended.extend(end);
        place
    }

    fn again(
        &mut self,
        step: &PendingSettlement,
        waits: bool,
        now_ms: i64,
    ) -> (Option<Place>, Option<Ended>) {
        // Another task may have taken over the step.
        let Some(mut step) = self.in_progress.remove(&step.ticket) else { return (None, None) };
        let token = step.attempt.token;
        let (is_wanted, is_late) = match step.action {
            Action::Complete => (self.is_done_by(&step.key, token), step.until_ms <= now_ms),
            Action::HandOver => (self.is_held_by(&step.key, token), false),
            Action::Release => (true, step.until_ms <= now_ms),
            Action::Forget => (false, false),
        };
        match (is_wanted, is_late) {
            (true, true) => (None, self.give_up(&step)),
            (true, false) => {
                step.tries = step.tries.saturating_add(1);
                (Some(self.put(step, waits)), None)
            }
            (false, _) => (None, None),
        }
    }

    /// Ends the pause of a step.
    pub(in super::super) fn retry(&mut self, place: Place) {
        let (waits, action, _) = place;
        if waits && let Some(step) = self.queue.remove(&place) {
            self.releases -= usize::from(action == Action::Release);
            self.put(step, false);
        }
    }

    /// Ends every pause.
    pub(in super::super) fn retry_all(&mut self) {
        let waiting = self.queue.range((true, Action::Complete, 0)..);
        for place in waiting.map(|(place, _)| *place).collect::<Vec<_>>() {
            self.retry(place);
        }
    }

    /// Queues the steps again that another task was sending, and ends every pause.
    pub(in super::super) fn take_over(&mut self, now_ms: i64, ended: &mut Vec<Ended>) {
        let mut in_progress: Vec<_> = self.in_progress.values().cloned().collect();
        // In their order, which the table does not keep.
        in_progress.sort_unstable_by_key(|step| step.ticket);
        for step in in_progress {
            ended.extend(self.requeue(&step, now_ms));
        }
        self.retry_all();
    }

    /// Gives up a step: it is not sent again.
    fn give_up(&mut self, step: &PendingSettlement) -> Option<Ended> {
        match step.action {
            Action::Release => Some(Ended::ReleaseLost),
            Action::Complete => {
                self.forget(&step.key);
                Some(Ended::RecordLost)
            }
            Action::HandOver | Action::Forget => {
                self.forget(&step.key);
                None
            }
        }
    }

    /// Queues a step after all others of its kind. It replaces another step of the
    /// same event, unless it is a release.
    pub(super) fn enqueue(
        &mut self,
        key: &EventKey,
        attempt: &Attempt,
        action: Action,
        until_ms: i64,
    ) {
        let (key, attempt) = (key.clone(), attempt.clone());
        self.put(PendingSettlement { key, attempt, action, until_ms, tries: 0, ticket: 0 }, false);
    }

    fn put(&mut self, step: PendingSettlement, waits: bool) -> Place {
        let place = (waits, step.action, self.next_number);
        self.next_number += 1;
        if step.action == Action::Release {
            self.releases += 1;
        } else if let Some(known) = self.events.get_mut(&step.key)
            && let Some(before) = known.place.replace(place)
        {
            self.queue.remove(&before);
        }
        self.queue.insert(place, step);
        place
    }

    pub(super) fn is_full(&self) -> bool {
        self.events.len() + self.releases >= self.limit
    }

    /// Makes room for one event. An event that is already in the table always has
    /// room, but the table may be over its limit because of holds.
    pub(super) fn make_room(&mut self, key: &EventKey, lost: &mut Vec<Ended>) -> Result<(), Full> {
        let is_known = self.events.contains_key(key);
        if self.events.len() + self.releases + usize::from(!is_known) <= self.limit {
            return Ok(());
        }
        let made_room = self.give_up_one(lost);
        if is_known { Ok(()) } else { made_room }
    }

    /// Gives up the least costly entry: an event that no attempt holds any more; a
    /// release, which the end of the lease replaces; or the oldest success.
    pub(super) fn give_up_one(&mut self, lost: &mut Vec<Ended>) -> Result<(), Full> {
        for action in [Action::Forget, Action::Release, Action::Complete] {
            let firsts = [false, true].map(|waits| self.queue.range(all(waits, action)).next());
            let oldest = firsts.into_iter().flatten().min_by_key(|((.., number), _)| *number);
            if let Some((place, _)) = oldest {
                let place = *place;
                let Some(step) = self.queue.remove(&place) else { return Err(Full) };
                self.releases -= usize::from(action == Action::Release);
                lost.extend(self.give_up(&step));
                return Ok(());
            }
        }
        Err(Full)
    }
}

/// The places of all steps of one kind.
fn all(waits: bool, kind: Action) -> RangeInclusive<Place> {
    (waits, kind, 0)..=(waits, kind, u64::MAX)
}

/// The number of steps of each kind that are being sent.
#[derive(Default)]
pub(in super::super) struct StepsInProgress([usize; 3]);

impl StepsInProgress {
    pub(in super::super) fn begin(&mut self, kind: Action) {
        if let Some(count) = self.0.get_mut(kind as usize) {
            *count += 1;
        }
    }

    pub(in super::super) fn end(&mut self, kind: Action) {
        if let Some(count) = self.0.get_mut(kind as usize) {
            *count = count.saturating_sub(1);
        }
    }

    fn of(&self, kind: Action) -> usize {
        self.0.get(kind as usize).copied().unwrap_or(0)
    }
}

/// Whether the lease of a claim that waits for its transfer has run out.
fn is_abandoned(action: Action, known: &Known, now_ms: i64) -> bool {
    let State::InProgress { lease_until_ms } = known.record.state else { return false };
    action == Action::HandOver && lease_until_ms <= now_ms
}

impl PendingSettlement {
    /// The step as it is sent now: a success is remembered for the rest of its
    /// retention.
    fn at(mut self, now_ms: i64) -> Self {
        if self.action == Action::Complete {
            let left_ms = self.until_ms.saturating_sub(now_ms);
            let left = Duration::from_millis(u64::try_from(left_ms).unwrap_or(0));
            self.attempt.retention = self.attempt.retention.min(left);
        }
        self
    }
}
