//! The labels of metrics and spans, and a stopwatch.

use std::sync::Arc;
use std::time::{Duration, Instant};

/// The names of the scheme and the endpoint, which are on every metric and event.
#[derive(Clone)]
pub(crate) struct Labels {
    pub(super) scheme: Arc<str>,
    pub(super) endpoint: Arc<str>,
    /// Whether rejected requests are passed on.
    #[cfg_attr(not(feature = "tracing"), expect(dead_code, reason = "only the log shows it"))]
    pub(super) is_shadow: bool,
    #[cfg(feature = "metrics")]
    pub(super) series: Arc<super::metrics::Series>,
}

impl Labels {
    pub(super) fn new(scheme: &str, endpoint: &str) -> Self {
        Self {
            scheme: scheme.into(),
            endpoint: endpoint.into(),
            is_shadow: false,
            #[cfg(feature = "metrics")]
            series: Arc::new(super::metrics::Series::new()),
        }
    }

    pub(super) fn in_shadow(self) -> Self {
        Self { is_shadow: true, ..self }
    }
}

/// Measures the time since it was created.
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
