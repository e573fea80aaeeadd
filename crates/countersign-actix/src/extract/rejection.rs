//! Why an extractor rejected a delivery, and the response that its sender gets.

use std::cell::Cell;
use std::error::Error;
use std::fmt;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use countersign_core::{EarlyResponse, MalformedJson, VerifyError};

use crate::response::early_answer;

/// Why an extractor rejected a delivery.
///
/// As a response it has a status and an empty body. The [`VerifyError`], the
/// [`MalformedJson`] or the [`EarlyResponse`] is in the response's extensions, so that
/// an outer middleware can log and count it.
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

    /// The response to a request whose body may not be fully read.
    fn response(&self, unread: Payload) -> HttpResponse {
        match self {
            Self::Unverified(error) => early_answer(error.clone().into(), unread),
            Self::MalformedJson(error) => {
                let mut response = HttpResponse::new(StatusCode::BAD_REQUEST);
                response.extensions_mut().insert(*error);
                response
            }
            Self::Answered(answer) => early_answer(answer.clone(), unread),
        }
    }
}

impl ResponseError for Rejection {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        self.response(Payload::None)
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

/// The error of an extractor: its [`Rejection`] and the unread rest of the
/// request.
///
/// To handle rejections itself, a handler takes a `Result<Webhook, Rejection>`.
pub struct ExtractError {
    rejection: Rejection,
    // Moves into the first response.
    unread: Cell<Payload>,
}

impl ExtractError {
    pub(crate) fn before_the_end(answer: EarlyResponse, unread: Payload) -> Self {
        Self { rejection: answer.into(), unread: Cell::new(unread) }
    }

    /// Why the delivery was rejected.
    #[must_use]
    pub fn rejection(&self) -> &Rejection {
        &self.rejection
    }
}

impl ResponseError for ExtractError {
    fn status_code(&self) -> StatusCode {
        self.rejection.status_code()
    }

    fn error_response(&self) -> HttpResponse {
        self.rejection.response(self.unread.replace(Payload::None))
    }
}

impl From<Rejection> for ExtractError {
    fn from(rejection: Rejection) -> Self {
        Self { rejection, unread: Cell::new(Payload::None) }
    }
}

impl From<ExtractError> for Rejection {
    fn from(rejected: ExtractError) -> Self {
        rejected.rejection
    }
}

impl fmt::Debug for ExtractError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExtractError").field("rejection", &self.rejection).finish_non_exhaustive()
    }
}

impl fmt::Display for ExtractError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rejection.fmt(f)
    }
}

impl Error for ExtractError {}
