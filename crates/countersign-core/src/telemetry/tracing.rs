//! Spans and events of `tracing`, under the target `countersign`.
//!
//! They contain no text of a request: no header, no body, no id, and no name of a
//! tenant.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::iter::successors;

use ::tracing::field::{Empty, Value};
use ::tracing::{Instrument, debug, error, info, info_span, warn};

use super::event::{DegradedClaim, Granted, Response, SecretLabel, Severity, TelemetryEvent};
use super::labels::Labels;

/// The span of one request.
#[derive(Clone)]
pub(crate) struct Span(::tracing::Span);

impl Span {
    pub(crate) fn new(Labels { scheme, endpoint }: &Labels) -> Self {
        Self(info_span!(
            target: TARGET,
            SPAN,
            scheme = &**scheme,
            endpoint = &**endpoint,
            code = Empty,
            status = Empty,
            secret = Empty,
            event = Empty,
            attempt = Empty,
        ))
    }

    pub(crate) fn in_scope<T>(&self, work: impl FnOnce() -> T) -> T {
        self.0.in_scope(work)
    }

    pub(crate) fn instrument<F: Future>(
        &self,
        future: F,
    ) -> impl Future<Output = F::Output> + use<F> {
        future.instrument(self.0.clone())
    }
}

pub(crate) fn emit(labels: &Labels, notice: &TelemetryEvent<'_>) {
    let Labels { scheme, endpoint } = labels;
    let (scheme, endpoint) = (&**scheme, &**endpoint);
    match *notice {
        TelemetryEvent::Rejected(response) => rejected(labels, response),
        TelemetryEvent::Handshake { code, status } => {
            close(code, status);
            info!(target: TARGET, scheme, endpoint, code, status, "a handshake was answered");
        }
        TelemetryEvent::Verified { secret, body_bytes, .. } => {
            verified(labels, secret, body_bytes);
        }
        TelemetryEvent::MalformedJson => info!(
            target: TARGET, scheme, endpoint, code = "malformed_json",
            "the body of a verified delivery is not the JSON that its handler expects"
        ),
        TelemetryEvent::Identified(digest) => {
            record("event", const_hex::encode(digest).as_str());
        }
        TelemetryEvent::StoreQueried(_) => {}
        TelemetryEvent::StoreFailed(error) => error!(
            target: TARGET, scheme, endpoint, reason = %Causes(error),
            "the idempotency store failed"
        ),
        TelemetryEvent::StoreRecovered => {
            info!(target: TARGET, scheme, endpoint, "the idempotency store is available again");
        }
        TelemetryEvent::Waited(waited) => debug!(
            target: TARGET, scheme, endpoint, ms = millis(waited),
            "waited for another attempt at the event"
        ),
        TelemetryEvent::Claimed(granted) => claimed(labels, granted),
        TelemetryEvent::NotClaimed { response, .. } => not_claimed(labels, response),
        TelemetryEvent::Handled { status: Some(status), took } => {
            let is_success = (200..300).contains(&status);
            let code = if is_success { "handled" } else { "handler_failed" };
            close(code, status);
            let ms = millis(took);
            if is_success {
                debug!(target: TARGET, scheme, endpoint, code, status, ms, "handled");
            } else {
                warn!(target: TARGET, scheme, endpoint, code, status, ms, "the handler failed");
            }
        }
        TelemetryEvent::Handled { status: None, took } => {
            record("code", "handler_failed");
            warn!(
                target: TARGET, scheme, endpoint, code = "handler_failed", ms = millis(took),
                "the handler ended with an error"
            );
        }
        TelemetryEvent::HandlerPanicked { took } => {
            close("handler_failed", 500);
            error!(
                target: TARGET, scheme, endpoint, code = "handler_failed", ms = millis(took),
                "the handler panicked"
            );
        }
        TelemetryEvent::HandlerStopped { took } => {
            record("code", "handler_stopped");
            warn!(
                target: TARGET, scheme, endpoint, code = "handler_stopped", ms = millis(took),
                "the handler was stopped before it ended"
            );
        }
        TelemetryEvent::HandlerTimedOut => warn!(
            target: TARGET, scheme, endpoint, code = "handler_timeout",
            "the handler timed out and is still running in the background"
        ),
        TelemetryEvent::RulePanicked { status } => error!(
            target: TARGET, scheme, endpoint, status,
            "the outcome rule panicked: the claim is settled by the default rule"
        ),
        TelemetryEvent::Settled(how) => {
            debug!(target: TARGET, scheme, endpoint, code = how.code(), "the claim is settled");
        }
        TelemetryEvent::LateCompletion => warn!(
            target: TARGET, scheme, endpoint,
            "an attempt succeeded whose event another attempt had claimed too: possibly handled twice"
        ),
        TelemetryEvent::LeaseLost => {
            warn!(target: TARGET, scheme, endpoint, "the event is claimed by another attempt");
        }
        TelemetryEvent::RenewalFailed => {
            debug!(target: TARGET, scheme, endpoint, "a lease could not be renewed: retrying");
        }
        TelemetryEvent::ReleaseRetried => {
            debug!(target: TARGET, scheme, endpoint, "an event was released in the background");
        }
        TelemetryEvent::ReleaseLost => warn!(
            target: TARGET, scheme, endpoint,
            "an event could not be released: it is available again when its lease expires"
        ),
        TelemetryEvent::CompletionRetried => {
            info!(target: TARGET, scheme, endpoint, "a success was recorded in the background");
        }
        TelemetryEvent::CompletedAfterOutage => info!(
            target: TARGET, scheme, endpoint,
            "a success was recorded for an event that was claimed while the store was unavailable"
        ),
        TelemetryEvent::CompletionLost => error!(
            target: TARGET, scheme, endpoint,
            "a success could not be recorded: its event may be handled again"
        ),
    }
}

