//! The queue of a table: which step is told next, and what its answer changes.

use std::time::Duration;

use super::{Action, Ended, Full, Known, Pending, Step, Told};
use crate::idempotency::{Attempt, ClaimOutcome, CompleteOutcome, EventKey, ReleaseOutcome, State};

impl Pending {
    /// Whether there is a step to tell.
    pub(in super::super) fn has_steps(&self) -> bool {
        self.queue.first_key_value().is_some_and(|((action, _), _)| *action != Action::Forget)
    }

    /// The next step to tell.
    pub(in super::super) fn take(&mut self, now_ms: i64) -> Option<Step> {
        while let Some(first) = self.queue.first_entry() {
            let step = first.get();
            if step.action == Action::Forget && now_ms < step.until_ms {
                return None;
            }
            let step = first.remove();
            if step.action == Action::Release {
                self.releases -= 1;
            } else if let Some(known) = self.events.get_mut(&step.key) {
                known.place = None;
                if step.action == Action::Forget || is_abandoned(step.action, known, now_ms) {
                    self.keep_abandoned(&step, now_ms);
                    continue;
                }
                known.may_be_in_store |= step.action == Action::HandOver;
            }
            self.in_hand += 1;
            return Some(step.at(now_ms));
        }
        None
    }

    /// An event whose holder is not heard of any more is kept as long as a store
    /// would keep it.
    fn keep_abandoned(&mut self, step: &Step, now_ms: i64) {
        match self.events.get(&step.key).map(|known| known.expires_ms) {
            Some(expires_ms) if now_ms < expires_ms => {
                self.enqueue(&step.key, &step.attempt, Action::Forget, expires_ms);
            }
            _ => drop(self.forget(&step.key)),
        }
    }

    /// What the store has answered to a step. Whether that is the end of it.
    pub(in super::super) fn told(
        &mut self,
        step: &Step,
        told: Told,
        now_ms: i64,
        ended: &mut Vec<Ended>,
    ) -> bool {
        self.in_hand -= 1;
        match told {
            Told::Complete(outcome) => ended.push(self.recorded(step, outcome)),
            Told::Release(ReleaseOutcome::Released) => ended.push(Ended::Released),
            Told::Release(ReleaseOutcome::NotHeld) => {}
            Told::HandOver(outcome) => return self.handed_over(step, outcome, now_ms),
        }
        true
    }

    fn recorded(&mut self, step: &Step, outcome: CompleteOutcome) -> Ended {
        if !self.is_done_by(&step.key, step.attempt.token) {
            return Ended::Recorded { outcome, after_outage: false, was_retried: false };
        }
        let known = self.forget(&step.key);
        let after_outage = known.as_ref().is_some_and(|known| known.held_here);
        let was_retried = known.is_some_and(|known| known.record.epoch > 1);
        Ended::Recorded { outcome, after_outage, was_retried }
    }

    fn handed_over(&mut self, step: &Step, outcome: ClaimOutcome, now_ms: i64) -> bool {
        if !self.is_held_by(&step.key, step.attempt.token) {
            return true;
        }
        match outcome {
            ClaimOutcome::Granted { .. } => drop(self.forget(&step.key)),
            ClaimOutcome::InFlight { .. } | ClaimOutcome::AtCapacity => {
                self.retry(step);
                return false;
            }
            _ => self.keep_abandoned(step, now_ms),
        }
        true
    }

    /// A step that failed, or whose answer nobody waited for, is told once more,
    /// behind the others: what hinders it may not hinder them.
    pub(in super::super) fn failed(&mut self, step: &Step, now_ms: i64) -> Option<Ended> {
        self.in_hand -= 1;
        let token = step.attempt.token;
        let (is_wanted, is_late) = match step.action {
            Action::Complete => (self.is_done_by(&step.key, token), step.until_ms <= now_ms),
            Action::HandOver => (self.is_held_by(&step.key, token), false),
            Action::Release => (true, step.until_ms <= now_ms),
            Action::Forget => (false, false),
        };
        match (is_wanted, is_late) {
            (true, true) => self.give_up(step),
            (true, false) => {
                self.retry(step);
                None
            }
            (false, _) => None,
        }
    }

    fn retry(&mut self, step: &Step) {
        self.enqueue(&step.key, &step.attempt, step.action, step.until_ms);
    }

    /// The step will not be told any more.
    fn give_up(&mut self, step: &Step) -> Option<Ended> {
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

    /// Queues a step behind all of its kind; in place of another one of the same
    /// event, unless it is a release.
    pub(super) fn enqueue(
        &mut self,
        key: &EventKey,
        attempt: &Attempt,
        action: Action,
        until_ms: i64,
    ) {
        let place = (action, self.next_place);
        self.next_place += 1;
        if action == Action::Release {
            self.releases += 1;
        } else if let Some(known) = self.events.get_mut(key)
            && let Some(before) = known.place.replace(place)
        {
            self.queue.remove(&before);
        }
        let step = Step { key: key.clone(), attempt: attempt.clone(), action, until_ms };
        self.queue.insert(place, step);
    }

    pub(super) fn is_full(&self) -> bool {
        self.events.len() + self.releases >= self.limit
    }

    /// Room for one event, unless it has some.
    pub(super) fn make_room(&mut self, key: &EventKey, lost: &mut Vec<Ended>) -> Result<(), Full> {
        if self.events.contains_key(key) || !self.is_full() {
            return Ok(());
        }
        self.give_up_one(lost)
    }

    /// Gives up what costs least: an event that nobody holds any more, a
    /// release, which the end of the lease makes good, or the oldest success.
    pub(super) fn give_up_one(&mut self, lost: &mut Vec<Ended>) -> Result<(), Full> {
        for action in [Action::Forget, Action::Release, Action::Complete] {
            let first = self.queue.range((action, 0)..=(action, u64::MAX)).next();
            if let Some((place, _)) = first {
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

/// Whether a claim that was to be handed over has let its lease run out.
fn is_abandoned(action: Action, known: &Known, now_ms: i64) -> bool {
    let State::InProgress { lease_until_ms } = known.record.state else { return false };
    action == Action::HandOver && lease_until_ms <= now_ms
}

impl Step {
    /// As it is told at this time: a success is remembered for what is left of
    /// its retention.
    fn at(mut self, now_ms: i64) -> Self {
        if self.action == Action::Complete {
            let left_ms = self.until_ms.saturating_sub(now_ms);
            let left = Duration::from_millis(u64::try_from(left_ms).unwrap_or(0));
            self.attempt.retention = self.attempt.retention.min(left);
        }
        self
    }
}
