//! No-op replacements for the features that are off.

#[cfg(not(any(feature = "metrics", feature = "tracing")))]
pub(super) mod labels {
    use std::time::Duration;

    #[derive(Clone)]
    pub(crate) struct Labels;

    impl Labels {
        pub(crate) fn new(_: &str, _: &str) -> Self {
            Self
        }

        pub(in crate::telemetry) fn in_shadow(self) -> Self {
            self
        }
    }

    /// Measures nothing and reads no clock.
    pub(crate) struct Stopwatch;

    impl Stopwatch {
        pub(crate) fn start() -> Self {
            Self
        }

        pub(crate) fn elapsed(&self) -> Duration {
            Duration::ZERO
        }
    }
}

#[cfg(not(feature = "metrics"))]
pub(super) mod metrics {
    use crate::telemetry::{Labels, TelemetryEvent};

    pub(crate) fn record(_: &Labels, _: &TelemetryEvent<'_>) {}
}

#[cfg(not(feature = "tracing"))]
pub(super) mod tracing {
    use crate::telemetry::{Labels, TelemetryEvent};

    pub(crate) fn is_log_enabled() -> bool {
        false
    }

    #[derive(Clone)]
    pub(crate) struct Span;

    impl Span {
        pub(crate) fn new(_: &Labels) -> Self {
            Self
        }

        pub(crate) fn is_enabled(&self) -> bool {
            false
        }

        pub(crate) fn in_scope<T>(&self, work: impl FnOnce() -> T) -> T {
            work()
        }

        pub(crate) fn instrument<F: Future>(&self, future: F) -> F {
            future
        }
    }

    #[cfg(any(feature = "axum", feature = "actix"))]
    pub(crate) fn missing_layer(_: &str) {}

    #[cfg(feature = "axum")]
    pub(crate) fn missing_transaction(_: &str) {}

    pub(crate) fn emit(_: &Labels, _: &TelemetryEvent<'_>) {}
}
