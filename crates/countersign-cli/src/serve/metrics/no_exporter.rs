//! Answers `GET /metrics` of a program that was built without the feature `metrics`.

use std::future::pending;

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::Full;

use crate::usage_error::UsageError;

/// Collects nothing.
#[derive(Clone)]
pub(in crate::serve) struct Metrics;

impl Metrics {
    #[allow(clippy::unnecessary_wraps, reason = "like the exporter")]
    pub(in crate::serve) fn collect() -> Result<Self, UsageError> {
        Ok(Self)
    }

    pub(in crate::serve) async fn keep(self) {
        pending::<()>().await;
    }

    #[allow(clippy::unused_self, reason = "like the exporter")]
    pub(in crate::serve) fn answer(&self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::from(WITHOUT));
        *response.status_mut() = StatusCode::NOT_FOUND;
        response
    }
}

const WITHOUT: &str = "this program was built without metrics: build it with the feature `metrics`, \
     which is a default feature\n";
