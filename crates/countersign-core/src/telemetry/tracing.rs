//! Spans and events of `tracing`, under the target `countersign`.
//!
//! They contain no text of a request but the event's id, which is signed: no header, no body, and no
//! name of a tenant.
//!
//! The fields of a request's span are not repeated in its events, so that no field is twice in a line.
//! Events outside of such a span have the fields themselves.

use std::future::Future;
use std::time::Duration;

use ::tracing::field::{Empty, Value, display};
use ::tracing::{Instrument, Level, debug, enabled, error, info, info_span, warn};

use super::event::{
    Configuration, DegradedClaim, EventLabel, Granted, Response, SecretLabel, Severity,
    StoreConfiguration, TelemetryEvent,
};
use super::labels::Labels;
use crate::error::Causes;
use crate::error::human::{HumanBytes, HumanDuration};
use crate::time::tolerance::Tolerance;

/// The span of one request.
#[derive(Clone)]
pub(crate) struct Span(::tracing::Span);

impl Span {
    pub(crate) fn new(Labels { scheme, endpoint, .. }: &Labels) -> Self {
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

    pub(crate) fn is_enabled(&self) -> bool {
        !self.0.is_disabled()
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

/// Whether anything reads warnings now.
pub(crate) fn is_log_enabled() -> bool {
    enabled!(target: TARGET, Level::WARN)
}

pub(crate) fn emit(labels: &Labels, notice: &TelemetryEvent<'_>) {
    let (scheme, endpoint) = own(labels);
    match *notice {
        TelemetryEvent::Rejected(response) => rejected(labels, response),
        TelemetryEvent::Handshake { code, status } => {
            let (code, status) = close(code, status);
            info!(target: TARGET, scheme, endpoint, code, status, "a handshake was answered");
        }
        TelemetryEvent::Verified { secret, body_bytes, .. } => {
            verified(labels, secret, body_bytes);
        }
        TelemetryEvent::MalformedJson => info!(
            target: TARGET, scheme, endpoint, code = "malformed_json",
            "the body of a verified delivery is not the JSON that its handler expects"
        ),
        TelemetryEvent::Identified(label) => identified(label),
        TelemetryEvent::Configured(configuration) => configured(labels, configuration),
        TelemetryEvent::SecretWarning(warning) => {
            warn!(target: TARGET, scheme, endpoint, "{warning}");
        }
        TelemetryEvent::BodyChanged(how) => {
            warn!(target: TARGET, scheme, endpoint, "{how}");
        }
        TelemetryEvent::AppliedTwice => error!(
            target: TARGET, scheme, endpoint,
            "the layer is applied twice to the same route: the inner one passes every request on; \
             remove one of them"
        ),
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
            let (code, status) = close(code, status);
            let ms = millis(took);
            if is_success {
                info!(target: TARGET, scheme, endpoint, code, status, ms, "handled");
            } else {
                warn!(target: TARGET, scheme, endpoint, code, status, ms, "the handler failed");
            }
        }
        TelemetryEvent::Handled { status: None, took } => {
            let code = record("code", "handler_failed");
            warn!(
                target: TARGET, scheme, endpoint, code, ms = millis(took),
                "the handler ended with an error"
            );
        }
        TelemetryEvent::HandlerPanicked { took } => {
            let (code, _) = close("handler_failed", 500);
            error!(
                target: TARGET, scheme, endpoint, code, ms = millis(took),
                "the handler panicked"
            );
        }
        TelemetryEvent::HandlerStopped { took } => {
            let code = record("code", "handler_stopped");
            warn!(
                target: TARGET, scheme, endpoint, code, ms = millis(took),
                "the handler was stopped before it ended"
            );
        }
        TelemetryEvent::HandlerTimedOut => warn!(
            target: TARGET, scheme, endpoint, code = "handler_timeout",
            "the handler timed out and is still running in the background"
        ),
        TelemetryEvent::RulePanicked { status } => error!(
            target: TARGET, scheme, endpoint, handler_status = status,
            "the outcome rule panicked: the claim is settled by the default rule"
        ),
        TelemetryEvent::Settled(how) => {
            debug!(target: TARGET, scheme, endpoint, outcome = how.code(), "the claim is settled");
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

fn identified(label: EventLabel<'_>) {
    match label {
        EventLabel::Id(id) => {
            let end = id.char_indices().nth(MAX_ID_CHARS).map_or(id.len(), |(end, _)| end);
            record("event", &id[..end]);
        }
        EventLabel::Digest(digest) => {
            record("event", const_hex::encode(digest).as_str());
        }
        EventLabel::Private => {}
    }
}

fn configured(labels: &Labels, configuration: Configuration) {
    let (scheme, endpoint) = own(labels);
    let Configuration { secrets, tolerance, body_limit, body_timeout, store } = configuration;
    let secrets = secrets.map_or("of tenants".to_owned(), |count| count.to_string());
    let shown = |of: fn(&StoreConfiguration) -> Option<Duration>| {
        store.as_ref().and_then(of).map(|duration| display(HumanDuration::new(duration)))
    };
    info!(
        target: TARGET,
        scheme,
        endpoint,
        mode = labels.is_shadow.then_some("shadow"),
        secrets,
        tolerance = tolerance.map_or("none".to_owned(), shown_tolerance),
        body_limit = %HumanBytes(body_limit),
        body_timeout = %HumanDuration::new(body_timeout),
        store = store.map_or("none", |store| store.store),
        retention = shown(|store| Some(store.retention)),
        lease = shown(|store| store.lease),
        ack_deadline = shown(|store| Some(store.ack_deadline)),
        "endpoint ready"
    );
}

fn shown_tolerance(tolerance: Tolerance) -> String {
    let side = |limit: Option<Duration>| {
        limit.map_or("unlimited".to_owned(), |limit| HumanDuration::new(limit).to_string())
    };
    let (past, future) = (side(tolerance.past()), side(tolerance.future()));
    if past == future { past } else { format!("{past} past, {future} future") }
}

fn rejected(labels: &Labels, response: Response<'_>) {
    let Response { code, status, reason, severity } = response;
    let (scheme, endpoint) = own(labels);
    let (code, status) = close(code, status);
    let message = if labels.is_shadow { "would be rejected, passed on" } else { "rejected" };
    at_severity!(
        severity,
        target: TARGET, scheme, endpoint, code, status, reason = %reason, "{message}"
    );
}

fn verified(labels: &Labels, secret: SecretLabel<'_>, bytes: usize) {
    let (scheme, endpoint) = own(labels);
    let secret = secret.text();
    let secret = record("secret", &*secret);
    debug!(target: TARGET, scheme, endpoint, secret, bytes, "verified");
}

fn claimed(labels: &Labels, granted: Granted) {
    let Granted { attempt, reclaimed, degraded, possible_duplicate } = granted;
    let (scheme, endpoint) = own(labels);
    let attempt = record("attempt", attempt);
    if possible_duplicate && degraded.is_none() {
        info!(
            target: TARGET, scheme, endpoint, attempt, code = "possible_duplicate",
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

fn not_claimed(labels: &Labels, response: Response<'_>) {
    let Response { code, status, reason, severity } = response;
    let (scheme, endpoint) = own(labels);
    let (code, status) = close(code, status);
    at_severity!(
        severity,
        target: TARGET, scheme, endpoint, code, status, reason = %reason, "not claimed"
    );
}

/// Records that a handler takes a `Verified`, and its route is not behind a layer.
#[cfg(any(feature = "axum", feature = "actix"))]
pub(crate) fn missing_layer(route: &str) {
    error!(
        target: TARGET, route,
        "the handler takes a `Verified`, and no layer or middleware in front of its route verifies \
         deliveries: add one to the route"
    );
}

/// Records that a handler takes the transaction of an inbox layer, and there is none.
#[cfg(feature = "axum")]
pub(crate) fn missing_transaction(route: &str) {
    error!(
        target: TARGET, route,
        "the handler takes an `InboxTransaction`, and no inbox layer in front of its route has one of \
         this type, or the handler takes it twice"
    );
}

/// The scheme and the endpoint, for an event that is not inside the span of a request.
fn own(Labels { scheme, endpoint, .. }: &Labels) -> (Option<&str>, Option<&str>) {
    match is_in_span() {
        true => (None, None),
        false => (Some(&**scheme), Some(&**endpoint)),
    }
}

/// Sets the result in the request's span. Returns what the event has to have itself.
fn close(code: &'static str, status: u16) -> (Option<&'static str>, Option<u16>) {
    (record("code", code), record("status", status))
}

/// Sets a field of the request's span. Returns the value if there is no such span, for the event.
///
/// If that span is filtered out, the current span belongs to other code and may have a field with
/// this name.
fn record<V: Value + Copy>(field: &'static str, value: V) -> Option<V> {
    if !is_in_span() {
        return Some(value);
    }
    ::tracing::Span::current().record(field, value);
    None
}

/// Whether the current span is that of a request.
fn is_in_span() -> bool {
    ::tracing::Span::current().metadata().is_some_and(|metadata| metadata.name() == SPAN)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Longer ids are cut off.
const MAX_ID_CHARS: usize = 128;
const TARGET: &str = "countersign";
const SPAN: &str = "countersign.delivery";
