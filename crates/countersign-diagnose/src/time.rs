//! Causes in the timestamp of an authentic delivery.

use std::time::UNIX_EPOCH;

use countersign_core::custom::json::{self, Value};
use countersign_core::{SignatureLayout, TimestampSource, TimestampUnit, Tolerance};

use super::cause::{Cause, CauseKind};
use super::experiment::{Experiment, Experiments, Success, Tries, Try};
use super::fix::Fix;

/// Why an authentic delivery is rejected because of its timestamp. Empty if it is
/// accepted.
pub(super) fn explain(
    experiments: &Experiments<'_>,
    trial: &Experiment,
    success: &Success,
) -> Vec<Cause> {
    let Some(stated) = success.signed_at_ms else { return Vec::new() };
    let Some(tolerance) = experiments.tolerance.or(trial.scheme.tolerance()) else {
        return Vec::new();
    };
    let now = experiments.now_ms;
    let fits = |at, now| tolerance.accepts(at, now);
    if fits(stated, now) {
        return Vec::new();
    }
    let and_off = |cause, stated, now| {
        let off = (!fits(stated, now)).then(|| off(trial, stated, now, tolerance));
        std::iter::once(cause).chain(off).collect()
    };
    if let Some((clock, unit)) = clock_in_milliseconds(now) {
        let detail = format!("the receiver's clock counts {unit} instead of milliseconds");
        let cause = Cause::tried(CauseKind::TimestampUnit, detail);
        return and_off(
            cause.with_fix(Fix::of_receiver(
                "return the clock's time in Unix milliseconds: `Clock::now_unix_ms`",
                "pass `--now` in Unix milliseconds",
            )),
            stated,
            clock,
        );
    }
    if let Some(own) = trial.scheme.timestamp_unit().filter(|unit| is_count(*unit)) {
        for (other, what) in in_other_units(stated, own) {
            if fits(other, now) || (!is_plausible_time(stated) && is_plausible_time(other)) {
                let detail = format!("the timestamp is in {what}, but the scheme expects {own}");
                let cause = Cause::tried(CauseKind::TimestampUnit, detail);
                return and_off(cause, other, now);
            }
        }
    }
    vec![off(trial, stated, now, tolerance)]
}

/// The time of a clock with another unit, in milliseconds, and that unit.
fn clock_in_milliseconds(now: i64) -> Option<(i64, &'static str)> {
    if is_plausible_time(now) {
        return None;
    }
    let clocks = [
        (now.checked_mul(1000), "seconds"),
        (Some(now / 1000), "microseconds"),
        (Some(now / 1_000_000), "nanoseconds"),
    ];
    let mut clocks = clocks.into_iter().filter_map(|(clock, unit)| Some((clock?, unit)));
    clocks.find(|(clock, _)| is_plausible_time(*clock))
}

/// The number in other units, as Unix milliseconds.
fn in_other_units(stated: i64, own: TimestampUnit) -> impl Iterator<Item = (i64, &'static str)> {
    let number = if own == TimestampUnit::Seconds { stated / 1000 } else { stated };
    let units = [
        (number.checked_mul(1000), "seconds"),
        (Some(number), "milliseconds"),
        (Some(number / 1000), "microseconds"),
        (Some(number / 1_000_000), "nanoseconds"),
    ];
    let units = units.into_iter().filter_map(|(instant, unit)| Some((instant?, unit)));
    units.filter(move |(instant, _)| *instant != stated)
}

/// The cause for a timestamp in the right unit that is too far from the current time.
fn off(trial: &Experiment, stated: i64, now: i64, tolerance: Tolerance) -> Cause {
    let late = now.saturating_sub(stated);
    if late < 0 {
        let ahead = span(late.saturating_neg());
        let detail = format!("the receiver's clock is {ahead} behind the delivery's timestamp");
        return Cause::tried(CauseKind::ClockSkew, detail);
    }
    let sent = trial.request.text("date").and_then(|text| httpdate::parse_http_date(text).ok());
    let sent = sent.and_then(|sent| sent.duration_since(UNIX_EPOCH).ok());
    let sent = sent.and_then(|since| i64::try_from(since.as_millis()).ok());
    let Some(sent) = sent else {
        let detail = format!(
            "it was signed {} before the receiver's time; if it has just arrived, the receiver's \
             clock is ahead by that much",
            span(late)
        );
        return old(detail, stated);
    };
    let offset = now.saturating_sub(sent);
    if !tolerance.accepts(stated, sent) {
        let detail = format!(
            "its `Date` is {} later than its timestamp: it was sent again",
            span(sent.saturating_sub(stated))
        );
        old(detail, stated)
    } else if offset <= A_DAY_MS {
        let detail = format!(
            "according to its `Date`, it was sent when it was signed, and the receiver's clock is \
             {} ahead; if it was captured that long ago, nothing is wrong",
            span(offset)
        );
        Cause::tried(CauseKind::ClockSkew, detail)
    } else {
        old(format!("according to its `Date`, it was sent {} ago", span(offset)), stated)
    }
}

fn old(detail: String, stated: i64) -> Cause {
    let fix = |by: String| {
        format!(
            "nothing, if this is an old capture: diagnose it as of its own time ({by}); otherwise \
             the delivery was sent again, or it waited in a queue"
        )
    };
    let fix = Fix::of_receiver(
        fix(format!("`Diagnose::with_clock(|| {stated})`")),
        fix(format!("`--now {stated}` of `countersign diagnose`")),
    );
    Cause::tried(CauseKind::ReplayedOldCapture, detail).with_fix(fix)
}

