//! Whose deliveries they are, and how long something took.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::verifier::Verified;

/// The names that stand on everything that is told.
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

/// The secret that has signed a delivery: its name, or where it has none its
/// number. A tenant's by the number alone: of names there would be as many as
/// there are tenants.
pub(super) fn secret(verified: &Verified) -> Cow<'_, str> {
    match (verified.secret_name(), verified.tenant()) {
        (Some(name), None) => Cow::Borrowed(name),
        _ => Cow::Owned(verified.secret_index().to_string()),
    }
}

/// Runs from its making on.
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
