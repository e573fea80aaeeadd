//! The recorder, and its text.

use std::time::Duration;

use countersign::metrics::{METRICS, MetricKind, describe_metrics};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::time::sleep;

/// What the process has counted and measured so far.
#[derive(Clone)]
pub struct Scrape(PrometheusHandle);

impl Scrape {
    /// Collects from now on; once for the process.
    ///
    /// # Errors
    ///
    /// [`BuildError`] where somebody collects already.
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

    /// Sorts what was measured into its buckets now and then: nobody may be
    /// asking, and it would pile up.
    pub async fn keep(self) {
        loop {
            sleep(Duration::from_secs(5)).await;
            self.0.run_upkeep();
        }
    }

    /// The text that Prometheus reads.
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