/// Tries other formats of the timestamp, for timestamps that the scheme cannot parse.
pub(super) fn units(trial: &Experiment) -> Tries<'_> {
    let Some(own) = trial.scheme.timestamp_unit() else { return Box::new(std::iter::empty()) };
    let number = number(trial);
    let others = TimestampUnit::ALL.iter().filter(move |(_, unit)| {
        // A number parses as a number in any unit. `explain` reports a wrong unit.
        let is_likely = match number {
            Some(number) if is_plausible_time(number) => *unit != TimestampUnit::Seconds,
            _ => *unit != TimestampUnit::Milliseconds,
        };
        is_likely && *unit != own && !(is_count(*unit) && is_count(own))
    });
    Box::new(others.map(|(word, unit)| {
        let scheme = (*trial.scheme).clone().with_timestamp_unit(*unit);
        let detail = format!("the timestamp has the format {word}, which is not the scheme's");
        let cause = Cause::tried(CauseKind::TimestampUnit, detail);
        Try { cause, trial: trial.with_scheme(scheme) }
    }))
}

/// Ignores a timestamp that no unit can parse, to find out whether everything else is
/// right.
pub(super) fn unreadable(trial: &Experiment) -> Tries<'_> {
    let Some(source) = trial.scheme.timestamp_source().filter(|_| trial.scheme.is_data()) else {
        return Box::new(std::iter::empty());
    };
    let scheme = (*trial.scheme).clone();
    let found = match source {
        TimestampSource::Body(pointer) => match in_body(trial, pointer) {
            Value::Missing => None,
            _ => Some((format!("the body at `{pointer}`"), scheme.without_timestamp())),
        },
        _ => in_headers(trial)
            .map(|(text, header)| (format!("`{header}`"), scheme.with_literal_timestamp(text))),
    };
    Box::new(found.into_iter().map(|(place, scheme)| {
        let detail = format!(
            "the signature is right, but the timestamp in {place} has neither the scheme's format \
             nor another known one"
        );
        let cause = Cause::tried(CauseKind::TimestampUnit, detail).with_fix(Fix::of_receiver(
            "have the sender use a known format (Unix seconds or milliseconds, digits only; RFC \
             3339; an HTTP date), or write a `CustomScheme` that parses it",
            "have the sender use a known format: Unix seconds or milliseconds, digits only; RFC \
             3339; an HTTP date",
        ));
        Try { cause, trial: trial.with_scheme(scheme) }
    }))
}

/// Ignores the timestamp if the body does not contain it.
pub(super) fn unstated(trial: &Experiment) -> Tries<'_> {
    let source = trial.scheme.timestamp_source().filter(|_| trial.scheme.is_data());
    let found = match source {
        Some(TimestampSource::Body(pointer)) if in_body(trial, pointer) == Value::Missing => {
            let detail =
                format!("the signature is right, but the body has no timestamp at `{pointer}`");
            let cause = Cause::tried(CauseKind::WrongScheme, detail).with_fix(Fix::of(
                "define a custom scheme with the place of this provider's timestamp: \
                     `SchemeBuilder::timestamp_body`",
                "define a custom scheme with the place of this provider's timestamp: `countersign \
                     schemes NAME --toml` prints a file to start from",
                "set `timestamp_body` in the scheme's file to where this provider has the timestamp",
            ));
            let scheme = (*trial.scheme).clone().without_timestamp();
            Some(Try { cause, trial: trial.with_scheme(scheme) })
        }
        _ => None,
    };
    Box::new(found.into_iter())
}

/// The timestamp; `None` if it is not a number.
fn number(trial: &Experiment) -> Option<i64> {
    match trial.scheme.timestamp_source()? {
        TimestampSource::Body(pointer) => match in_body(trial, pointer) {
            Value::Text(text) => text.parse().ok(),
            _ => None,
        },
        _ => in_headers(trial)?.0.parse().ok(),
    }
}

fn in_body(trial: &Experiment, pointer: &str) -> Value {
    json::at(trial.body(), &[pointer]).pop().unwrap_or(Value::Missing)
}

/// The text of the timestamp; `None` if it is in the body.
pub(super) fn text(trial: &Experiment) -> Option<&str> {
    in_headers(trial).map(|(text, _)| text)
}

/// The text of the timestamp and the header that contains it; `None` if it is in the
/// body.
fn in_headers(trial: &Experiment) -> Option<(&str, &str)> {
    let source = trial.scheme.timestamp_source()?;
    trial.scheme.header_sets().iter().find_map(|set| {
        let header = set.timestamp().or(set.signatures().next())?;
        let value = trial.request.text(header)?;
        let text = match (source, trial.scheme.layout()) {
            (TimestampSource::Field(field), SignatureLayout::Pairs { separator, assign, .. }) => {
                let mut items = value.split(*separator).map(str::trim_start);
                items.find_map(|item| item.strip_prefix(field)?.strip_prefix(*assign))
            }
            (TimestampSource::Header(_), _) => Some(value),
            _ => None,
        };
        Some((text?, header))
    })
}

fn is_count(unit: TimestampUnit) -> bool {
    matches!(unit, TimestampUnit::Seconds | TimestampUnit::Milliseconds)
}

/// Whether a webhook can have been sent at this time.
fn is_plausible_time(unix_ms: i64) -> bool {
    (YEAR_2005_MS..YEAR_2100_MS).contains(&unix_ms)
}

/// Formats a duration for people.
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
