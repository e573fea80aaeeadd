//! Why an extractor rejected a delivery, and the response that its sender gets.

use std::cell::Cell;
use std::error::Error;
use std::fmt;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use countersign_core::EarlyResponse;

use crate::response::early_response;

/// Why an extractor rejected a delivery: the response that its sender gets.
///
/// It has a status, and a body only for a handshake. The response's extensions contain
/// the [`EarlyResponse`], and its `VerifyError` or `MalformedJson`, so that an outer
/// middleware can log and count it.
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

impl ResponseError for Rejection {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        early_response(self.0.clone(), Payload::None)
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
        early_response(self.rejection.0.clone(), self.unread.replace(Payload::None))
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
