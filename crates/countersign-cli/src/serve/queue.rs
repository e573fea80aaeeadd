//! The queue between endpoints and targets: a delivery is stored, answered 202, and forwarded by a
//! worker until the target has it.
//!
//! | file | what it is |
//! | --- | --- |
//! | `queue/accept.rs` | stores a delivery and answers it |
//! | `queue/worker.rs` | forwards the jobs of one endpoint |
//! | `queue/attempt.rs` | one attempt at a job, and what follows from its result |
//! | `queue/breaker.rs` | waits while the target is down |
//! | `queue/delay.rs` | the time before a retry |
//! | `queue/held.rs` | the attempts that this process has |
//! | `queue/unserved.rs` | jobs of endpoints that the configuration does not have |
//! | `queue/gauges.rs` | the numbers of jobs, as metrics |

mod accept;
mod attempt;
mod breaker;
mod delay;
mod gauges;
mod held;
mod unserved;
mod worker;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use countersign::store::Token;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(super) use accept::{Accepted, Duplicate, QueuedEndpoint, QueuedEndpointPlan, is_interactive};

use super::config::QueuePlan;
use super::store::{Store, with_causes};
use crate::job_table::{Counter, JobTable, Location};
use crate::output;
use crate::usage_error::UsageError;
use held::Held;
use unserved::{note_all, unserved};
use worker::Worker;

/// The queue that endpoints share.
#[derive(Clone)]
pub(super) struct Queue(Arc<Inner>);

struct Inner {
    jobs: JobTable,
    location: Location,
    /// This process.
    owner: Token,
    lease: Duration,
    /// The workers that are not started yet.
    workers: Mutex<Vec<Worker>>,
    running: TaskTracker,
    /// Cancelled when no more jobs are taken.
    stop: CancellationToken,
}

impl Queue {
    pub(super) async fn open(plan: QueuePlan) -> Result<Self, UsageError> {
        let QueuePlan { location, max_bytes, keep, lease } = plan;
        let cannot = |problem: String| UsageError::because(location.name(), problem);
        let jobs = JobTable::open(&location, max_bytes, keep).await.map_err(cannot)?;
        let owner = Token::random().map_err(|error| cannot(error.to_string()))?;
        Ok(Self(Arc::new(Inner {
            jobs,
            location,
            owner,
            lease: lease.unwrap_or(LEASE),
            workers: Mutex::default(),
            running: TaskTracker::new(),
            stop: CancellationToken::new(),
        })))
    }

    /// Reports the jobs that none of these endpoints has.
    pub(super) async fn note_unserved(&self, served: &[String]) {
        let Inner { jobs, location, .. } = &*self.0;
        // The queue was opened just before. If this fails, the next use of it reports the error.
        let unserved = unserved(&mut Counter::of(jobs), served).await;
        note_all(location, &unserved.unwrap_or_default());
    }

    /// The queue as the store of claims.
    pub(super) fn store(&self) -> Store {
        Store::Queue(self.0.jobs.clone())
    }

    fn add(&self, worker: Worker) {
        self.0.workers.lock().unwrap_or_else(PoisonError::into_inner).push(worker);
    }

    /// Starts the workers of all endpoints.
    pub(super) fn start(&self) {
        let Inner { jobs, location, lease, workers, running, stop, .. } = &*self.0;
        let workers: Vec<Worker> =
            workers.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect();
        let names = workers.iter().map(|worker| worker.name().to_string()).collect();
        let counter = Counter::of(jobs);
        tokio::spawn(gauges::keep(counter, location.clone(), names, stop.clone()));
        let held: Vec<Held> = workers.iter().map(|worker| worker.attempts.held.clone()).collect();
        for worker in workers {
            running.spawn(worker.run());
        }
        running.close();
        let (jobs, lease, running) = (jobs.clone(), *lease, running.clone());
        // Until the last attempt has ended, which is later than the last take.
        tokio::spawn(async move {
            while !running.is_empty() {
                tokio::select! {
                    () = sleep(lease / 3) => {}
                    () = running.wait() => break,
                }
                let held = held.iter().flat_map(Held::all).collect();
                if let Err(error) = jobs.renew_leases(held, lease).await {
                    output::note(&format!(
                        "the leases of the queue are not renewed: {}",
                        with_causes(&error)
                    ));
                }
            }
        });
    }

    /// From now on, no job is taken.
    pub(super) fn stop(&self) {
        self.0.stop.cancel();
    }

    /// Waits for the attempts in progress.
    pub(super) async fn finished(&self, by: Instant) {
        let _ = timeout_at(by, self.0.running.wait()).await;
    }
}

const LEASE: Duration = Duration::from_secs(30);
