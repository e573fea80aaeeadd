//! Metrics in the Prometheus text format.

use std::time::Duration;

use bytes::Bytes;
use countersign::metrics::{METRICS, MetricKind, describe_metrics};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response};
use http_body_util::Full;
use metrics::{describe_counter, describe_gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::time::sleep;

use super::{FILTERED, HANDLER_TIMEOUTS, REPEATED_ATTEMPTS, TURNED_AWAY, queue};
use crate::usage_error::UsageError;

/// Collects the metrics of the whole process.
#[derive(Clone)]
pub(in crate::serve) struct Metrics(PrometheusHandle);

impl Metrics {
    pub(in crate::serve) fn collect() -> Result<Self, UsageError> {
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
        for (name, what) in GAUGES {
            describe_gauge!(name, what);
        }
        Ok(Self(handle))
    }

    /// Sorts measured values into histogram buckets at intervals. Otherwise they would accumulate
    /// in memory if no client scrapes the metrics.
    pub(in crate::serve) async fn keep(self) {
        loop {
            sleep(BETWEEN_UPKEEPS).await;
            self.0.run_upkeep();
        }
    }

    pub(in crate::serve) fn answer(&self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::from(self.0.render()));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(TEXT));
        response
    }
}

const GAUGES: [(&str, &str); 3] = [
    (queue::JOBS, "Jobs in the queue that are pending, running or dead"),
    (queue::OLDEST, "The age of the oldest job that is pending or running"),
    (queue::PAUSED, "1 if the target of the endpoint is paused"),
];

const OWN: [(&str, &str); 8] = [
    (queue::FULL, "Deliveries answered 503 because the queue was full"),
    (queue::ACCEPTED, "Deliveries that were stored in the queue and answered 202"),
    (queue::ATTEMPTS, "Attempts to forward a job of the queue"),
    (queue::DEAD_LETTERS, "Jobs of the queue whose last attempt has failed"),
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
