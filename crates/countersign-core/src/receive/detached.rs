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
/// `within` has passed since `began`. A future that completes at its first poll needs
/// no separate task.
///
/// `spawn` starts a task of the runtime, which ends with an error if the runtime
/// stops it.
pub async fn run_detached<F, J, E, R: Runtime>(
    work: Pin<Box<F>>,
    began: R::Instant,
    within: Duration,
    runtime: &R,
    spawn: impl FnOnce(Detached<F>) -> J,
) -> TaskOutcome
where
    F: Future<Output = ()>,
    J: Future<Output = Result<Result<(), Panicked>, E>>,
{
    let mut work = Detached(work);
    match poll_fn(|cx| Poll::Ready(Pin::new(&mut work).poll(cx))).await {
        Poll::Ready(Ok(())) => return TaskOutcome::Completed,
        Poll::Ready(Err(Panicked(_))) => return TaskOutcome::Panicked,
        Poll::Pending => {}
    }
    let mut task = pin!(spawn(work));
    let mut end = pin!(runtime.sleep(within.saturating_sub(runtime.elapsed(began))));
    poll_fn(|cx| {
        if let Poll::Ready(ended) = task.as_mut().poll(cx) {
            return Poll::Ready(match ended {
                Ok(Ok(())) => TaskOutcome::Completed,
                Ok(Err(Panicked(_))) => TaskOutcome::Panicked,
                Err(_) => TaskOutcome::Stopped,
            });
        }
        ready!(end.as_mut().poll(cx));
        Poll::Ready(TaskOutcome::Running)
    })
    .await
}

/// The state of the work of [`run_detached`] at the end of the wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a task has no other states")]
pub enum TaskOutcome {
    /// It has ended.
    Completed,
    /// It has panicked.
    Panicked,
    /// The runtime has stopped it, because it is shutting down.
    Stopped,
    /// It is still running.
    Running,
}

impl TaskOutcome {
    /// The response for the sender, if the work has not given its own until then.
    #[must_use]
    pub fn early_response(self, span: &DeliverySpan) -> EarlyResponse {
        match self {
            Self::Panicked => EarlyResponse::HandlerFailed,
            Self::Completed | Self::Stopped => EarlyResponse::Busy,
            Self::Running => {
                span.timed_out();
                EarlyResponse::HandlerTimeout
            }
        }
    }
}

/// The rest of the work of [`run_detached`], for the runtime. Its panic is its output.
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
