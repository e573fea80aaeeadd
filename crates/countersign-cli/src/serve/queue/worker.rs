//! Forwards the jobs of one endpoint.

use std::sync::Arc;
use std::time::Duration;

use countersign::queue::jobs::{Take, Taken};
use countersign::store::Token;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::attempt::Attempts;
use super::breaker::Allowed;
use crate::output;
use crate::serve::store::with_causes;

pub(super) struct Worker {
    pub(super) attempts: Arc<Attempts>,
    pub(super) owner: Token,
    pub(super) lease: Duration,
    /// The maximum number of attempts in progress.
    pub(super) concurrency: usize,
    /// Cancelled when no more jobs are taken.
    pub(super) stop: CancellationToken,
}

impl Worker {
    /// The name of the target.
    pub(super) fn name(&self) -> &Arc<str> {
        &self.attempts.path
    }

    /// Takes jobs and forwards them until it is stopped. Then waits for those in progress.
    pub(super) async fn run(self) {
        let mut running = JoinSet::new();
        let mut is_failing = false;
        while !self.stop.is_cancelled() {
            while running.try_join_next().is_some() {}
            let mut next = Instant::now() + POLL;
            let free = self.concurrency.saturating_sub(running.len());
            match self.attempts.breaker.allowed() {
                Allowed::All if free == 0 => {}
                Allowed::One if !running.is_empty() => {}
                Allowed::Not(until) => next = until,
                allowed => {
                    let wanted = if allowed == Allowed::One { 1 } else { free };
                    match self.attempts.jobs.take(self.take(wanted)).await {
                        Ok(taken) => {
                            is_failing = false;
                            next = next.min(Instant::now() + until_next(&taken));
                            for job in taken.jobs {
                                let holding = self.attempts.held.hold(&job);
                                running.spawn(Arc::clone(&self.attempts).run(job, holding));
                            }
                        }
                        Err(error) => {
                            if !std::mem::replace(&mut is_failing, true) {
                                let path = &self.attempts.path;
                                let why = with_causes(&error);
                                output::note(&format!("{path}: no jobs are taken: {why}"));
                            }
                            next = Instant::now() + AFTER_ERROR;
                        }
                    }
                }
            }
            tokio::select! {
                () = self.stop.cancelled() => {}
                () = self.attempts.wake.notified(), if running.len() < self.concurrency => {}
                Some(_) = running.join_next() => {}
                () = sleep_until(next) => {}
            }
        }
        while running.join_next().await.is_some() {}
    }

    fn take(&self, jobs: usize) -> Take {
        Take::new(&*self.attempts.path, self.owner, jobs)
            .with_lease(self.lease)
            .with_held(self.attempts.held.all())
            .with_max_running(self.concurrency)
            .with_max_bytes(MAX_BYTES)
    }
}

/// The time until the next job is due.
fn until_next(taken: &Taken) -> Duration {
    match taken.next_at_ms {
        Some(at_ms) => {
            let ms = u64::try_from(at_ms.saturating_sub(taken.now_ms)).unwrap_or(0);
            Duration::from_millis(ms).max(MIN_POLL)
        }
        None => POLL,
    }
}

/// Another process may have accepted a delivery, or a person may have retried one.
const POLL: Duration = Duration::from_millis(500);
/// A due job is not taken if other processes have as many as are allowed.
const MIN_POLL: Duration = Duration::from_millis(20);
const AFTER_ERROR: Duration = Duration::from_secs(1);
/// The maximum size of the messages that are taken at once.
const MAX_BYTES: u64 = 16 * 1024 * 1024;
