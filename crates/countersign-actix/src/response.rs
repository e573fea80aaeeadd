//! The responses that are sent without calling the handler.

use std::convert::Infallible;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue, RETRY_AFTER};
use actix_web::{Error, HttpResponse};
use bytes::Bytes;
use countersign_core::EarlyResponse;

/// A response that is sent without calling the handler.
///
/// It has the status of the early response, and `Retry-After` if a retry can
/// succeed. The body is empty except for a handshake. The response's extensions
/// contain the [`EarlyResponse`], and its `VerifyError` or `MalformedJson`, so that an
/// outer middleware can log and count it.
#[must_use]
pub fn into_response(early: impl Into<EarlyResponse>) -> HttpResponse {
    early_response(early.into(), Payload::None)
}

/// The response to a request that is not passed on.
pub(crate) fn answered<B>(
    request: ServiceRequest,
    early: EarlyResponse,
) -> ServiceResponse<EitherBody<B>> {
    let (request, unread) = request.into_parts();
    ServiceResponse::new(request, early_response(early, unread).map_into_right_body())
}

/// The status of a service's response, or of the response that its error would
/// create. Does not call `error_response`, which may give away its response only
/// once.
pub(crate) fn status<B>(response: &Result<ServiceResponse<B>, Error>) -> u16 {
    let status = match response {
        Ok(response) => response.status(),
        Err(error) => error.as_response_error().status_code(),
    };
    status.as_u16()
}

/// A response that may be sent before the end of the request's body.
pub(crate) fn early_response(early: EarlyResponse, unread: Payload) -> HttpResponse {
    let status = StatusCode::from_u16(early.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let bytes = match &early {
        EarlyResponse::Handshake(handshake) => handshake.body().clone(),
        _ => Bytes::new(),
    };
    let mut response = HttpResponse::with_body(status, EarlyBody { bytes, unread }.boxed());
    if let Some(seconds) = early.retry_after_s() {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    match &early {
        EarlyResponse::Rejected(error) => {
            response.extensions_mut().insert(error.clone());
        }
        EarlyResponse::MalformedJson(error) => {
            response.extensions_mut().insert(*error);
        }
        EarlyResponse::Handshake(handshake) => {
            for (name, value) in handshake.headers() {
                let header = (HeaderName::try_from(name), HeaderValue::try_from(value));
                if let (Ok(name), Ok(value)) = header {
                    response.headers_mut().append(name, value);
                }
            }
        }
        _ => {}
    }
    response.extensions_mut().insert(early);
    response
}

/// The body of a response. It holds the unread rest of the request's payload:
/// actix-web closes a connection whose payload is still held when the response
/// is sent. A dropped payload is read to its end, however late that is.
struct EarlyBody {
    bytes: Bytes,
    #[expect(dead_code, reason = "held, and never read")]
    unread: Payload,
}

impl MessageBody for EarlyBody {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.bytes.len() as u64)
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        let bytes = mem::take(&mut self.bytes);
        Poll::Ready((!bytes.is_empty()).then_some(Ok(bytes)))
    }
}
