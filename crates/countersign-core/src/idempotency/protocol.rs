//! The protocol: how each step changes a record, as pure functions.
//!
//! A store reads the record of a key, applies one of these functions, and stores
//! the result for [`Record::keep_for`], all in one atomic step. The scripts of the
//! Redis store implement the same protocol, and the same test suite checks them.

use std::time::Duration;

use super::key::Fingerprint;
use super::store::{Attempt, ClaimOutcome, CompleteOutcome, ReleaseOutcome, RenewOutcome, Token};
use crate::time::clock::millis;

/// What a store remembers about an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a store has to keep every field")]
pub struct Record {
    /// The state of the event.
    pub state: State,
    /// How often the event has been claimed. 0 if the store only got its release or
    /// its success.
    pub epoch: u32,
    /// The number of attempts that crashed while they held the event.
    pub crashes: u32,
    /// The attempt that held the event last.
    pub token: Token,
    /// The fingerprint of the body that was handled, or is being handled.
    pub fingerprint: Fingerprint,
}

impl Record {
    /// How long a store keeps this record, counted from the step of `attempt` that
    /// wrote it. Each step that writes the record sets this time again. A done
    /// record is never written again, so its retention counts from the completion.
    #[must_use]
    pub fn keep_for(&self, attempt: &Attempt) -> Duration {
        match self.state {
            // The holder keeps the event until the lease ends. A delayed claim of a released
            // attempt is delayed by less than a lease.
            State::InProgress { .. } => attempt.retention.max(attempt.lease),
            State::Failed if self.was_never_claimed() => attempt.lease,
            State::Failed => attempt.retention.max(attempt.lease),
            State::Done { .. } => attempt.retention,
        }
    }

    /// Whether this record only marks a release that arrived before its claim.
    fn was_never_claimed(&self) -> bool {
        self.epoch == 0
    }
}

/// The state of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a store has to keep every state")]
pub enum State {
    /// An attempt holds the event.
    InProgress {
        /// The end of the lease, in Unix milliseconds. Until then no other attempt
        /// gets the event.
        lease_until_ms: i64,
    },
    /// An attempt has released the event.
    Failed,
    /// The event is done.
    Done {
        /// When this was recorded, in Unix milliseconds.
        at_ms: i64,
    },
}

/// Claims the event at `now_ms`. Returns the outcome, and the record to store if it
/// changes.
#[must_use]
pub fn claim(
    record: Option<&Record>,
    attempt: &Attempt,
    now_ms: i64,
) -> (ClaimOutcome, Option<Record>) {
    let Some(record) = record else { return granted(attempt, now_ms, 1, 0) };
    match record.state {
        State::Done { at_ms } => {
            let fingerprint_matches = record.fingerprint == attempt.fingerprint;
            (ClaimOutcome::Done { fingerprint_matches, at_unix_ms: at_ms }, None)
        }
        // The attempt was released, so no caller waits for it: this claim was delayed on its way.
        State::Failed if record.token == attempt.token => (ClaimOutcome::AlreadyReleased, None),
        State::Failed => granted(attempt, now_ms, record.epoch.saturating_add(1), record.crashes),
        State::InProgress { .. } if record.token == attempt.token => {
            granted(attempt, now_ms, record.epoch, record.crashes)
        }
        State::InProgress { lease_until_ms } if now_ms < lease_until_ms => {
            let left = u64::try_from(lease_until_ms.saturating_sub(now_ms)).unwrap_or(0);
            (ClaimOutcome::InFlight { retry_after: Duration::from_millis(left) }, None)
        }
        State::InProgress { .. } => {
            let crashes = record.crashes.saturating_add(1);
            if crashes >= attempt.max_crashes {
                return (ClaimOutcome::Exhausted { crashes }, None);
            }
            granted(attempt, now_ms, record.epoch.saturating_add(1), crashes)
        }
    }
}

/// Completes the event at `now_ms`. Returns the outcome, and the record to store if
/// it changes.
#[must_use]
pub fn complete(
    record: Option<&Record>,
    attempt: &Attempt,
    now_ms: i64,
) -> (CompleteOutcome, Option<Record>) {
    let (epoch, crashes) = record.map_or((0, 0), |record| (record.epoch, record.crashes));
    let done = Record {
        state: State::Done { at_ms: now_ms },
        epoch,
        crashes,
        token: attempt.token,
        fingerprint: attempt.fingerprint,
    };
    let Some(record) = record else { return (CompleteOutcome::RecordedUnclaimed, Some(done)) };
    let is_own = record.token == attempt.token;
    match (record.state, is_own) {
        (State::Done { .. }, true) => (CompleteOutcome::Recorded, None),
        (State::Done { .. }, false) => (CompleteOutcome::AlreadyDone, None),
        (State::InProgress { .. }, true) => (CompleteOutcome::Recorded, Some(done)),
        (State::Failed, true) => (CompleteOutcome::RecordedUnclaimed, Some(done)),
        (State::InProgress { .. } | State::Failed, false) => {
            (CompleteOutcome::RecordedLate, Some(done))
        }
    }
}

/// Renews the lease at `now_ms`. Returns the outcome, and the record to store if it
/// changes.
#[must_use]
pub fn renew(
    record: Option<&Record>,
    attempt: &Attempt,
    now_ms: i64,
) -> (RenewOutcome, Option<Record>) {
    match record {
        Some(record) if holds(record, attempt) => {
            let state = State::InProgress { lease_until_ms: lease_until(attempt, now_ms) };
            (RenewOutcome::Renewed, Some(Record { state, ..*record }))
        }
        _ => (RenewOutcome::Lost, None),
    }
}

/// Releases the event. Returns the outcome, and the record to store if it changes.
///
/// If there is no record, the release may have arrived before its claim. It leaves
/// a failed record with its token, so that the late claim is not granted.
#[must_use]
pub fn release(record: Option<&Record>, attempt: &Attempt) -> (ReleaseOutcome, Option<Record>) {
    match record {
        None => {
            let released = Record {
                state: State::Failed,
                epoch: 0,
                crashes: 0,
                token: attempt.token,
                fingerprint: attempt.fingerprint,
            };
            (ReleaseOutcome::NotHeld, Some(released))
        }
        Some(record) if holds(record, attempt) => {
            (ReleaseOutcome::Released, Some(Record { state: State::Failed, ..*record }))
        }
        _ => (ReleaseOutcome::NotHeld, None),
    }
}

/// Whether this attempt holds the event: no other attempt has claimed it, even if
/// the lease has run out.
fn holds(record: &Record, attempt: &Attempt) -> bool {
    matches!(record.state, State::InProgress { .. }) && record.token == attempt.token
}

fn granted(
    attempt: &Attempt,
    now_ms: i64,
    epoch: u32,
    crashes: u32,
) -> (ClaimOutcome, Option<Record>) {
    let record = Record {
        state: State::InProgress { lease_until_ms: lease_until(attempt, now_ms) },
        epoch,
        crashes,
        token: attempt.token,
        fingerprint: attempt.fingerprint,
    };
    (ClaimOutcome::Granted { attempt: epoch, reclaimed: crashes > 0 }, Some(record))
}

fn lease_until(attempt: &Attempt, now_ms: i64) -> i64 {
    now_ms.saturating_add(millis(attempt.lease))
}
