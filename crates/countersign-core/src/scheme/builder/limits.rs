//! The limits of the durations in a description.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::check::{Problem, problem};
use crate::scheme::profile::Retries;

/// One side of the tolerance, if it has a limit.
pub(super) fn check_tolerance(word: &'static str, limit: Option<Duration>) -> Result<(), Problem> {
    match limit {
        Some(limit) if !TOLERANCE.contains(&limit) => {
            let (side, which) = match word {
                "tolerance_future" => (word, "with any time in the future"),
                _ => ("tolerance_past", "of any age"),
            };
            let what = format!(
                "it is out of range: use a value between 1s and 1y. If deliveries {which} must be \
                 accepted, set `{side} = \"dangerously-unlimited\"`"
            );
            Err((word, what))
        }
        _ => Ok(()),
    }
}

pub(super) fn check_ack_deadline(deadline: Duration) -> Result<(), Problem> {
    if ACK_DEADLINE.contains(&deadline) {
        return Ok(());
    }
    problem("ack_deadline", "it is out of range: use a value between 100ms and 1h")
}

pub(super) fn check_retries(retries: &Retries) -> Result<(), Problem> {
    let word = if matches!(retries, Retries::Within(_)) { "retries_within" } else { "retries" };
    match retries.window() {
        Some(window) if window > MAX_RETRY_WINDOW => {
            problem(word, "the last retry is too late: it must be within 5y of the first attempt")
        }
        _ => Ok(()),
    }
}

pub(super) fn check_retention(retention: Duration) -> Result<(), Problem> {
    if retention <= MAX_RETENTION {
        return Ok(());
    }
    problem("retention", "it is too long: use at most 10y")
}

/// The range that an endpoint of the program has. No delivery arrives within less than a second.
const TOLERANCE: RangeInclusive<Duration> = Duration::from_secs(1)..=A_YEAR;
/// The range that an endpoint of the program has.
const ACK_DEADLINE: RangeInclusive<Duration> =
    Duration::from_millis(100)..=Duration::from_secs(60 * 60);
/// The default retention is then below its maximum, with any tolerance.
const MAX_RETRY_WINDOW: Duration = Duration::from_secs(5 * A_YEAR.as_secs());
/// The maximum that an endpoint of the program has.
const MAX_RETENTION: Duration = Duration::from_secs(10 * A_YEAR.as_secs());
/// The value of `1y`.
const A_YEAR: Duration = Duration::from_secs(31_557_600);
