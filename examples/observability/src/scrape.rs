//! The metrics recorder, and the text that Prometheus scrapes.

use std::time::Duration;

use countersign::metrics::{METRICS, MetricKind, describe_metrics};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::time::sleep;

/// The metrics of the process.
#[derive(Clone)]
pub struct Scrape(PrometheusHandle);

impl Scrape {
    /// Installs the recorder. Call it once in a process.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if a recorder is already installed.
    pub fn install() -> Result<Self, BuildError> {
        let mut exporter = PrometheusBuilder::new();
        for metric in METRICS {
            if let MetricKind::Histogram { buckets, .. } = metric.kind {
                let this = Matcher::Full(metric.name.to_owned());
                exporter = exporter.set_buckets_for_metric(this, buckets)?;
            }
        }
        let handle = exporter.install_recorder()?;
        describe_metrics();
        Ok(Self(handle))
    }

    /// Moves the measurements into their buckets every 5 seconds. Without it they
    /// would accumulate in memory if Prometheus does not scrape.
    pub async fn keep(self) {
        loop {
            sleep(Duration::from_secs(5)).await;
            self.0.run_upkeep();
        }
    }

    /// Returns the text that Prometheus scrapes.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.render()
    }
}

impl std::fmt::Debug for Scrape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scrape").finish_non_exhaustive()
    }
}
