//! Sends pending steps to the store, several at the same time. Each step pauses
//! separately after a failure.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::select;
use futures_util::stream::FuturesUnordered;

use super::pending::{Action, PendingSettlement, Place, StepOutcome, StepsInProgress};
use super::{SettlementQueue, Shared};
use crate::idempotency::{EventKey, IdempotencyStore, StoreError, bounded};
use crate::time::clock::Clock;
use crate::time::runtime::Runtime;

impl<S: IdempotencyStore> SettlementQueue<S> {
    /// Returns the task that sends pending steps, until no more can be added. There
    /// is one task at a time. A new one is returned after the previous one was
    /// dropped, for example with its runtime, or is stalled while steps are
    /// pending.
    pub(crate) fn background<T: Runtime>(
        &self,
        runtime: T,
    ) -> Option<impl Future<Output = ()> + Send + use<S, T>> {
        let running = self.0.current.start(|| self.0.is_stalled())?;
        let shared = Arc::clone(&self.0);
        shared.take_over();
        Some(async move {
            run(&shared, &running, &runtime).await;
            drop(running);
        })
    }

    /// Sends pending steps for at most `within`. Returns the events whose success
    /// is still not recorded in the store.
    pub(crate) async fn drain(&self, within: Duration, runtime: &impl Runtime) -> Vec<EventKey> {
        let shared = &self.0;
        // A call that hangs leaves time for others.
        let step_timeout = (within / 4).clamp(MIN_STEP, MAX_STEP);
        let settle = async {
            loop {
                // The calls of the background task may hang, so their steps are sent again. The
                // store may then get one twice, with the same token.
                shared.change(|pending, now_ms, ended| pending.take_over(now_ms, ended));
                shared.send_all_once(step_timeout, runtime).await;
                if shared.change(|pending, _, _| pending.is_settled()) {
                    return;
                }
                runtime.sleep(FIRST_PAUSE).await;
            }
        };
        // If the time runs out first, unfinished steps are queued again.
        select(pin!(settle), pin!(runtime.sleep(within))).await;
        shared.change(|pending, _, _| pending.unrecorded().cloned().collect())
    }
}

async fn run<S: IdempotencyStore>(shared: &Shared<S>, running: &Running, runtime: &impl Runtime) {
    let (mut in_progress, mut failures) = (StepsInProgress::default(), Failures::default());
    let mut calls = FuturesUnordered::new();
    // The pauses of single steps, the pause of an outage, and the tick that shows that the task is
    // alive.
    let mut pauses = FuturesUnordered::new();
    let mut outage_pause = None;
    let mut tick = None;
    loop {
        let limit = if outage_pause.is_some() { 0 } else { failures.side_by_side() };
        while calls.len() < limit
            && let Some(taken) = shared.take(&in_progress)
        {
            in_progress.begin(taken.step.action);
            calls.push(shared.report(taken, MAX_STEP, runtime));
        }
        let event = poll_fn(|cx| {
            if !running.is_current() {
                return Poll::Ready(Event::Over);
            }
            if let Poll::Ready(Some((taken, reply))) = calls.poll_next_unpin(cx) {
                return Poll::Ready(Event::Sent(taken, reply));
            }
            if let Poll::Ready(Some(place)) = pauses.poll_next_unpin(cx) {
                return Poll::Ready(Event::Retry(place));
            }
            if is_over(&mut outage_pause, cx) {
                return Poll::Ready(Event::Look);
            }
            let has_room = outage_pause.is_none() && calls.len() < limit;
            match shared.look_for_steps(has_room, cx.waker()) {
                Steps::Due => Poll::Ready(Event::Look),
                Steps::NoMore => Poll::Ready(Event::Over),
                Steps::None => {
                    tick = None;
                    Poll::Pending
                }
                Steps::Later => {
                    tick.get_or_insert_with(|| Box::pin(runtime.sleep(TICK)));
                    if is_over(&mut tick, cx) { Poll::Ready(Event::Look) } else { Poll::Pending }
                }
            }
        })
        .await;
        match event {
            Event::Over => return,
            Event::Look => {}
            Event::Retry(place) => shared.change(|pending, _, _| pending.retry(place)),
            Event::Sent(taken, reply) => {
                in_progress.end(taken.step.action);
                if reply == Reply::Failed {
                    failures.add(&taken.step.key);
                    if failures.are_an_outage() && outage_pause.is_none() {
                        outage_pause = Some(Box::pin(runtime.sleep(failures.next_pause())));
                    }
                } else if failures.end() {
                    // The store is back, for all that wait.
                    outage_pause = None;
                    pauses.clear();
                    shared.change(|pending, _, _| pending.retry_all());
                }
                if reply != Reply::Final
                    && let Some((place, tries)) = taken.defer()
                {
                    let pause = pause_after(tries, pauses.len());
                    pauses.push(async move {
                        runtime.sleep(pause).await;
                        place
                    });
                }
            }
        }
    }
}

