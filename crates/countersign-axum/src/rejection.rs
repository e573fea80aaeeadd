//! Why an extractor rejected a delivery, and the response that its sender gets.

use std::error::Error;
use std::fmt;

use axum_core::response::{IntoResponse, Response};
use countersign_core::EarlyResponse;
use countersign_tower::into_response;

/// Why an extractor rejected a delivery: the response that its sender gets.
///
/// It has a status, and a body only for a handshake. The response's extensions contain
/// the [`EarlyResponse`], and its `VerifyError` or `MalformedJson`, so that an outer
/// layer can log and count it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection(EarlyResponse);

impl Rejection {
    /// The reason.
    #[must_use]
    pub fn early_response(&self) -> &EarlyResponse {
        &self.0
    }

    /// The stable name of the reason, for logs and metrics.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.code()
    }

    /// The HTTP status of the response.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.0.status()
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        into_response(self.0)
    }
}

impl<E: Into<EarlyResponse>> From<E> for Rejection {
    fn from(reason: E) -> Self {
        Self(reason.into())
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Rejection {}
