//! The numbers of jobs, as metrics.

use std::time::Duration;

use countersign::queue::jobs::TargetCounts;
use countersign::{Clock, SystemClock};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::unserved::{note_all, unserved};
use crate::job_table::{Counter, Location, Others};
use crate::serve::metrics;

/// Counts the jobs of these targets from time to time. At the start, reports other targets that
/// have jobs, and counts them, too.
pub(super) async fn keep(
    mut counter: Counter,
    location: Location,
    mut targets: Vec<String>,
    stop: CancellationToken,
) {
    // Without them, if the queue fails now.
    let others = unserved(&mut counter, &targets).await.unwrap_or_default();
    note_all(&location, &others);
    targets.extend(others.into_iter().map(|counts| counts.target));
    while !stop.is_cancelled() {
        for counts in counter.counts(&targets, Others::LeftOut).await.unwrap_or_default() {
            set(&counts);
        }
        tokio::select! {
            () = sleep(BETWEEN) => {}
            () = stop.cancelled() => {}
        }
    }
}

fn set(counts: &TargetCounts) {
    let target = &counts.target;
    for (state, jobs) in
        [("pending", counts.pending), ("running", counts.running), ("dead", counts.dead)]
    {
        metrics::queue::set_jobs(target, state, jobs);
    }
    let now_ms = SystemClock::new().now_unix_ms();
    let age_ms = counts.oldest_ms.map_or(0, |oldest_ms| now_ms.saturating_sub(oldest_ms));
    metrics::queue::set_oldest(target, Duration::from_millis(u64::try_from(age_ms).unwrap_or(0)));
    metrics::queue::set_paused(target, counts.is_paused);
}

const BETWEEN: Duration = Duration::from_secs(2);