/// What the background task does next.
enum Event<'s, S> {
    Sent(Taken<'s, S>, Reply),
    /// The pause of this step is over.
    Retry(Place),
    /// There may be a step to send.
    Look,
    Over,
}

/// The result of sending a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reply {
    /// The step has ended.
    Final,
    /// The store has replied that the step must be retried.
    Later,
    Failed,
}

/// Which steps are pending.
enum Steps {
    /// A step is due, and fewer than the maximum are being sent.
    Due,
    /// Steps are being sent, or wait.
    Later,
    None,
    /// No more steps can be added.
    NoMore,
}

/// Whether the pause has ended. If so, it is removed.
fn is_over<F: Future<Output = ()>>(pause: &mut Option<Pin<Box<F>>>, cx: &mut Context<'_>) -> bool {
    let is_over = pause.as_mut().is_some_and(|pause| pause.as_mut().poll(cx).is_ready());
    if is_over {
        *pause = None;
    }
    is_over
}

impl<S> Shared<S> {
    /// Whether steps are pending and the background task, if there is one, has not
    /// been polled for too long: its runtime exists but is not driven.
    fn is_stalled(&self) -> bool {
        let until_ms = self.alive_until_ms.load(Ordering::Relaxed);
        until_ms != 0 && until_ms < self.clock.now_unix_ms()
    }

    /// Takes over the steps of a background task that has ended or is stalled.
    fn take_over(&self) {
        self.change(|pending, now_ms, ended| pending.take_over(now_ms, ended));
        let pending = self.lock();
        if pending.is_busy() {
            self.is_alive();
        }
    }

    /// Called by the background task. The next step wakes the task.
    fn look_for_steps(&self, has_room: bool, waker: &Waker) -> Steps {
        let mut pending = self.lock();
        let is_busy = pending.is_busy();
        if is_busy {
            self.is_alive();
        }
        if has_room && pending.has_steps() {
            return Steps::Due;
        }
        if pending.closed && !is_busy {
            return Steps::NoMore;
        }
        pending.waker = Some(waker.clone());
        if is_busy { Steps::Later } else { Steps::None }
    }

    fn take(&self, in_progress: &StepsInProgress) -> Option<Taken<'_, S>> {
        self.change(|pending, now_ms, _| pending.take(in_progress, now_ms)).map(|step| Taken {
            shared: self,
            step,
            is_over: false,
        })
    }
}

impl<S: IdempotencyStore> Shared<S> {
    /// Sends every due step once, unless the store seems to be unavailable. Failed
    /// steps are queued again after the others.
    async fn send_all_once(&self, step_timeout: Duration, runtime: &impl Runtime) {
        let (mut in_progress, mut failures) = (StepsInProgress::default(), Failures::default());
        let mut calls = FuturesUnordered::new();
        let mut failed = Vec::new();
        loop {
            while calls.len() < SIDE_BY_SIDE
                && !failures.are_an_outage()
                && let Some(taken) = self.take(&in_progress)
            {
                in_progress.begin(taken.step.action);
                calls.push(self.report(taken, step_timeout, runtime));
            }
            let Some((taken, reply)) = calls.next().await else { return };
            in_progress.end(taken.step.action);
            if reply == Reply::Failed {
                failures.add(&taken.step.key);
            } else {
                failures.end();
            }
            if reply != Reply::Final {
                failed.push(taken);
            }
        }
    }

    /// Sends one step.
    async fn report<'s>(
        &'s self,
        mut taken: Taken<'s, S>,
        within: Duration,
        runtime: &impl Runtime,
    ) -> (Taken<'s, S>, Reply) {
        let step = taken.step.clone();
        let call = pin!(self.call_store(&step));
        let Some(Ok(outcome)) = bounded(call, within, runtime).await else {
            return (taken, Reply::Failed);
        };
        let is_final = self
            .change(|pending, now_ms, ended| pending.apply_outcome(&step, outcome, now_ms, ended));
        taken.is_over = is_final;
        (taken, if is_final { Reply::Final } else { Reply::Later })
    }

    async fn call_store(
        &self,
        PendingSettlement { key, attempt, action, .. }: &PendingSettlement,
    ) -> Result<StepOutcome, StoreError> {
        match action {
            Action::Complete => self.store.complete(key, attempt).await.map(StepOutcome::Complete),
            Action::HandOver => self.store.claim(key, attempt).await.map(StepOutcome::HandOver),
            Action::Release => self.store.release(key, attempt).await.map(StepOutcome::Release),
            Action::Forget => Err(StoreError::not_applied("this step makes no store call")),
        }
    }
}

