//! What a refused delivery is answered with.

use countersign_core::{Answer, VerifyError};
use http::header::RETRY_AFTER;
use http::{HeaderValue, Response, StatusCode};

/// The answer to a delivery that was refused: the status of the error, an empty
/// body, and the error in the response's extensions, for what stands in front to
/// log and count.
#[must_use]
pub fn refusal<B: Default>(error: VerifyError) -> Response<B> {
    let mut response = Response::new(B::default());
    *response.status_mut() =
        StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.extensions_mut().insert(error);
    response
}

/// An answer that is given in the handler's place: its status, `Retry-After`
/// where it is worth asking again, an empty body, and the answer in the
/// response's extensions.
#[must_use]
pub fn answer<B: Default>(answer: Answer) -> Response<B> {
    let mut response = Response::new(B::default());
    *response.status_mut() =
        StatusCode::from_u16(answer.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Some(seconds) = answer.retry_after_s() {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Answer::Refused(error) = &answer {
        response.extensions_mut().insert(error.clone());
    }
    response.extensions_mut().insert(answer);
    response
}
