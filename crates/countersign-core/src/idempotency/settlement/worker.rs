//! Tells the store one step after another, or several side by side once it
//! answers.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use futures_util::future::{Either, join_all, select};

use super::pending::{Action, Pending, Step, Told};
use super::{SettlementQueue, Shared, Timer};
use crate::clock::Clock;
use crate::idempotency::{EventKey, IdempotencyStore};

impl<S: IdempotencyStore> SettlementQueue<S> {
    /// Tells the store, until nothing more can come. Given out to one at a time:
    /// again once the one before was dropped, with its runtime for example.
    pub(crate) fn background<T: Timer>(
        &self,
        timer: T,
    ) -> Option<impl Future<Output = ()> + Send + use<S, T>> {
        let running = Running::start(&self.0.is_running)?;
        let shared = Arc::clone(&self.0);
        Some(async move {
            run(&shared, &timer).await;
            drop(running);
        })
    }

    /// Tells the store what is pending, for so long at the most. The events whose
    /// success it could not be told.
    pub(crate) async fn drain(&self, within: Duration, timer: &impl Timer) -> Vec<EventKey> {
        let shared = &self.0;
        let settle = async {
            loop {
                shared.tell_all(timer).await;
                if shared.change(|pending, _, _| pending.is_settled()) {
                    return;
                }
                timer.sleep(FIRST_PAUSE).await;
            }
        };
        // Whichever ends first: what is cut off is queued again.
        select(pin!(settle), pin!(timer.sleep(within))).await;
        shared.change(|pending, _, _| pending.unrecorded().cloned().collect())
    }
}

async fn run<S: IdempotencyStore>(shared: &Shared<S>, timer: &impl Timer) {
    let mut pause = FIRST_PAUSE;
    while let Some(step) = shared.next().await {
        if shared.tell(step, timer).await {
            pause = FIRST_PAUSE;
            shared.tell_all(timer).await;
        } else {
            timer.sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

impl<S: IdempotencyStore> Shared<S> {
    /// The next step; `None` when there is none and no more can come.
    async fn next(&self) -> Option<Taken<'_, S>> {
        poll_fn(|context| {
            let mut pending = self.lock();
            match self.take_from(&mut pending) {
                Some(taken) => Poll::Ready(Some(taken)),
                None if pending.closed => Poll::Ready(None),
                None => {
                    pending.waker = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }

    fn take(&self) -> Option<Taken<'_, S>> {
        self.take_from(&mut self.lock())
    }

    fn take_from(&self, pending: &mut Pending) -> Option<Taken<'_, S>> {
        let step = pending.take(self.clock.now_unix_ms());
        self.known.store(pending.len(), Ordering::Release);
        step.map(|step| Taken { shared: self, step: Some(step) })
    }

    /// Tells what is queued, until nothing is, or a step fails.
    async fn tell_all(&self, timer: &impl Timer) {
        loop {
            let steps: Vec<_> = std::iter::from_fn(|| self.take()).take(SIDE_BY_SIDE).collect();
            if steps.is_empty() {
                return;
            }
            let told = join_all(steps.into_iter().map(|step| self.tell(step, timer))).await;
            if told.contains(&false) {
                return;
            }
        }
    }

    /// Tells one step, and says whether that has ended it.
    async fn tell(&self, mut taken: Taken<'_, S>, timer: &impl Timer) -> bool {
        let Some(step) = taken.step.clone() else { return true };
        let told = pin!(self.tell_store(&step));
        match select(told, pin!(timer.sleep(LONGEST_STEP))).await {
            Either::Left((Some(told), _)) => {
                taken.step = None;
                self.change(|pending, now_ms, ended| pending.told(&step, told, now_ms, ended))
            }
            // Dropped, it is queued again.
            Either::Left((None, _)) | Either::Right(_) => false,
        }
    }

    async fn tell_store(&self, Step { key, attempt, action, .. }: &Step) -> Option<Told> {
        match action {
            Action::Complete => self.store.complete(key, attempt).await.ok().map(Told::Complete),
            Action::HandOver => self.store.claim(key, attempt).await.ok().map(Told::HandOver),
            Action::Release => self.store.release(key, attempt).await.ok().map(Told::Release),
            Action::Forget => None,
        }
    }
}

/// A step that is being told. Dropped before it has ended, it is queued again.
struct Taken<'s, S> {
    shared: &'s Shared<S>,
    step: Option<Step>,
}

impl<S> Drop for Taken<'_, S> {
    fn drop(&mut self) {
        if let Some(step) = self.step.take() {
            self.shared
                .change(|pending, now_ms, ended| ended.extend(pending.failed(&step, now_ms)));
        }
    }
}

/// The background task. Dropped, it makes room for another one.
struct Running(Arc<AtomicBool>);

impl Running {
    fn start(is_running: &Arc<AtomicBool>) -> Option<Self> {
        // Read first: every request comes by here.
        if is_running.load(Ordering::Relaxed) || is_running.swap(true, Ordering::AcqRel) {
            return None;
        }
        Some(Self(Arc::clone(is_running)))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

/// How many steps are told at once.
const SIDE_BY_SIDE: usize = 16;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// A store that does not answer in this time, and has no deadline of its own,
/// may not have heard.
const LONGEST_STEP: Duration = Duration::from_secs(10);
