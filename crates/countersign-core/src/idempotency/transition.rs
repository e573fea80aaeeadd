//! The protocol: what each step makes of a record, as pure functions.
//!
//! A store finds the record of a key, applies one of these, and keeps what it
//! gives for [`Record::keep_for`], all in one atomic step. The scripts of the
//! Redis store say the same in their own language, and the same suite holds
//! them to it.

use std::time::Duration;

use super::key::Fingerprint;
use super::store::{Attempt, ClaimOutcome, CompleteOutcome, ReleaseOutcome, RenewOutcome, Token};
use crate::clock::millis;

/// What is remembered of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a store has to keep every field")]
pub struct Record {
    /// How far the event is.
    pub state: State,
    /// How often it has been claimed. 0 if only its release or its success has come.
    pub epoch: u32,
    /// How many attempts have died with it in hand.
    pub crashes: u32,
    /// The attempt that held it last.
    pub token: Token,
    /// The body that was handled, or is being handled.
    pub fingerprint: Fingerprint,
}

impl Record {
    /// How long a store keeps this record, from the step of `attempt` that wrote
    /// it. Each step that writes sets this anew; a done record is never written
    /// again, so its retention counts from the completion.
    #[must_use]
    pub fn keep_for(&self, attempt: &Attempt) -> Duration {
        match self.state {
            // The holder keeps the event until the lease ends, and what is late for a released
            // attempt is late by less than a lease.
            State::InProgress { .. } => attempt.retention.max(attempt.lease),
            State::Failed if self.was_never_claimed() => attempt.lease,
            State::Failed => attempt.retention.max(attempt.lease),
            State::Done { .. } => attempt.retention,
        }
    }

    /// Whether this is only the trace of a release that overtook its own claim.
    fn was_never_claimed(&self) -> bool {
        self.epoch == 0
    }
}

/// How far an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a store has to keep every state")]
pub enum State {
    /// An attempt holds it.
    InProgress {
        /// Until when nobody else gets it, in Unix milliseconds.
        lease_until_ms: i64,
    },
    /// An attempt has given it back.
    Failed,
    /// It is done.
    Done {
        /// When that was recorded, in Unix milliseconds.
        at_ms: i64,
    },
}

/// A claim at `now_ms`: its outcome, and the record to keep where it changes.
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
        // It has been released, so its caller is gone: this claim was delayed on its way.
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
            if crashes >= attempt.most_crashes {
                return (ClaimOutcome::Exhausted { crashes }, None);
            }
            granted(attempt, now_ms, record.epoch.saturating_add(1), crashes)
        }
    }
}

/// A success at `now_ms`: its outcome, and the record to keep where it changes.
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

/// A renewal at `now_ms`: its outcome, and the record to keep where it changes.
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

/// A failure: its outcome, and the record to keep where it changes.
///
/// If there is no record, the release may have overtaken its own claim. It
/// leaves a failed record with its token, so that the claim is not granted to
/// an attempt that is over.
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

/// Whether the event is this attempt's: nobody has taken it over, even if its
/// lease has run out.
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
    (ClaimOutcome::Granted { epoch, reclaimed: crashes > 0 }, Some(record))
}

fn lease_until(attempt: &Attempt, now_ms: i64) -> i64 {
    now_ms.saturating_add(millis(attempt.lease))
}
