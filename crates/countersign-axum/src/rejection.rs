//! Why an extractor rejected a delivery, and the response that its sender gets.

use std::error::Error;
use std::fmt;

use axum_core::body::Body;
use axum_core::response::{IntoResponse, Response};
use countersign_core::{EarlyResponse, MalformedJson, VerifyError};
use countersign_tower::{into_response, rejection};
use http::StatusCode;

/// Why an extractor rejected a delivery.
///
/// As a response it has a status and an empty body. The [`VerifyError`], the
/// [`MalformedJson`] or the [`EarlyResponse`] is in the response's extensions, so that
/// an outer layer can log and count it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rejection {
    /// The delivery did not verify.
    Unverified(VerifyError),
    /// The delivery is verified, but its body is not what the handler expects.
    MalformedJson(MalformedJson),
    /// The handler is not called for this request: its event is a duplicate, is
    /// in progress in another attempt, or cannot be claimed. Handshakes are
    /// answered here too.
    Answered(EarlyResponse),
}

impl Rejection {
    /// The stable name of the reason, for logs and metrics.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unverified(error) => error.code(),
            Self::MalformedJson(error) => error.code(),
            Self::Answered(answer) => answer.code(),
        }
    }

    /// The HTTP status of the response.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Unverified(error) => error.status(),
            Self::MalformedJson(error) => error.status(),
            Self::Answered(answer) => answer.status(),
        }
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        match self {
            Self::Unverified(error) => rejection(error),
            Self::MalformedJson(error) => {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::BAD_REQUEST;
                response.extensions_mut().insert(error);
                response
            }
            Self::Answered(given) => into_response(given),
        }
    }
}

impl From<VerifyError> for Rejection {
    fn from(error: VerifyError) -> Self {
        Self::Unverified(error)
    }
}

impl From<EarlyResponse> for Rejection {
    fn from(answer: EarlyResponse) -> Self {
        match answer {
            EarlyResponse::Rejected(error) => Self::Unverified(error),
            other => Self::Answered(other),
        }
    }
}

impl From<MalformedJson> for Rejection {
    fn from(error: MalformedJson) -> Self {
        Self::MalformedJson(error)
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unverified(error) => error.fmt(f),
            Self::MalformedJson(error) => error.fmt(f),
            Self::Answered(answer) => answer.fmt(f),
        }
    }
}

impl Error for Rejection {}
