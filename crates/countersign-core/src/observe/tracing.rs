//! Spans and events of `tracing`, under the target `countersign`.
//!
//! Nothing of a request stands in them but what core has made of it: no header,
//! no body, no id, and no name of a tenant.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::iter::successors;

use ::tracing::field::{Empty, Value};
use ::tracing::{Instrument, debug, error, info, info_span, warn};

use super::labels::{self, Labels};
use super::notice::Notice;
use crate::error::VerifyErrorKind;
use crate::idempotency::{Degraded, EventKey, Grant};
use crate::outcome::Answer;
use crate::verifier::Verified;

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

pub(crate) fn tell(labels: &Labels, notice: &Notice<'_>) {
    let Labels { scheme, endpoint } = labels;
    let (scheme, endpoint) = (&**scheme, &**endpoint);
    match *notice {
        Notice::Answered(answer) => answered(labels, answer),
        Notice::Verified { verified, .. } => proved(labels, verified),
        Notice::MalformedJson => info!(
            target: TARGET, scheme, endpoint, code = "malformed_json",
            "the body of a genuine delivery is not the JSON that its handler expects"
        ),
        Notice::Identified(key) => record("event", short(key).as_str()),
        Notice::Asked(_) => {}
        Notice::StoreFailed(error) => error!(
            target: TARGET, scheme, endpoint, reason = %Causes(error),
            "the idempotency store failed"
        ),
        Notice::StoreRecovered => {
            info!(target: TARGET, scheme, endpoint, "the idempotency store is available again");
        }
        Notice::Waited(waited) => debug!(
            target: TARGET, scheme, endpoint, ms = millis(waited),
            "waited for another attempt at the event"
        ),
        Notice::Claimed(grant) => claimed(labels, grant),
        Notice::NotClaimed(answer) => not_claimed(labels, answer),
        Notice::Handled { status: Some(status), took } => {
            let is_success = (200..300).contains(&status);
            let code = if is_success { "handled" } else { "handler_failed" };
            close(code, status);
            let ms = millis(took);
            if is_success {
                debug!(target: TARGET, scheme, endpoint, code, status, ms, "handled");
            } else {
                warn!(target: TARGET, scheme, endpoint, code, status, ms, "the handler has failed");
            }
        }
        Notice::Handled { status: None, took } => {
            record("code", "handler_failed");
            warn!(
                target: TARGET, scheme, endpoint, code = "handler_failed", ms = millis(took),
                "the handler ended with an error"
            );
        }
        Notice::HandlerPanicked { took } => {
            close("handler_failed", 500);
            error!(
                target: TARGET, scheme, endpoint, code = "handler_failed", ms = millis(took),
                "the handler panicked"
            );
        }
        Notice::HandlerStopped { took } => {
            record("code", "handler_stopped");
            warn!(
                target: TARGET, scheme, endpoint, code = "handler_stopped", ms = millis(took),
                "the handler was stopped before its end"
            );
        }
        Notice::HandlerTimedOut => warn!(
            target: TARGET, scheme, endpoint, code = Answer::HandlerTimeout.code(),
            "the handler is past its deadline and goes on"
        ),
        Notice::RulePanicked { status } => error!(
            target: TARGET, scheme, endpoint, status,
            "the outcome rule panicked: the claim is settled by the default rule"
        ),
        Notice::Settled(how) => {
            debug!(target: TARGET, scheme, endpoint, code = how.code(), "the claim is settled");
        }
        Notice::CompletedLate => warn!(
            target: TARGET, scheme, endpoint,
            "an attempt succeeded whose event another one has, or had, too: perhaps it was handled twice"
        ),
        Notice::LeaseLost => {
            warn!(target: TARGET, scheme, endpoint, "the event is in the hands of another attempt");
        }
        Notice::GivenBack => {
            debug!(target: TARGET, scheme, endpoint, "an event was given back in the background");
        }
        Notice::GiveBackLost => warn!(
            target: TARGET, scheme, endpoint,
            "an event could not be given back: it is free when its lease has run out"
        ),
        Notice::RecordedInBackground => {
            info!(target: TARGET, scheme, endpoint, "a success was recorded in the background");
        }
        Notice::RecordedAfterOutage => info!(
            target: TARGET, scheme, endpoint,
            "a success was recorded that was claimed while the store was unavailable"
        ),
        Notice::RecordLost => error!(
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

fn answered(Labels { scheme, endpoint }: &Labels, answer: &Answer) {
    let (scheme, endpoint, code) = (&**scheme, &**endpoint, answer.code());
    let status = answer.status();
    close(code, status);
    match answer {
        Answer::Handshake(_) => {
            info!(target: TARGET, scheme, endpoint, code, status, "a handshake was answered");
        }
        // Whoever knows the path can bring these about, and as many of them as it likes.
        Answer::Refused(error)
            if error.status() < 500 || error.kind() == VerifyErrorKind::UnknownTenant =>
        {
            info!(target: TARGET, scheme, endpoint, code, status, reason = %error, "refused");
        }
        _ => warn!(target: TARGET, scheme, endpoint, code, status, reason = %answer, "refused"),
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
    let Grant { epoch, reclaimed, degraded, possible_duplicate } = grant;
    let (scheme, endpoint) = (&**scheme, &**endpoint);
    record("attempt", epoch);
    if possible_duplicate {
        info!(
            target: TARGET, scheme, endpoint, code = "possible_duplicate",
            "a delivery of the same id was handled before or is being handled: it is handled as a \
             possible duplicate"
        );
    } else if reclaimed {
        info!(
            target: TARGET, scheme, endpoint, attempt = epoch,
            "claimed from an attempt that has died: its effect may be there already"
        );
    } else {
        debug!(target: TARGET, scheme, endpoint, attempt = epoch, "claimed");
    }
    match degraded {
        None => {}
        Some(Degraded::LocalFallback) => warn!(
            target: TARGET, scheme, endpoint, code = "local_fallback",
            "the store cannot be asked: the event is claimed in this process only"
        ),
        Some(Degraded::FailOpen) => warn!(
            target: TARGET, scheme, endpoint, code = "fail_open",
            "the store cannot be asked: the event is handled without a claim"
        ),
    }
}

fn not_claimed(Labels { scheme, endpoint }: &Labels, answer: &Answer) {
    let (scheme, endpoint, code) = (&**scheme, &**endpoint, answer.code());
    let status = answer.status();
    close(code, status);
    match answer {
        Answer::Duplicate { fingerprint_matches: true, .. } | Answer::InFlight { .. } => {
            debug!(target: TARGET, scheme, endpoint, code, status, reason = %answer, "not claimed");
        }
        Answer::Exhausted { dead_lettered: false } => {
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

/// Fills in a field of the request's span. Where that is filtered out, the
/// current one is somebody else's, who may have a field of this name.
fn record(field: &'static str, value: impl Value) {
    let span = ::tracing::Span::current();
    if span.metadata().is_some_and(|metadata| metadata.name() == SPAN) {
        span.record(field, value);
    }
}

/// As much of the key's digest as `Debug` shows.
fn short(key: &EventKey) -> String {
    const_hex::encode(&key.digest()[..4])
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

const TARGET: &str = "countersign";
const SPAN: &str = "countersign.delivery";
