//! Metrics and tracing for deliveries. No-ops unless the features `metrics` and
//! `tracing` are enabled.

mod event;
#[cfg(any(feature = "metrics", feature = "tracing"))]
mod labels;
#[cfg(feature = "metrics")]
mod metrics;
#[cfg(not(all(feature = "metrics", feature = "tracing")))]
mod none;
mod span;
#[cfg(feature = "tracing")]
mod tracing;

#[cfg(feature = "metrics")]
pub use metrics::{METRICS, Metric, MetricKind, describe_metrics};
pub use span::{DeliverySpan, HandlerGuard};

pub(crate) use event::{Settlement, TelemetryEvent};
pub(crate) use labels::Stopwatch;

use labels::Labels;
#[cfg(not(any(feature = "metrics", feature = "tracing")))]
use none::labels;
#[cfg(not(feature = "metrics"))]
use none::metrics;
#[cfg(not(feature = "tracing"))]
use none::tracing;

use crate::idempotency::Endpoint;

/// Records what happens at one endpoint.
#[derive(Clone)]
pub(crate) struct Recorder(Labels);

impl Recorder {
    /// For an endpoint without a name: the scheme's name is used.
    pub(crate) fn of(scheme: &str) -> Self {
        Self(Labels::new(scheme, scheme))
    }

    pub(crate) fn at(scheme: &str, endpoint: &Endpoint) -> Self {
        Self(Labels::new(scheme, endpoint.name()))
    }

    pub(crate) fn record(&self, notice: &TelemetryEvent<'_>) {
        tracing::emit(&self.0, notice);
        metrics::record(&self.0, notice);
    }
}
