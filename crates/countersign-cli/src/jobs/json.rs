//! Jobs for programs: stable keys, null if a value is not known.

use std::time::{Duration, SystemTime};

use countersign::queue::jobs::{JobState, JobSummary, TargetCounts};
use serde_json::{Value, json};

pub(super) fn job_json(job: &JobSummary) -> Value {
    let run_at = match job.state {
        JobState::Due | JobState::Running => Some(rfc3339(job.run_at_ms)),
        _ => None,
    };
    json!({
        "job": job.id,
        "state": job.state.name(),
        "endpoint": job.target,
        "event_id": job.event_id,
        "event_type": job.event_type,
        "possible_duplicate": job.possible_duplicate,
        "order_key": job.order_key,
        "attempts": job.attempts,
        "accepted_at": rfc3339(job.accepted_ms),
        "run_at": run_at,
        "settled_at": job.settled_ms.map(rfc3339),
        "last_status": job.last_status,
        "last_error": job.last_error,
        "bytes": job.bytes,
    })
}

pub(super) fn target_json(counts: &TargetCounts) -> Value {
    json!({
        "endpoint": counts.target,
        "pending": counts.pending,
        "running": counts.running,
        "dead": counts.dead,
        "oldest_at": counts.oldest_ms.map(rfc3339),
        "paused": counts.is_paused,
    })
}

pub(super) fn rfc3339(ms: i64) -> String {
    let since_epoch = Duration::from_millis(u64::try_from(ms).unwrap_or(0));
    // The latest time that has this form.
    let since_epoch = since_epoch.min(Duration::from_secs(253_402_300_799));
    humantime::format_rfc3339_millis(SystemTime::UNIX_EPOCH + since_epoch).to_string()
}
