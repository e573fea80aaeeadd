//! Converts a reply to an outcome.

use std::time::Duration;

use countersign_core::{Attempt, ClaimOutcome, CompleteOutcome, ReleaseOutcome, RenewOutcome};
use redis::Value;

use crate::record::{Record, State};

/// The reply to [`first_claim`](crate::scripts::first_claim). `None` if the script
/// has to decide.
pub(crate) fn first_claim(reply: &Value, attempt: &Attempt) -> Option<ClaimOutcome> {
    match reply {
        Value::Nil => Some(ClaimOutcome::Granted { attempt: 1, reclaimed: false }),
        Value::BulkString(value) => {
            let Record { state, fingerprint, .. } = Record::read(value)?;
            let State::Done { at_unix_ms } = state else { return None };
            let fingerprint_matches = fingerprint == attempt.fingerprint;
            Some(ClaimOutcome::Done { fingerprint_matches, at_unix_ms })
        }
        _ => None,
    }
}

/// The reply of the script, or one that [`first_claim`] understands. `None` if it
/// is neither.
///
/// The script's reply is a list of numbers; the first identifies the outcome.
pub(crate) fn claim(reply: &Value, attempt: &Attempt) -> Option<ClaimOutcome> {
    let Some(numbers) = numbers(reply) else { return first_claim(reply, attempt) };
    Some(match numbers {
        [Value::Int(0), Value::Int(epoch), Value::Int(reclaimed)] => ClaimOutcome::Granted {
            attempt: u32::try_from(*epoch).ok()?,
            reclaimed: *reclaimed == 1,
        },
        [Value::Int(1), Value::Int(left_ms)] => ClaimOutcome::InFlight {
            retry_after: Duration::from_millis(u64::try_from(*left_ms).ok()?),
        },
        [Value::Int(2), Value::Int(matches), Value::Int(at_unix_ms)] => {
            ClaimOutcome::Done { fingerprint_matches: *matches == 1, at_unix_ms: *at_unix_ms }
        }
        [Value::Int(3), Value::Int(crashes)] => {
            ClaimOutcome::Exhausted { crashes: u32::try_from(*crashes).ok()? }
        }
        [Value::Int(4)] => ClaimOutcome::AlreadyReleased,
        _ => return None,
    })
}

/// The reply is the record before the success.
pub(crate) fn complete(reply: &Value, attempt: &Attempt) -> Option<CompleteOutcome> {
    let record = match reply {
        Value::Nil => return Some(CompleteOutcome::RecordedUnclaimed),
        Value::BulkString(value) => Record::read(value)?,
        _ => return None,
    };
    let is_own = record.token == attempt.token;
    Some(match (record.state, is_own) {
        (State::Done { .. } | State::InProgress, true) => CompleteOutcome::Recorded,
        (State::Done { .. }, false) => CompleteOutcome::AlreadyDone,
        (State::Failed, true) => CompleteOutcome::RecordedUnclaimed,
        (State::InProgress | State::Failed, false) => CompleteOutcome::RecordedLate,
    })
}

pub(crate) fn renew(reply: &Value) -> Option<RenewOutcome> {
    Some(match numbers(reply)? {
        [Value::Int(0)] => RenewOutcome::Renewed,
        [Value::Int(1)] => RenewOutcome::Lost,
        _ => return None,
    })
}

pub(crate) fn release(reply: &Value) -> Option<ReleaseOutcome> {
    Some(match numbers(reply)? {
        [Value::Int(0)] => ReleaseOutcome::Released,
        [Value::Int(1)] => ReleaseOutcome::NotHeld,
        _ => return None,
    })
}

/// For `DEL` and `EXISTS`: whether the key existed.
pub(crate) fn found(reply: &Value) -> Option<bool> {
    match reply {
        Value::Int(count) => Some(*count > 0),
        _ => None,
    }
}

fn numbers(reply: &Value) -> Option<&[Value]> {
    match reply {
        Value::Array(values) => Some(values),
        _ => None,
    }
}
