//! Metrics in the Prometheus text format.

use std::time::Duration;

use bytes::Bytes;
use countersign::metrics::{METRICS, MetricKind, describe_metrics};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response};
use http_body_util::Full;
use metrics::{counter, describe_counter};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::time::sleep;

use crate::usage_error::UsageError;

/// Collects the metrics of the whole process.
#[derive(Clone)]
pub(super) struct Metrics(PrometheusHandle);

impl Metrics {
    pub(super) fn collect() -> Result<Self, UsageError> {
        let cannot = |error| UsageError::because("metrics cannot be collected", error);
        let mut exporter = PrometheusBuilder::new();
        for metric in METRICS {
            if let MetricKind::Histogram { buckets, .. } = metric.kind {
                let this = Matcher::Full(metric.name.to_owned());
                exporter = exporter.set_buckets_for_metric(this, buckets).map_err(cannot)?;
            }
        }
        let handle = exporter.install_recorder().map_err(cannot)?;
        describe_metrics();
        for (name, what) in OWN {
            describe_counter!(name, what);
        }
        Ok(Self(handle))
    }

    /// Sorts measured values into histogram buckets at intervals. Otherwise they would accumulate
    /// in memory if no client scrapes the metrics.
    pub(super) async fn keep(self) {
        loop {
            sleep(BETWEEN_UPKEEPS).await;
            self.0.run_upkeep();
        }
    }

    pub(super) fn answer(&self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::from(self.0.render()));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(TEXT));
        response
    }
}

/// Increments a counter of an endpoint.
pub(super) fn count(name: &'static str, endpoint: &str) {
    counter!(name, "endpoint" => endpoint.to_owned()).increment(1);
}

pub(super) const FILTERED: &str = "countersign_serve_filtered_total";
pub(super) const HANDLER_TIMEOUTS: &str = "countersign_serve_handler_timeouts_total";
pub(super) const REPEATED_ATTEMPTS: &str = "countersign_serve_repeated_attempts_total";
pub(super) const TURNED_AWAY: &str = "countersign_serve_turned_away_total";
const OWN: [(&str, &str); 4] = [
    (
        FILTERED,
        "Verified events that were acknowledged and not handled, because `only` leaves out their type",
    ),
    (
        HANDLER_TIMEOUTS,
        "Events released because they were not handled within handler_timeout; each may be \
         handled again while the first attempt is still running",
    ),
    (REPEATED_ATTEMPTS, "Events forwarded again after an earlier attempt"),
    (TURNED_AWAY, "Deliveries answered 503 because too many were in progress"),
];

const BETWEEN_UPKEEPS: Duration = Duration::from_secs(5);
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
