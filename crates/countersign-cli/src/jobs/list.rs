//! Jobs for people.

use std::time::{Duration, SystemTime};

use countersign::queue::Message;
use countersign::queue::jobs::{JobState, JobSummary, TargetCounts};

use super::json::rfc3339;
use crate::output::{BAD, BOLD, GOOD, WARN, escape_control_chars, paint};
use crate::serve::short_id;
use crate::table::{Cell, Table};

/// The jobs in a table, and how many there are in all.
pub(super) fn jobs(jobs: &[JobSummary], all: u64) -> String {
    if jobs.is_empty() {
        return "no jobs\n".to_owned();
    }
    let head = ["JOB", "STATE", "AGE", "ATTEMPTS", "NEXT", "ENDPOINT", "TYPE", "EVENT"];
    let mut table = Table::new(head).with_optional(&[6, 3, 5]);
    for job in jobs {
        let style = match job.state {
            JobState::Done => GOOD,
            JobState::Dead => BAD,
            _ => WARN,
        };
        table.push([
            job.id.to_string().into(),
            Cell::from(job.state.name()).styled(style),
            span(age_ms(job.accepted_ms)).into(),
            job.attempts.to_string().into(),
            next(job).into(),
            escape_control_chars(&job.target).into(),
            escape_control_chars(&short_id(job.event_type.as_deref().unwrap_or_default())).into(),
            escape_control_chars(&short_id(&job.event_id)).into(),
        ]);
    }
    let mut text = table.render();
    if all > jobs.len() as u64 {
        text.push_str(&format!("{} of {all} jobs; see `--limit`\n", jobs.len()));
    }
    text
}

/// A line for each endpoint.
pub(super) fn targets(counts: &[TargetCounts]) -> String {
    let line = |counts: &TargetCounts| {
        let oldest = counts.oldest_ms.map_or_else(String::new, |oldest_ms| {
            format!(", the oldest {}", span(age_ms(oldest_ms)))
        });
        let paused = if counts.is_paused { ", paused" } else { "" };
        format!(
            "{}: {} pending, {} running, {} dead{oldest}{paused}\n",
            paint(BOLD, escape_control_chars(&counts.target)),
            counts.pending,
            counts.running,
            counts.dead
        )
    };
    counts.iter().map(line).collect()
}

/// A job with its facts.
pub(super) fn details(job: &JobSummary, message: &Message) -> String {
    let yes_no = |is: bool| if is { "yes" } else { "no" }.to_owned();
    let signed = |text: &str, is_signed: bool| {
        if is_signed { text.to_owned() } else { format!("{text} (not signed)") }
    };
    let time = |ms: i64| format!("{} ({} ago)", rfc3339(ms), span(age_ms(ms)));
    let kind = job.event_type.as_deref();
    let rows = [
        ("job", Some(job.id.to_string())),
        ("state", Some(job.state.name().to_owned())),
        ("endpoint", Some(job.target.clone())),
        ("scheme", Some(message.scheme().to_owned())),
        ("event", Some(short_id(&job.event_id).into_owned())),
        ("type", kind.map(|kind| signed(&short_id(kind), message.event_type_is_signed()))),
        ("tenant", message.tenant().map(str::to_owned)),
        ("message", Some(message.id().to_owned())),
        ("order key", job.order_key.as_deref().map(|key| short_id(key).into_owned())),
        ("possible duplicate", job.possible_duplicate.then(|| yes_no(true))),
        ("body signed", Some(yes_no(message.authenticates_body()))),
        ("body", Some(format!("{} bytes", message.body().len()))),
        ("accepted", Some(time(job.accepted_ms))),
        ("settled", job.settled_ms.map(time)),
        ("attempts", Some(job.attempts.to_string())),
        ("next", Some(next(job)).filter(|next| !next.is_empty())),
        ("last status", job.last_status.map(|status| status.to_string())),
        ("last error", job.last_error.clone()),
    ];
    let shown = rows.into_iter().filter_map(|(name, value)| Some((name, value?)));
    shown
        .map(|(name, value)| {
            let label = paint(BOLD, format_args!("{name:<18}"));
            format!("{label}  {}\n", escape_control_chars(&value))
        })
        .collect()
}

/// When the job is tried again.
fn next(job: &JobSummary) -> String {
    match job.state {
        JobState::Due => match -age_ms(job.run_at_ms) {
            ms if ms > 0 => format!("in {}", span(ms)),
            _ => "now".to_owned(),
        },
        JobState::Running => "running".to_owned(),
        JobState::Waiting => "after its key".to_owned(),
        _ => String::new(),
    }
}

fn age_ms(ms: i64) -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX).saturating_sub(ms)
}

/// A duration in its two largest units.
fn span(ms: i64) -> String {
    let seconds = u64::try_from(ms).unwrap_or(0) / 1000;
    let seconds = match seconds {
        0..3_600 => seconds,
        3_600..86_400 => seconds / 60 * 60,
        _ => seconds / 3_600 * 3_600,
    };
    humantime::format_duration(Duration::from_secs(seconds)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_at_most_two_units() {
        for (ms, text) in [
            (-5, "0s"),
            (59_999, "59s"),
            (3_599_000, "59m 59s"),
            (3_725_000, "1h 2m"),
            (90_061_000, "1day 1h"),
        ] {
            assert_eq!(span(ms), text);
        }
    }
}
