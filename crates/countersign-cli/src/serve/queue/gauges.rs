//! The numbers of jobs, as metrics.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use countersign::{Clock, SystemClock};
use countersign_sqlite::queue::QueueAdmin;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::unserved::{note_all, unserved};
use crate::serve::metrics;

/// Counts the jobs of these targets from time to time, with a connection of its own.
pub(super) async fn keep(file: PathBuf, targets: Vec<Arc<str>>, stop: CancellationToken) {
    let mut targets: Arc<[Arc<str>]> = targets.into();
    let mut is_first = true;
    let mut admin: Option<QueueAdmin> = None;
    while !stop.is_cancelled() {
        let (file, mut counted) = (file.clone(), Arc::clone(&targets));
        let with_others = std::mem::take(&mut is_first);
        let counting = tokio::task::spawn_blocking(move || {
            let open = admin.or_else(|| QueueAdmin::open(&file).ok());
            // After an error, the file is opened again.
            if let (true, Some(admin)) = (with_others, &open) {
                counted = with_unserved(admin, &file, &counted);
            }
            let all = |admin: &QueueAdmin| counted.iter().all(|it| count(admin, it).is_some());
            (open.filter(all), counted)
        });
        match counting.await {
            Ok((open, counted)) => (admin, targets) = (open, counted),
            Err(_) => admin = None,
        }
        tokio::select! {
            () = sleep(BETWEEN) => {}
            () = stop.cancelled() => {}
        }
    }
}

/// The targets, and those with jobs that the configuration does not have, which are reported.
fn with_unserved(admin: &QueueAdmin, file: &Path, targets: &[Arc<str>]) -> Arc<[Arc<str>]> {
    let served: Vec<&str> = targets.iter().map(|target| &**target).collect();
    let others = unserved(admin, &served).unwrap_or_default();
    note_all(file, &others);
    let others = others.iter().map(|counts| Arc::from(counts.target.as_str()));
    targets.iter().cloned().chain(others).collect()
}

fn count(admin: &QueueAdmin, target: &str) -> Option<()> {
    let counts = admin.counts(target).ok()?;
    for (state, jobs) in
        [("pending", counts.pending), ("running", counts.running), ("dead", counts.dead)]
    {
        metrics::queue::set_jobs(target, state, jobs);
    }
    let now_ms = SystemClock::new().now_unix_ms();
    let age_ms = counts.oldest_ms.map_or(0, |oldest_ms| now_ms.saturating_sub(oldest_ms));
    metrics::queue::set_oldest(target, Duration::from_millis(u64::try_from(age_ms).unwrap_or(0)));
    metrics::queue::set_paused(target, counts.is_paused);
    Some(())
}

const BETWEEN: Duration = Duration::from_secs(2);
