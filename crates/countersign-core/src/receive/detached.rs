//! Runs a handler that outlives its request.

use std::any::Any;
use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use crate::receive::EarlyResponse;
use crate::telemetry::DeliverySpan;
use crate::time::runtime::Runtime;

/// Runs a future that nothing outside of it can cancel, and waits for it until
/// `within` has passed since `began`.
///
/// The future runs in the task of its request, so that it needs no other wake-ups than
/// its own. If it has not ended when `within` has passed, or when the future of this
/// function is dropped, `spawn` starts a task of the runtime for the rest.
pub async fn run_detached<F, J, R: Runtime>(
    work: Pin<Box<F>>,
    began: R::Instant,
    within: Duration,
    runtime: &R,
    spawn: impl FnOnce(Detached<F>) -> J,
) -> TaskOutcome
where
    F: Future<Output = ()>,
{
    let mut work = Attached::new(work, spawn);
    let mut poll = |cx: &mut Context<'_>| work.poll(cx).map(|ended| TaskOutcome::of(&ended));
    if let Poll::Ready(outcome) = poll_fn(|cx| Poll::Ready(poll(cx))).await {
        return outcome;
    }
    let mut end = pin!(runtime.sleep(within.saturating_sub(runtime.elapsed(began))));
    poll_fn(|cx| {
        if let Poll::Ready(outcome) = poll(cx) {
            return Poll::Ready(outcome);
        }
        ready!(end.as_mut().poll(cx));
        Poll::Ready(TaskOutcome::Running)
    })
    .await
}

/// Work that runs in the task of its request. If it has not ended when this is dropped, it
/// continues in a task of its own.
pub(super) struct Attached<F: ?Sized, J, S: FnOnce(Detached<F>) -> J> {
    /// `None`: it has ended.
    work: Option<(Detached<F>, S)>,
}

impl<F: Future + ?Sized, J, S: FnOnce(Detached<F>) -> J> Attached<F, J, S> {
    pub(super) fn new(work: Pin<Box<F>>, spawn: S) -> Self {
        Self { work: Some((Detached(work), spawn)) }
    }

    /// Pending for ever once the work has ended.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<F::Output, Panicked>> {
        let Some((work, _)) = &mut self.work else { return Poll::Pending };
        let ended = ready!(Pin::new(work).poll(cx));
        self.work = None;
        Poll::Ready(ended)
    }
}

impl<F: ?Sized, J, S: FnOnce(Detached<F>) -> J> Drop for Attached<F, J, S> {
    fn drop(&mut self) {
        if let Some((work, spawn)) = self.work.take() {
            // Panics if the runtime is gone. The work is then dropped, which releases the claim.
            drop(catch_unwind(AssertUnwindSafe(|| drop(spawn(work)))));
        }
    }
}

/// The state of the work of [`run_detached`] at the end of the wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "work has no other states")]
pub enum TaskOutcome {
    /// It has ended.
    Completed,
    /// It has panicked.
    Panicked,
    /// It is still running.
    Running,
}

impl TaskOutcome {
    fn of(ended: &Result<(), Panicked>) -> Self {
        match ended {
            Ok(()) => Self::Completed,
            Err(Panicked(_)) => Self::Panicked,
        }
    }

    /// The response for the sender, if the work has not given its own until then.
    #[must_use]
    pub fn early_response(self, span: &DeliverySpan) -> EarlyResponse {
        match self {
            Self::Panicked => EarlyResponse::HandlerFailed,
            Self::Completed => EarlyResponse::Busy,
            Self::Running => {
                span.timed_out();
                EarlyResponse::HandlerTimeout
            }
        }
    }
}

/// The rest of work whose request has ended, for the runtime. Its panic is its output.
#[must_use = "futures do nothing unless polled"]
pub struct Detached<F: ?Sized>(pub(super) Pin<Box<F>>);

impl<F: Future + ?Sized> Future for Detached<F> {
    type Output = Result<F::Output, Panicked>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(cx))) {
            Ok(polled) => polled.map(Ok),
            Err(panic) => Poll::Ready(Err(Panicked(panic))),
        }
    }
}

/// The payload of a panic.
pub struct Panicked(pub(super) Box<dyn Any + Send>);

impl<F: ?Sized> fmt::Debug for Detached<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Detached").finish_non_exhaustive()
    }
}

impl fmt::Debug for Panicked {
    /// The payload may contain parts of a request.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Panicked")
    }
}
