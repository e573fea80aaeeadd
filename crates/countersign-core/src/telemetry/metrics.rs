//! Metrics, through the facade `metrics`. The list of metrics is data, which is used
//! for counting and for descriptions.

mod list;
mod series;

use std::time::Duration;

use ::metrics::{Level, Metadata, Unit};

use super::event::{Granted, TelemetryEvent};
use super::labels::Labels;

pub use list::{METRICS, Metric, MetricKind};
pub(super) use series::Series;

/// Passes the description of each metric to the installed recorder. Call it once,
/// after the recorder is installed.
pub fn describe_metrics() {
    for metric in METRICS {
        let unit = match metric.name {
            name if name.ends_with("_seconds") => Unit::Seconds,
            name if name.ends_with("_bytes") => Unit::Bytes,
            _ => Unit::Count,
        };
        match metric.kind {
            MetricKind::Counter => ::metrics::describe_counter!(metric.name, unit, metric.help),
            MetricKind::Histogram { .. } => {
                ::metrics::describe_histogram!(metric.name, unit, metric.help);
            }
        }
    }
}

pub(crate) fn record(labels: &Labels, notice: &TelemetryEvent<'_>) {
    match *notice {
        TelemetryEvent::Handshake { .. } => count(labels, &list::HANDSHAKES),
        TelemetryEvent::Rejected(response) => count_by(labels, &list::REJECTED, response.code),
        TelemetryEvent::Verified {
            secret,
            body_bytes,
            signed_at_unix_ms,
            clock,
            body_took,
            verify_took,
        } => {
            count_by(labels, &list::VERIFIED, &secret.text());
            observe(labels, &list::BODY_BYTES, body_bytes as f64);
            observe_time(labels, &list::BODY_SECONDS, body_took);
            observe_time(labels, &list::VERIFY_SECONDS, verify_took);
            if let Some(signed_at) = signed_at_unix_ms {
                let skew_ms = clock.now_unix_ms().saturating_sub(signed_at);
                observe(labels, &list::TIME_SKEW_SECONDS, skew_ms as f64 / 1000.0);
            }
        }
        TelemetryEvent::MalformedJson => count(labels, &list::MALFORMED_JSON),
        TelemetryEvent::Identified(_)
        | TelemetryEvent::Configured(_)
        | TelemetryEvent::SecretWarning(_)
        | TelemetryEvent::BodyChanged(_)
        | TelemetryEvent::AppliedTwice
        | TelemetryEvent::StoreFailed(_)
        | TelemetryEvent::StoreRecovered
        | TelemetryEvent::RulePanicked { .. } => {}
        TelemetryEvent::StoreQueried(took) => observe_time(labels, &list::CLAIM_SECONDS, took),
        TelemetryEvent::Waited(waited) => {
            observe_time(labels, &list::IN_FLIGHT_WAIT_SECONDS, waited);
        }
        TelemetryEvent::Claimed(granted) => {
            let code = match granted {
                // Every degraded claim may be one, and is counted as degraded.
                Granted { possible_duplicate: true, degraded: None, .. } => "possible_duplicate",
                Granted { reclaimed: true, .. } => "reclaimed",
                _ => "granted",
            };
            count_by(labels, &list::CLAIMS, code);
            if let Some(degraded) = granted.degraded {
                count_by(labels, &list::DEGRADED, degraded.code());
            }
        }
        TelemetryEvent::NotClaimed { response, has_other_body } => {
            count_by(labels, &list::CLAIMS, response.code);
            if has_other_body {
                count(labels, &list::OTHER_BODY);
            }
        }
        TelemetryEvent::Handled { status, took } => {
            let is_success = status.is_some_and(|status| (200..300).contains(&status));
            handled(labels, if is_success { "handled" } else { "handler_failed" }, took);
        }
        TelemetryEvent::HandlerPanicked { took } => handled(labels, "handler_failed", took),
        TelemetryEvent::HandlerStopped { took } => handled(labels, "handler_stopped", took),
        TelemetryEvent::HandlerTimedOut => count(labels, &list::HANDLER_TIMEOUTS),
        TelemetryEvent::Settled(how) => count_by(labels, &list::SETTLED, how.code()),
        TelemetryEvent::LateCompletion => count(labels, &list::COMPLETED_LATE),
        TelemetryEvent::LeaseLost => count(labels, &list::LEASE_LOST),
        TelemetryEvent::RenewalFailed => count(labels, &list::RENEWAL_FAILED),
        TelemetryEvent::ReleaseRetried => count(labels, &list::GIVEN_BACK),
        TelemetryEvent::ReleaseLost => count(labels, &list::GIVE_BACK_LOST),
        TelemetryEvent::CompletionRetried => count(labels, &list::RECORDED_IN_BACKGROUND),
        TelemetryEvent::CompletedAfterOutage => count(labels, &list::RECORDED_AFTER_OUTAGE),
        TelemetryEvent::CompletionLost => count(labels, &list::RECORD_LOST),
    }
}

fn handled(labels: &Labels, code: &'static str, took: Duration) {
    count_by(labels, &list::HANDLERS, code);
    observe_time(labels, &list::HANDLER_SECONDS, took);
}

fn count(labels: &Labels, metric: &Metric) {
    count_by(labels, metric, "");
}

/// Increments a counter with a value for the metric's own label, which is its last.
fn count_by(labels: &Labels, metric: &Metric, value: &str) {
    labels.series.with_key(labels, metric, value, |key| {
        ::metrics::with_recorder(|recorder| {
            recorder.register_counter(key, &METADATA).increment(1);
        });
    });
}

fn observe_time(labels: &Labels, metric: &Metric, took: Duration) {
    observe(labels, metric, took.as_secs_f64());
}

fn observe(labels: &Labels, metric: &Metric, value: f64) {
    labels.series.with_key(labels, metric, "", |key| {
        ::metrics::with_recorder(|recorder| {
            recorder.register_histogram(key, &METADATA).record(value);
        });
    });
}

static METADATA: Metadata<'static> =
    Metadata::new(module_path!(), Level::INFO, Some(module_path!()));
