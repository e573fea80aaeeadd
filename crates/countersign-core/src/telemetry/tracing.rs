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

use super::event::TelemetryEvent;
use super::labels::{self, Labels};
use crate::error::VerifyErrorKind;
use crate::idempotency::{Degraded, EventKey, Grant};
use crate::receive::outcome::EarlyResponse;
use crate::verify::Verified;

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
        TelemetryEvent::Responded(answer) => answered(labels, answer),
        TelemetryEvent::Verified { verified, .. } => proved(labels, verified),
        TelemetryEvent::MalformedJson => info!(
            target: TARGET, scheme, endpoint, code = "malformed_json",
            "the body of a verified delivery is not the JSON that its handler expects"
        ),
        TelemetryEvent::Identified(key) => record("event", short(key).as_str()),
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
        TelemetryEvent::Claimed(grant) => claimed(labels, grant),
        TelemetryEvent::NotClaimed(answer) => not_claimed(labels, answer),
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
            target: TARGET, scheme, endpoint, code = EarlyResponse::HandlerTimeout.code(),
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

fn answered(Labels { scheme, endpoint }: &Labels, answer: &EarlyResponse) {
    let (scheme, endpoint, code) = (&**scheme, &**endpoint, answer.code());
    let status = answer.status();
    close(code, status);
    match answer {
        EarlyResponse::Handshake(_) => {
            info!(target: TARGET, scheme, endpoint, code, status, "a handshake was answered");
        }
        // Any client that knows the path can cause these, in any number.
        EarlyResponse::Rejected(error)
            if error.status() < 500 || error.kind() == VerifyErrorKind::UnknownTenant =>
        {
            info!(target: TARGET, scheme, endpoint, code, status, reason = %error, "rejected");
        }
        _ => warn!(target: TARGET, scheme, endpoint, code, status, reason = %answer, "rejected"),
    }
}

fn proved(Labels { scheme, endpoint }: &Labels, verified: &Verified) {
    let (scheme, endpoint) = (&**scheme, &**endpoint);
    let secret = labels::secret(verified);
    record("secret", &*secret);
    let bytes = verified.body().len();
    debug!(target: TARGET, scheme, endpoint, secret = &*secret, bytes, "verified");
}

fn claimed(Labels { scheme, endpoint }: &Labels, grant: Grant) {
    let Grant { attempt: epoch, reclaimed, degraded, possible_duplicate } = grant;
    let (scheme, endpoint) = (&**scheme, &**endpoint);
    record("attempt", epoch);
    if possible_duplicate && degraded.is_none() {
        info!(
            target: TARGET, scheme, endpoint, code = "possible_duplicate",
            "a delivery with the same id was handled before or is being handled: this one is \
             handled as a possible duplicate"
        );
    } else if reclaimed {
        info!(
            target: TARGET, scheme, endpoint, attempt = epoch,
            "claimed from a crashed attempt: its effects may already exist"
        );
    } else {
        debug!(target: TARGET, scheme, endpoint, attempt = epoch, "claimed");
    }
    match degraded {
        None => {}
        Some(Degraded::LocalFallback) => warn!(
            target: TARGET, scheme, endpoint, code = "local_fallback",
            "the store is unavailable: the event is claimed in this process only"
        ),
        Some(Degraded::FailOpen) => warn!(
            target: TARGET, scheme, endpoint, code = "fail_open",
            "the store is unavailable: the event is handled without a claim"
        ),
    }
}

fn not_claimed(Labels { scheme, endpoint }: &Labels, answer: &EarlyResponse) {
    let (scheme, endpoint, code) = (&**scheme, &**endpoint, answer.code());
    let status = answer.status();
    close(code, status);
    match answer {
        EarlyResponse::Duplicate { fingerprint_matches: true, .. }
        | EarlyResponse::InFlight { .. } => {
            debug!(target: TARGET, scheme, endpoint, code, status, reason = %answer, "not claimed");
        }
        EarlyResponse::Exhausted { dead_lettered: false } => {
            error!(target: TARGET, scheme, endpoint, code, status, reason = %answer, "not claimed");
        }
        _ => {
            warn!(target: TARGET, scheme, endpoint, code, status, reason = %answer, "not claimed");
        }
    }
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

/// The beginning of the key's digest, as `Debug` shows it.
fn short(key: &EventKey) -> String {
    const_hex::encode(&key.digest()[..4])
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

const TARGET: &str = "countersign";
const SPAN: &str = "countersign.delivery";
