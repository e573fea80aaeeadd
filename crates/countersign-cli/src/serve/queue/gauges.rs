//! The numbers of jobs, as metrics.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use countersign::{Clock, SystemClock};
use countersign_sqlite::queue::QueueAdmin;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::serve::metrics;

/// Counts the jobs of these targets from time to time, with a connection of its own.
pub(super) async fn keep(file: PathBuf, targets: Vec<Arc<str>>, stop: CancellationToken) {
    let targets: Arc<[Arc<str>]> = targets.into();
    let mut admin: Option<QueueAdmin> = None;
    while !stop.is_cancelled() {
        let (file, targets) = (file.clone(), Arc::clone(&targets));
        let counting = tokio::task::spawn_blocking(move || {
            let open = admin.or_else(|| QueueAdmin::open(&file).ok());
            // After an error, the file is opened again.
            open.filter(|admin| targets.iter().all(|target| count(admin, target).is_some()))
        });
        admin = counting.await.unwrap_or(None);
        tokio::select! {
            () = sleep(BETWEEN) => {}
            () = stop.cancelled() => {}
        }
    }
}

fn count(admin: &QueueAdmin, target: &str) -> Option<()> {
    let counts = admin.counts(target).ok()?;
    for (state, jobs) in
        [("pending", counts.pending), ("running", counts.running), ("dead", counts.dead)]
    {
        metrics::set_jobs(target, state, jobs);
    }
    let now_ms = SystemClock::new().now_unix_ms();
    let age_ms = counts.oldest_ms.map_or(0, |oldest_ms| now_ms.saturating_sub(oldest_ms));
    metrics::set_oldest(target, Duration::from_millis(u64::try_from(age_ms).unwrap_or(0)));
    metrics::set_paused(target, counts.is_paused);
    Some(())
}

const BETWEEN: Duration = Duration::from_secs(2);
