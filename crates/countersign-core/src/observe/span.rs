//! What an adapter tells, which is outside of what core can see.

use std::fmt;
use std::future::Future;
use std::thread;

use super::{Notice, Stopwatch, Watch, tracing};
use crate::verifier::Verifier;

impl Verifier {
    /// What one request is told under, for an adapter: made when the request
    /// comes, and held until it is answered.
    #[must_use]
    pub fn span(&self) -> DeliverySpan {
        let watch = self.watch().clone();
        let span = watch.span();
        DeliverySpan { watch, span }
    }
}

impl Watch {
    fn span(&self) -> tracing::Span {
        tracing::Span::new(&self.0)
    }
}

/// The span `countersign.delivery` of one request, and who is told of its
/// handler; see [`Verifier::span`].
///
/// The calls of core belong inside of it: they fill in its fields. Without the
/// feature `tracing` there is no span, and all of this costs nothing.
#[derive(Clone)]
pub struct DeliverySpan {
    watch: Watch,
    span: tracing::Span,
}

impl DeliverySpan {
    /// Does something inside of the span.
    pub fn in_scope<T>(&self, work: impl FnOnce() -> T) -> T {
        self.span.in_scope(work)
    }

    /// Is in the span whenever the future is polled.
    pub fn instrument<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        self.span.instrument(future)
    }

    /// Tells that the handler begins; its end is told by what this gives.
    pub fn handling(&self) -> Handling {
        Handling { span: self.clone(), since: Stopwatch::start(), has_ended: false }
    }

    /// Tells that the sender was answered in the place of a handler that goes
    /// on.
    pub fn timed_out(&self) {
        self.in_scope(|| self.watch.tell(&Notice::HandlerTimedOut));
    }
}

/// A handler at work. Dropped without an end, it tells that the handler panicked
/// or was stopped.
#[must_use = "dropped at once, it says that the handler was stopped"]
pub struct Handling {
    span: DeliverySpan,
    since: Stopwatch,
    has_ended: bool,
}

impl Handling {
    /// Tells that the handler has answered with this status; `None` where it
    /// ended with an error.
    pub fn ended(mut self, status: Option<u16>) {
        self.has_ended = true;
        self.tell(&Notice::Handled { status, took: self.since.elapsed() });
    }

    fn tell(&self, notice: &Notice<'_>) {
        self.span.in_scope(|| self.span.watch.tell(notice));
    }
}

impl Drop for Handling {
    fn drop(&mut self) {
        if self.has_ended {
            return;
        }
        let took = self.since.elapsed();
        if thread::panicking() {
            self.tell(&Notice::HandlerPanicked { took });
        } else {
            self.tell(&Notice::HandlerStopped { took });
        }
    }
}

impl fmt::Debug for DeliverySpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeliverySpan").finish_non_exhaustive()
    }
}

impl fmt::Debug for Handling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handling").finish_non_exhaustive()
    }
}
