//! The queue in a program without SQLite and Postgres: it cannot be opened.

#![expect(dead_code, reason = "there is no queue")]

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use countersign::{Repeats, Scheme, Verified};
use http::{Request, Response};
use http_body_util::Full;
use tokio::time::Instant;

use super::config::{EndpointQueue, ForwardedHeaders, QueuePlan};
use super::forward::Forward;
use super::log::Log;
use super::store::Store;
use crate::usage_error::UsageError;

/// There are no values of it.
#[derive(Clone)]
pub(super) struct Queue(Infallible);

/// There are no values of it.
#[derive(Clone)]
pub(super) struct QueuedEndpoint(Infallible);

/// Marks the response to a delivery that was accepted.
#[derive(Clone)]
pub(super) struct Accepted {
    pub(super) job: i64,
}

/// What an endpoint of the queue needs.
pub(super) struct QueuedEndpointPlan {
    pub(super) path: Arc<str>,
    pub(super) scheme: Scheme,
    pub(super) retention: Duration,
    pub(super) repeats: Option<Repeats>,
    pub(super) queue: EndpointQueue,
    pub(super) forward: Forward,
    pub(super) forwarded_headers: ForwardedHeaders,
    pub(super) log: Log,
}

/// Marks the response to a delivery whose event was accepted before.
#[derive(Clone)]
pub(super) struct Duplicate;

impl Queue {
    pub(super) async fn open(plan: QueuePlan) -> Result<Self, UsageError> {
        let QueuePlan { location, max_bytes: _, keep: _, lease: _ } = plan;
        let missing = location.missing_feature().unwrap_or_default();
        Err(UsageError::because(location.name(), missing))
    }

    pub(super) async fn note_unserved(&self, _: &[String]) {
        match self.0 {}
    }

    pub(super) fn endpoint(&self, plan: QueuedEndpointPlan) -> QueuedEndpoint {
        drop(plan);
        match self.0 {}
    }

    pub(super) fn store(&self) -> Store {
        match self.0 {}
    }

    pub(super) fn start(&self) {
        match self.0 {}
    }

    pub(super) fn stop(&self) {
        match self.0 {}
    }

    pub(super) async fn finished(&self, _: Instant) {
        match self.0 {}
    }
}

impl QueuedEndpoint {
    pub(super) async fn accept(
        &self,
        _: &Request<Full<Bytes>>,
        _: &Verified,
        _: bool,
    ) -> Response<Full<Bytes>> {
        match self.0 {}
    }
}

pub(super) fn is_interactive(_: &Verified) -> bool {
    true
}
