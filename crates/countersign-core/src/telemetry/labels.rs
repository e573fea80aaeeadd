//! The labels of metrics and spans, and a stopwatch.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::verify::Verified;

/// The names of the scheme and the endpoint, which are on every metric and event.
#[derive(Clone)]
pub(crate) struct Labels {
    pub(super) scheme: Arc<str>,
    pub(super) endpoint: Arc<str>,
}

impl Labels {
    pub(super) fn new(scheme: &str, endpoint: &str) -> Self {
        Self { scheme: scheme.into(), endpoint: endpoint.into() }
    }
}

/// The secret that signed a delivery: its name, or its index if it has no name. For
/// a tenant always the index: names would give as many label values as there are
/// tenants.
pub(super) fn secret(verified: &Verified) -> Cow<'_, str> {
    match (verified.secret_name(), verified.tenant()) {
        (Some(name), None) => Cow::Borrowed(name),
        _ => Cow::Owned(verified.secret_index().to_string()),
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
