//! Metrics and tracing for deliveries. No-ops unless the features `metrics` and
//! `tracing` are enabled.

#[cfg_attr(
    not(all(feature = "metrics", feature = "tracing")),
    allow(dead_code, reason = "metrics and tracing each use only some of the fields")
)]
mod event;
#[cfg(any(feature = "metrics", feature = "tracing"))]
mod labels;
#[cfg(feature = "metrics")]
mod metrics;
#[cfg(not(all(feature = "metrics", feature = "tracing")))]
mod none;
mod once;
mod span;
#[cfg(feature = "tracing")]
mod tracing;

#[cfg(feature = "metrics")]
pub use metrics::{METRICS, Metric, MetricKind, describe_metrics};
pub use span::{DeliverySpan, HandlerGuard};

pub(crate) use event::{
    Configuration, DegradedClaim, EventLabel, Granted, Response, SecretLabel, Settlement, Severity,
    StoreConfiguration, TelemetryEvent,
};
pub(crate) use labels::Stopwatch;
pub(crate) use once::{Once, OnceFlags};

use labels::Labels;
#[cfg(not(any(feature = "metrics", feature = "tracing")))]
use none::labels;
#[cfg(not(feature = "metrics"))]
use none::metrics;
#[cfg(not(feature = "tracing"))]
use none::tracing;

/// Records that the handler of this route takes a `Verified`, and no layer is in front of it.
#[cfg(any(feature = "axum", feature = "actix"))]
pub(crate) fn record_missing_layer(route: &str) {
    tracing::missing_layer(route);
}

/// Records that the handler of this route takes the transaction of an inbox layer, and there is none.
#[cfg(feature = "axum")]
pub(crate) fn record_missing_transaction(route: &str) {
    tracing::missing_transaction(route);
}

/// Whether anything reads the log now.
pub(crate) fn is_log_enabled() -> bool {
    tracing::is_log_enabled()
}

/// Records what happens at one endpoint.
#[derive(Clone)]
pub(crate) struct Recorder(Labels);

impl Recorder {
    pub(crate) fn new(scheme: &str, endpoint: &str) -> Self {
        Self(Labels::new(scheme, endpoint))
    }

    /// The log says of rejected requests that they were passed on.
    pub(crate) fn in_shadow(self) -> Self {
        Self(self.0.in_shadow())
    }

    pub(crate) fn record(&self, notice: &TelemetryEvent<'_>) {
        tracing::emit(&self.0, notice);
        metrics::record(&self.0, notice);
    }
}
