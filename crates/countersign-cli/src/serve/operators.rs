//! Answers operators: health, readiness and metrics.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use countersign::store::{Health, IdempotencyStore, StoreWarning};
use http::{Method, Response, StatusCode};
use http_body_util::Full;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::metrics::Metrics;
use super::server::{not_allowed, status};
use super::store::Store;

/// The paths for operators, which are no endpoints.
#[derive(Clone)]
pub(super) struct Operators(Arc<Inner>);

struct Inner {
    metrics: Metrics,
    /// The stores without which an endpoint answers 503.
    needed: Vec<Store>,
    /// Whether the server is shutting down.
    is_draining: AtomicBool,
    /// When the stores were last probed, and whether all answered.
    probed: Mutex<Option<(Instant, bool)>>,
}

/// Whether the path is for operators of the program, not for senders.
pub(super) fn is_operators(path: &str) -> bool {
    matches!(path, HEALTH | READY | METRICS)
}

impl Operators {
    pub(super) fn new(metrics: Metrics, needed: Vec<Store>) -> Self {
        let (is_draining, probed) = (AtomicBool::new(false), Mutex::new(None));
        Self(Arc::new(Inner { metrics, needed, is_draining, probed }))
    }

    /// From now on, the server is not ready.
    pub(super) fn drain(&self) {
        self.0.is_draining.store(true, Ordering::Relaxed);
    }

    pub(super) async fn answer(&self, method: &Method, path: &str) -> Response<Full<Bytes>> {
        if !matches!(*method, Method::GET | Method::HEAD) {
            return not_allowed("GET, HEAD");
        }
        match path {
            METRICS => self.0.metrics.answer(),
            HEALTH => Response::default(),
            READY if self.is_ready().await => Response::default(),
            READY => status(StatusCode::SERVICE_UNAVAILABLE),
            _ => status(StatusCode::NOT_FOUND),
        }
    }

    /// Whether deliveries can be handled: the server is not shutting down, and the stores that are
    /// needed answer and have room.
    async fn is_ready(&self) -> bool {
        let Inner { needed, is_draining, probed, .. } = &*self.0;
        if is_draining.load(Ordering::Relaxed) {
            return false;
        }
        // Any client can call this: a store is probed once for all calls of a second.
        let mut probed = probed.lock().await;
        if let Some((at, is_ready)) = *probed
            && at.elapsed() < BETWEEN_PROBES
        {
            return is_ready;
        }
        let mut is_ready = true;
        for store in needed {
            let probe = timeout(MAX_PROBE, store.probe()).await;
            let is_full = |health: &Health| health.warnings.contains(&StoreWarning::Full);
            is_ready &= matches!(probe, Ok(Ok(health)) if !is_full(&health));
        }
        *probed = Some((Instant::now(), is_ready));
        is_ready
    }
}

pub(super) const HEALTH: &str = "/healthz";
pub(super) const READY: &str = "/readyz";
pub(super) const METRICS: &str = "/metrics";
const BETWEEN_PROBES: Duration = Duration::from_secs(1);
const MAX_PROBE: Duration = Duration::from_secs(1);
