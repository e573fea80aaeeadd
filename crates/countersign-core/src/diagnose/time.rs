//! What is the matter with the time of a delivery that is authentic.

use std::time::UNIX_EPOCH;

use super::cause::{Cause, CauseKind};
use super::trial::{Bench, Proved, Trial, Tries, Try};
use crate::clock::millis;
use crate::scheme::{Scheme, TimestampUnit, Tolerance};
use crate::timestamp;

/// Why an authentic delivery is refused for its time; nothing where it is not.
pub(super) fn explain(bench: &Bench<'_>, trial: &Trial, proved: &Proved) -> Option<Cause> {
    let stated = proved.signed_at_ms?;
    let tolerance = bench.tolerance.or(trial.scheme.tolerance())?;
    let now = bench.now_ms;
    let fits = |at, now| timestamp::check(at, now, tolerance).is_ok();
    if fits(stated, now) {
        return None;
    }
    if !is_of_our_time(now) {
        let clocks = [(now.checked_mul(1000), "seconds"), (Some(now / 1000), "microseconds")];
        for (clock, unit) in clocks {
            if clock.is_some_and(is_of_our_time) {
                let detail = format!("the receiver's clock is in {unit}, and not in milliseconds");
                let cause = Cause::tried(CauseKind::TimestampUnit, detail);
                return Some(cause.with_mend("give the clock's time in Unix milliseconds"));
            }
        }
    }
    if is_number(&trial.scheme) {
        for (other, what) in [
            (Some(stated / 1000), "milliseconds where the scheme has seconds"),
            (stated.checked_mul(1000), "seconds where the scheme has milliseconds"),
            (Some(stated / 1_000_000), "a thousand times finer than the scheme's"),
        ] {
            let Some(other) = other else { continue };
            if fits(other, now) || (!is_of_our_time(stated) && is_of_our_time(other)) {
                let detail = format!("the timestamp is in another unit: {what}");
                return Some(Cause::tried(CauseKind::TimestampUnit, detail));
            }
        }
    }
    Some(off(bench, trial, stated, tolerance))
}

/// Authentic, in the right unit, and too far from now.
fn off(bench: &Bench<'_>, trial: &Trial, stated: i64, tolerance: Tolerance) -> Cause {
    let late = bench.now_ms.saturating_sub(stated);
    if late < 0 {
        let ahead = span(late.saturating_neg());
        let detail =
            format!("the receiver's clock is {ahead} behind the time at which it was signed");
        return Cause::tried(CauseKind::ClockSkew, detail);
    }
    let sent = trial.request.text("date").and_then(|text| httpdate::parse_http_date(text).ok());
    let sent = sent.and_then(|sent| sent.duration_since(UNIX_EPOCH).ok()).map(millis);
    let Some(sent) = sent else {
        let detail = format!(
            "it was signed {} before the receiver's clock; if it has just arrived, that clock is \
             ahead by so much",
            span(late)
        );
        return Cause::tried(CauseKind::ReplayedOldCapture, detail);
    };
    let offset = bench.now_ms.saturating_sub(sent);
    if timestamp::check(stated, sent, tolerance).is_err() {
        let detail = format!(
            "its `Date` lies {} behind the time at which it was signed: it has been sent again",
            span(sent.saturating_sub(stated))
        );
        Cause::tried(CauseKind::ReplayedOldCapture, detail)
    } else if offset <= A_DAY_MS {
        let detail = format!(
            "it was sent when it was signed, and by its `Date` the receiver's clock is {} ahead; \
             if it was captured so long ago, nothing is wrong",
            span(offset)
        );
        Cause::tried(CauseKind::ClockSkew, detail)
    } else {
        let detail = format!("by its `Date` it was sent {} ago", span(offset));
        Cause::tried(CauseKind::ReplayedOldCapture, detail)
    }
}

/// The timestamp written in another way: for those that cannot be read at all.
pub(super) fn units(trial: &Trial) -> Tries<'_> {
    let Some(timestamp) = &trial.scheme.timestamp else { return Box::new(std::iter::empty()) };
    let others = TimestampUnit::ALL.iter().filter(|(_, unit)| {
        // A number is read as a number, whatever it counts: `explain` tells.
        *unit != timestamp.unit && !(is_count(*unit) && is_count(timestamp.unit))
    });
    Box::new(others.map(|(word, unit)| {
        let mut scheme = (*trial.scheme).clone();
        if let Some(timestamp) = &mut scheme.timestamp {
            timestamp.unit = *unit;
        }
        let detail = format!("the timestamp is written as {word}, which is not the scheme's unit");
        let cause = Cause::tried(CauseKind::TimestampUnit, detail);
        Try { cause, trial: trial.with_scheme(scheme) }
    }))
}

fn is_number(scheme: &Scheme) -> bool {
    scheme.timestamp.as_ref().is_some_and(|timestamp| is_count(timestamp.unit))
}

fn is_count(unit: TimestampUnit) -> bool {
    matches!(unit, TimestampUnit::Seconds | TimestampUnit::Milliseconds)
}

/// Whether a webhook can have been sent then.
fn is_of_our_time(unix_ms: i64) -> bool {
    (YEAR_2005_MS..YEAR_2100_MS).contains(&unix_ms)
}

/// A length of time, for people.
fn span(ms: i64) -> String {
    let seconds = ms.unsigned_abs() / 1000;
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (hours, minutes, seconds) = (rest / 3600, rest / 60 % 60, rest % 60);
    let parts = [(days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s")];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    let parts: Vec<_> = parts.map(|(count, unit)| format!("{count} {unit}")).collect();
    if parts.is_empty() { "less than 1 s".to_owned() } else { parts.join(" ") }
}

const A_DAY_MS: i64 = 86_400_000;
const YEAR_2005_MS: i64 = 1_104_537_600_000;
const YEAR_2100_MS: i64 = 4_102_444_800_000;
