//! The metrics of `countersign serve`.

use metrics::counter;

#[cfg(feature = "metrics")]
mod exporter;
#[cfg(not(feature = "metrics"))]
#[path = "metrics/no_exporter.rs"]
mod exporter;
#[cfg_attr(
    not(any(feature = "sqlite", feature = "postgres")),
    allow(dead_code, reason = "there is no queue")
)]
pub(super) mod queue;

pub(super) use exporter::Metrics;

/// Increments a counter of an endpoint.
pub(super) fn count(name: &'static str, endpoint: &str) {
    counter!(name, "endpoint" => endpoint.to_owned()).increment(1);
}

pub(super) const FILTERED: &str = "countersign_serve_filtered_total";
pub(super) const HANDLER_TIMEOUTS: &str = "countersign_serve_handler_timeouts_total";
pub(super) const REPEATED_ATTEMPTS: &str = "countersign_serve_repeated_attempts_total";
pub(super) const TURNED_AWAY: &str = "countersign_serve_turned_away_total";
