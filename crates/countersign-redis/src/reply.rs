//! Converts a script's reply to an outcome. A reply is a list of numbers; the
//! first identifies the outcome.

use std::time::Duration;

use countersign_core::{ClaimOutcome, CompleteOutcome, ReleaseOutcome, RenewOutcome};
use redis::Value;

/// `None` if no script returns such a reply.
pub(crate) fn claim(reply: &Value) -> Option<ClaimOutcome> {
    Some(match numbers(reply)? {
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

pub(crate) fn complete(reply: &Value) -> Option<CompleteOutcome> {
    Some(match numbers(reply)? {
        [Value::Int(0)] => CompleteOutcome::Recorded,
        [Value::Int(1)] => CompleteOutcome::RecordedLate,
        [Value::Int(2)] => CompleteOutcome::AlreadyDone,
        [Value::Int(3)] => CompleteOutcome::RecordedUnclaimed,
        _ => return None,
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
