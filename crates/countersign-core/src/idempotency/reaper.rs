//! What is left to be told to the store when nobody can wait for it: claims
//! that were dropped, and successes whose record could not be written.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use super::MemoryStore;
use super::key::EventKey;
use super::store::{Attempt, CompleteOutcome, IdempotencyStore, ReleaseOutcome, StoreError};
use crate::observe::{Notice, Watch};

/// Holds the store, and takes the steps that are still to be told to it. Held by
/// the receiver and by every claim; when the last of them is gone, no more steps
/// can come.
pub(crate) struct Reaper<S> {
    shared: Arc<Shared<S>>,
    /// Whether the background future has been given out.
    given_out: AtomicBool,
}

/// What the holders and the background future share.
struct Shared<S> {
    store: S,
    queue: Mutex<Queue>,
    counters: Counting,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<(Job, Instant)>,
    /// No more steps can come.
    closed: bool,
    waker: Option<Waker>,
}

/// One step to be told.
pub(crate) struct Job {
    pub(crate) key: EventKey,
    pub(crate) attempt: Attempt,
    pub(crate) step: Step,
    /// The table of this process, where the claim is held in that.
    pub(crate) local: Option<Arc<MemoryStore>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Complete,
    Release,
}

impl<S: IdempotencyStore> Reaper<S> {
    pub(crate) fn new(store: S, watch: Watch) -> Self {
        let shared = Shared { store, queue: Mutex::default(), counters: Counting::new(watch) };
        Self { shared: Arc::new(shared), given_out: AtomicBool::new(false) }
    }

    pub(crate) fn store(&self) -> &S {
        &self.shared.store
    }

    pub(crate) fn counters(&self) -> &Counting {
        &self.shared.counters
    }

    /// Queues a step. Never waits and never fails: what does not fit is counted
    /// and left to the end of its lease.
    pub(crate) fn push(&self, job: Job) {
        // Behind the lease's end a release says nothing new, and a success is one that the next
        // claim has overtaken.
        let until = Instant::now().checked_add(job.attempt.lease);
        self.shared.push(job, until.unwrap_or_else(|| Instant::now() + LONGEST_TRY));
    }

    /// Tells the store, one step after another, until no more can come. Given
    /// out once: one is enough.
    pub(crate) fn background<T: Timer>(
        &self,
        timer: T,
    ) -> Option<impl Future<Output = ()> + Send + use<S, T>> {
        let first = !self.given_out.swap(true, Ordering::Relaxed);
        first.then(|| run(Arc::clone(&self.shared), timer))
    }
}

impl<S> Drop for Reaper<S> {
    fn drop(&mut self) {
        self.shared.change(|queue| queue.closed = true);
    }
}

async fn run<S: IdempotencyStore, T: Timer>(shared: Arc<Shared<S>>, timer: T) {
    while let Some((job, until)) = shared.next().await {
        match shared.tell(&job).await {
            Ok(()) => {}
            Err(_) if Instant::now() < until => {
                // Behind the others: what hinders this one may not hinder them.
                shared.push(job, until);
                timer.sleep(PAUSE).await;
            }
            Err(_) => shared.counters.lost(job.step),
        }
    }
}

impl<S> Shared<S> {
    fn push(&self, job: Job, until: Instant) {
        let step = job.step;
        let fits = self.change(|queue| {
            let fits = queue.jobs.len() < MOST_JOBS;
            if fits {
                queue.jobs.push_back((job, until));
            }
            fits
        });
        if !fits {
            self.counters.lost(step);
        }
    }

    /// Changes the queue, and wakes who waits for a change.
    fn change<T>(&self, change: impl FnOnce(&mut Queue) -> T) -> T {
        // A queue is whole after every statement: a panic elsewhere has not broken it.
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = change(&mut queue);
        let waker = queue.waker.take();
        drop(queue);
        if let Some(waker) = waker {
            waker.wake();
        }
        changed
    }

