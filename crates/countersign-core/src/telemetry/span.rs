//! Spans of requests and handlers, which adapters record.

use std::fmt;
use std::future::Future;
use std::thread;

use super::{Recorder, Stopwatch, TelemetryEvent, tracing};

impl Recorder {
    /// Creates the span of one request.
    pub(crate) fn span(&self) -> DeliverySpan {
        DeliverySpan { watch: self.clone(), span: tracing::Span::new(&self.0) }
    }
}

/// The span `countersign.delivery` of one request, which also records its
/// handler; see [`Verifier::span`](crate::Verifier::span).
///
/// Call the functions of this crate inside the span: they set its fields. Without
/// the feature `tracing` there is no span and no cost.
#[derive(Clone)]
pub struct DeliverySpan {
    watch: Recorder,
    span: tracing::Span,
}

impl DeliverySpan {
    /// Runs a function inside the span.
    pub fn in_scope<T>(&self, work: impl FnOnce() -> T) -> T {
        self.span.in_scope(work)
    }

    /// Whether anything records the span.
    pub(crate) fn is_enabled(&self) -> bool {
        self.span.is_enabled()
    }

    /// Polls the future inside the span.
    pub fn instrument<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        self.span.instrument(future)
    }

    /// Starts to measure the handler. The returned value records its end.
    pub fn handling(&self) -> HandlerGuard {
        HandlerGuard { span: self.clone(), since: Stopwatch::start(), has_ended: false }
    }

    /// Records that the handler timed out: the sender got a response, and the
    /// handler is still running.
    pub fn timed_out(&self) {
        self.in_scope(|| self.watch.record(&TelemetryEvent::HandlerTimedOut));
    }
}

/// A running handler. If this is dropped without a call to
/// [`ended`](Self::ended), it records that the handler panicked or was stopped.
#[must_use = "if it is dropped, it records that the handler was stopped"]
pub struct HandlerGuard {
    span: DeliverySpan,
    since: Stopwatch,
    has_ended: bool,
}

impl HandlerGuard {
    /// Records that the handler responded with this status; `None` if it ended with
    /// an error.
    pub fn ended(mut self, status: Option<u16>) {
        self.has_ended = true;
        self.record(&TelemetryEvent::Handled { status, took: self.since.elapsed() });
    }

    fn record(&self, notice: &TelemetryEvent<'_>) {
        self.span.in_scope(|| self.span.watch.record(notice));
    }
}

impl Drop for HandlerGuard {
    fn drop(&mut self) {
        if self.has_ended {
            return;
        }
        let took = self.since.elapsed();
        if thread::panicking() {
            self.record(&TelemetryEvent::HandlerPanicked { took });
        } else {
            self.record(&TelemetryEvent::HandlerStopped { took });
        }
    }
}

impl fmt::Debug for DeliverySpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeliverySpan").finish_non_exhaustive()
    }
}

impl fmt::Debug for HandlerGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandlerGuard").finish_non_exhaustive()
    }
}