/// A step that is being sent. If it is dropped before it has ended, it is queued
/// again.
struct Taken<'s, S> {
    shared: &'s Shared<S>,
    step: PendingSettlement,
    is_over: bool,
}

impl<S> Taken<'_, S> {
    /// Queues the step again, to be sent after a pause. Returns its place, and the
    /// number of tries. `None` if it has ended.
    fn defer(mut self) -> Option<(Place, u32)> {
        self.is_over = true;
        let step = &self.step;
        let place =
            self.shared.change(|pending, now_ms, ended| pending.defer(step, now_ms, ended))?;
        Some((place, step.tries.saturating_add(1)))
    }
}

impl<S> Drop for Taken<'_, S> {
    fn drop(&mut self) {
        if !self.is_over {
            let step = &self.step;
            self.shared.change(|pending, now_ms, ended| {
                ended.extend(pending.requeue(step, now_ms));
            });
        }
    }
}

/// The consecutive failures. The failures of one event may mean that the store
/// rejects it; failures of several events mean an outage.
#[derive(Default)]
struct Failures {
    keys: Vec<EventKey>,
    pauses: u32,
}

impl Failures {
    fn add(&mut self, key: &EventKey) {
        if !self.are_an_outage() && !self.keys.contains(key) {
            self.keys.push(key.clone());
        }
    }

    fn are_an_outage(&self) -> bool {
        self.keys.len() >= OUTAGE
    }

    /// The maximum number of steps that are sent at the same time. During an
    /// outage, only a few are tried.
    fn side_by_side(&self) -> usize {
        if self.are_an_outage() { TRIED_IN_OUTAGE } else { SIDE_BY_SIDE }
    }

    fn next_pause(&mut self) -> Duration {
        self.pauses = self.pauses.saturating_add(1);
        doubled(self.pauses).min(MAX_PAUSE)
    }

    /// Resets the failures after a reply of the store. Returns whether this ends an
    /// outage.
    fn end(&mut self) -> bool {
        std::mem::take(self).are_an_outage()
    }
}

/// The pause of a step after this number of failed tries. It is longer if more
/// steps pause, so that rejected steps do not keep the store busy.
fn pause_after(tries: u32, pausing: usize) -> Duration {
    let times = u32::try_from(pausing / SIDE_BY_SIDE).unwrap_or(u32::MAX).saturating_add(1);
    doubled(tries).min(MAX_PAUSE.saturating_mul(times)).min(MAX_PAUSE_OF_MANY)
}

fn doubled(times: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(times.saturating_sub(1)))
}

/// The id of the current background task, if there is one.
#[derive(Default)]
pub(super) struct Current {
    running: AtomicU64,
    last: AtomicU64,
}

impl Current {
    /// Starts a new task, unless there is one that is not stalled.
    fn start(self: &Arc<Self>, is_stalled: impl FnOnce() -> bool) -> Option<Running> {
        // Read first, because every request calls this.
        let before = self.running.load(Ordering::Relaxed);
        if before != NONE && !is_stalled() {
            return None;
        }
        let id = self.last.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        self.running.compare_exchange(before, id, Ordering::AcqRel, Ordering::Relaxed).ok()?;
        Some(Running { current: Arc::clone(self), id })
    }
}

/// The background task. When it is dropped, another one can start.
struct Running {
    current: Arc<Current>,
    id: u64,
}

impl Running {
    /// Whether no other task has taken over.
    fn is_current(&self) -> bool {
        self.current.running.load(Ordering::Acquire) == self.id
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let running = &self.current.running;
        let _ = running.compare_exchange(self.id, NONE, Ordering::AcqRel, Ordering::Relaxed);
    }
}

/// No background task.
const NONE: u64 = 0;
/// The maximum number of steps that are sent at the same time.
const SIDE_BY_SIDE: usize = 16;
/// One step of each kind.
const TRIED_IN_OUTAGE: usize = 3;
/// This number of events whose steps fail in a row is an outage.
const OUTAGE: usize = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const MAX_PAUSE: Duration = Duration::from_secs(1);
const MAX_PAUSE_OF_MANY: Duration = Duration::from_secs(30);
/// The time between two signs of life, while steps are pending.
const TICK: Duration = Duration::from_secs(1);
/// The timeout of one step, for stores without a deadline. After it, the request
/// may not have arrived.
const MAX_STEP: Duration = Duration::from_secs(10);
/// The minimum timeout of one step of a flush: longer than a slow store takes.
const MIN_STEP: Duration = Duration::from_secs(1);
