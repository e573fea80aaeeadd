//! Metrics in the Prometheus text format.

use std::time::Duration;

use bytes::Bytes;
use countersign::metrics::{METRICS, MetricKind, describe_metrics};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response};
use http_body_util::Full;
use metrics::{counter, describe_counter, describe_gauge, gauge};
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
        for (name, what) in GAUGES {
            describe_gauge!(name, what);
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

/// Counts an attempt at a job of the queue.
#[cfg_attr(not(feature = "sqlite"), allow(dead_code, reason = "there is no queue"))]
pub(super) fn count_attempt(endpoint: &str, result: &'static str) {
    counter!(QUEUE_ATTEMPTS, "endpoint" => endpoint.to_owned(), "result" => result).increment(1);
}

/// Sets the number of an endpoint's jobs in a state.
#[cfg_attr(not(feature = "sqlite"), allow(dead_code, reason = "there is no queue"))]
pub(super) fn set_jobs(endpoint: &str, state: &'static str, jobs: u64) {
    // Exact up to 2^53.
    let jobs = jobs as f64;
    gauge!(QUEUE_JOBS, "endpoint" => endpoint.to_owned(), "state" => state).set(jobs);
}

/// Sets the age of an endpoint's oldest job that is not done.
#[cfg_attr(not(feature = "sqlite"), allow(dead_code, reason = "there is no queue"))]
pub(super) fn set_oldest(endpoint: &str, age: Duration) {
    gauge!(QUEUE_OLDEST, "endpoint" => endpoint.to_owned()).set(age.as_secs_f64());
}

/// Sets whether an endpoint's target is paused.
#[cfg_attr(not(feature = "sqlite"), allow(dead_code, reason = "there is no queue"))]
pub(super) fn set_paused(endpoint: &str, is_paused: bool) {
    gauge!(QUEUE_PAUSED, "endpoint" => endpoint.to_owned()).set(f64::from(u8::from(is_paused)));
}

pub(super) const FILTERED: &str = "countersign_serve_filtered_total";
pub(super) const HANDLER_TIMEOUTS: &str = "countersign_serve_handler_timeouts_total";
pub(super) const REPEATED_ATTEMPTS: &str = "countersign_serve_repeated_attempts_total";
pub(super) const TURNED_AWAY: &str = "countersign_serve_turned_away_total";
pub(super) const QUEUE_ACCEPTED: &str = "countersign_serve_queue_accepted_total";
pub(super) const QUEUE_FULL: &str = "countersign_serve_queue_full_total";
pub(super) const QUEUE_DEAD_LETTERS: &str = "countersign_serve_queue_dead_letters_total";
const QUEUE_ATTEMPTS: &str = "countersign_serve_queue_attempts_total";
const QUEUE_JOBS: &str = "countersign_serve_queue_jobs";
const QUEUE_OLDEST: &str = "countersign_serve_queue_oldest_seconds";
const QUEUE_PAUSED: &str = "countersign_serve_queue_paused";

const GAUGES: [(&str, &str); 3] = [
    (QUEUE_JOBS, "Jobs in the queue that are pending, running or dead"),
    (QUEUE_OLDEST, "The age of the oldest job that is pending or running"),
    (QUEUE_PAUSED, "1 if the target of the endpoint is paused"),
];

const OWN: [(&str, &str); 8] = [
    (QUEUE_FULL, "Deliveries answered 503 because the queue was full"),
    (QUEUE_ACCEPTED, "Deliveries that were stored in the queue and answered 202"),
    (QUEUE_ATTEMPTS, "Attempts to forward a job of the queue"),
    (QUEUE_DEAD_LETTERS, "Jobs of the queue whose last attempt has failed"),
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