    /// The next job; `None` when there is none and no more can come.
    async fn next(&self) -> Option<(Job, Instant)> {
        poll_fn(|context| {
            let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
            match queue.jobs.pop_front() {
                Some(job) => Poll::Ready(Some(job)),
                None if queue.closed => Poll::Ready(None),
                None => {
                    queue.waker = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }
}

impl<S: IdempotencyStore> Shared<S> {
    async fn tell(&self, job: &Job) -> Result<(), StoreError> {
        let released = match (&job.local, job.step) {
            (Some(local), Step::Release) => local.release(&job.key, &job.attempt).await?,
            (_, Step::Release) => self.store.release(&job.key, &job.attempt).await?,
            (_, Step::Complete) => {
                let outcome = self.store.complete(&job.key, &job.attempt).await?;
                self.counters.recorded(outcome);
                return Ok(());
            }
        };
        if released == ReleaseOutcome::Released {
            self.counters.given_back();
        }
        Ok(())
    }
}

/// Sleeps, as the runtime does. Implemented for functions such as
/// `tokio::time::sleep`.
pub trait Timer: Send + Sync + 'static {
    /// Waits for this long.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send;
}

impl<F, Sleep> Timer for F
where
    F: Fn(Duration) -> Sleep + Send + Sync + 'static,
    Sleep: Future<Output = ()> + Send,
{
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send {
        self(duration)
    }
}

/// What has happened at an endpoint that its answers do not tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Claims that gave themselves back in the background.
    pub given_back: u64,
    /// Claims that could not be given back before their lease ran out.
    pub give_back_lost: u64,
    /// Successes whose record was written in the background.
    pub recorded_in_background: u64,
    /// Successes whose record was never written: these events may be handled
    /// again.
    pub record_lost: u64,
    /// Successes of attempts that had lost the event: these were perhaps handled
    /// twice.
    pub completed_late: u64,
    /// Renewals that found the event in other hands.
    pub lease_lost: u64,
    /// Events handled while the store could not be asked.
    pub degraded: u64,
}

/// The counters, counting, and whom to tell.
pub(crate) struct Counting {
    watch: Watch,
    given_back: AtomicU64,
    give_back_lost: AtomicU64,
    recorded_in_background: AtomicU64,
    record_lost: AtomicU64,
    completed_late: AtomicU64,
    lease_lost: AtomicU64,
    degraded: AtomicU64,
}

impl Counting {
    fn new(watch: Watch) -> Self {
        Self {
            watch,
            given_back: AtomicU64::default(),
            give_back_lost: AtomicU64::default(),
            recorded_in_background: AtomicU64::default(),
            record_lost: AtomicU64::default(),
            completed_late: AtomicU64::default(),
            lease_lost: AtomicU64::default(),
            degraded: AtomicU64::default(),
        }
    }

    pub(crate) fn watch(&self) -> &Watch {
        &self.watch
    }

    pub(crate) fn snapshot(&self) -> Counters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counters {
            given_back: read(&self.given_back),
            give_back_lost: read(&self.give_back_lost),
            recorded_in_background: read(&self.recorded_in_background),
            record_lost: read(&self.record_lost),
            completed_late: read(&self.completed_late),
            lease_lost: read(&self.lease_lost),
            degraded: read(&self.degraded),
        }
    }

    pub(crate) fn completed(&self, outcome: CompleteOutcome) {
        if outcome != CompleteOutcome::Recorded {
            self.count(&self.completed_late, &Notice::CompletedLate);
        }
    }

    pub(crate) fn lease_lost(&self) {
        self.count(&self.lease_lost, &Notice::LeaseLost);
    }

    pub(crate) fn degraded(&self) {
        self.degraded.fetch_add(1, Ordering::Relaxed);
    }

    fn given_back(&self) {
        self.count(&self.given_back, &Notice::GivenBack);
    }

    fn recorded(&self, outcome: CompleteOutcome) {
        self.count(&self.recorded_in_background, &Notice::RecordedInBackground);
        self.completed(outcome);
    }

    fn lost(&self, step: Step) {
        match step {
            Step::Release => self.count(&self.give_back_lost, &Notice::GiveBackLost),
            Step::Complete => self.count(&self.record_lost, &Notice::RecordLost),
        }
    }

    fn count(&self, counter: &AtomicU64, notice: &Notice<'_>) {
        counter.fetch_add(1, Ordering::Relaxed);
        self.watch.tell(notice);
    }
}

const MOST_JOBS: usize = 10_000;
/// For a lease that does not end in any foreseeable time.
const LONGEST_TRY: Duration = Duration::from_secs(24 * 60 * 60);
const PAUSE: Duration = Duration::from_millis(100);