/// An error with its causes, on one line.
struct Causes<'a>(&'a dyn Error);

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        for cause in successors(self.0.source(), |&cause| cause.source()) {
            write!(f, ": {cause}")?;
        }
        Ok(())
    }
}

/// Emits an event at the level of a response.
macro_rules! at_severity {
    ($severity:expr, $($event:tt)+) => {
        match $severity {
            Severity::Debug => debug!($($event)+),
            Severity::Info => info!($($event)+),
            Severity::Warn => warn!($($event)+),
            Severity::Error => error!($($event)+),
        }
    };
}

fn rejected(Labels { scheme, endpoint }: &Labels, response: Response<'_>) {
    let Response { code, status, reason, severity } = response;
    let (scheme, endpoint) = (&**scheme, &**endpoint);
    close(code, status);
    at_severity!(
        severity,
        target: TARGET, scheme, endpoint, code, status, reason = %reason, "rejected"
    );
}

fn verified(Labels { scheme, endpoint }: &Labels, secret: SecretLabel<'_>, bytes: usize) {
    let (scheme, endpoint) = (&**scheme, &**endpoint);
    let secret = secret.text();
    record("secret", &*secret);
    debug!(target: TARGET, scheme, endpoint, secret = &*secret, bytes, "verified");
}

fn claimed(Labels { scheme, endpoint }: &Labels, granted: Granted) {
    let Granted { attempt, reclaimed, degraded, possible_duplicate } = granted;
    let (scheme, endpoint) = (&**scheme, &**endpoint);
    record("attempt", attempt);
    if possible_duplicate && degraded.is_none() {
        info!(
            target: TARGET, scheme, endpoint, code = "possible_duplicate",
            "a delivery with the same id was handled before or is being handled: this one is \
             handled as a possible duplicate"
        );
    } else if reclaimed {
        info!(
            target: TARGET, scheme, endpoint, attempt,
            "claimed from a crashed attempt: its effects may already exist"
        );
    } else {
        debug!(target: TARGET, scheme, endpoint, attempt, "claimed");
    }
    match degraded {
        None => {}
        Some(degraded @ DegradedClaim::LocalFallback) => warn!(
            target: TARGET, scheme, endpoint, code = degraded.code(),
            "the store is unavailable: the event is claimed in this process only"
        ),
        Some(degraded @ DegradedClaim::FailOpen) => warn!(
            target: TARGET, scheme, endpoint, code = degraded.code(),
            "the store is unavailable: the event is handled without a claim"
        ),
    }
}

fn not_claimed(Labels { scheme, endpoint }: &Labels, response: Response<'_>) {
    let Response { code, status, reason, severity } = response;
    let (scheme, endpoint) = (&**scheme, &**endpoint);
    close(code, status);
    at_severity!(
        severity,
        target: TARGET, scheme, endpoint, code, status, reason = %reason, "not claimed"
    );
}

fn close(code: &'static str, status: u16) {
    record("code", code);
    record("status", status);
}

/// Sets a field of the request's span. If that span is filtered out, the current span
/// belongs to other code and may have a field with this name, so its name is checked.
fn record(field: &'static str, value: impl Value) {
    let span = ::tracing::Span::current();
    if span.metadata().is_some_and(|metadata| metadata.name() == SPAN) {
        span.record(field, value);
    }
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

const TARGET: &str = "countersign";
const SPAN: &str = "countersign.delivery";
