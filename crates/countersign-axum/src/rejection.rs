//! Why an extractor refused a delivery, and what its sender is told of it.

use std::error::Error;
use std::fmt;

use axum_core::body::Body;
use axum_core::response::{IntoResponse, Response};
use countersign_core::{Answer, MalformedJson, VerifyError};
use countersign_tower::{answer, refusal};
use http::StatusCode;

/// Why an extractor refused a delivery.
///
/// As a response it is a status and an empty body; the [`VerifyError`], the
/// [`MalformedJson`] or the [`Answer`] is in the response's extensions, for a
/// layer in front to log and count.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rejection {
    /// The delivery must not be believed.
    Unverified(VerifyError),
    /// The delivery is genuine, and its body is not what the handler expects.
    MalformedJson(MalformedJson),
    /// The event is not to be handled now: it was handled before, another
    /// attempt is at it, or its claim cannot be held. Or there is none: a
    /// handshake is answered here too.
    Answered(Answer),
}

impl Rejection {
    /// The stable name of what was wrong, for logs and metrics.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unverified(error) => error.code(),
            Self::MalformedJson(error) => error.code(),
            Self::Answered(answer) => answer.code(),
        }
    }

    /// The HTTP status that is answered.
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
            Self::Unverified(error) => refusal(error),
            Self::MalformedJson(error) => {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::BAD_REQUEST;
                response.extensions_mut().insert(error);
                response
            }
            Self::Answered(given) => answer(given),
        }
    }
}

impl From<VerifyError> for Rejection {
    fn from(error: VerifyError) -> Self {
        Self::Unverified(error)
    }
}

impl From<Answer> for Rejection {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Refused(error) => Self::Unverified(error),
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
