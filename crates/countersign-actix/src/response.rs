//! What is answered in a handler's place.

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
use countersign_core::{Answer, VerifyError};

/// The answer to a delivery that was refused: the status of the error, an empty
/// body, and the error in the response's extensions, for what stands in front to
/// log and count.
#[must_use]
pub fn refusal(error: VerifyError) -> HttpResponse {
    answer(Answer::Refused(error))
}

/// An answer that is given in the handler's place: its status, `Retry-After`
/// where it is worth asking again, and the answer in the response's extensions.
/// The body is empty, but for a handshake's.
#[must_use]
pub fn answer(answer: Answer) -> HttpResponse {
    early_answer(answer, Payload::None)
}

/// The answer to a request that goes no further.
pub(crate) fn answered<B>(
    request: ServiceRequest,
    answer: Answer,
) -> ServiceResponse<EitherBody<B>> {
    let (request, unread) = request.into_parts();
    ServiceResponse::new(request, early_answer(answer, unread).map_into_right_body())
}

/// The status of what a service has answered, or of what its error stands for.
/// Not by `error_response`: that may give its response away only once.
pub(crate) fn status<B>(response: &Result<ServiceResponse<B>, Error>) -> u16 {
    let status = match response {
        Ok(response) => response.status(),
        Err(error) => error.as_response_error().status_code(),
    };
    status.as_u16()
}

/// An answer that may come before the end of the request's body.
pub(crate) fn early_answer(answer: Answer, unread: Payload) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let bytes = match &answer {
        Answer::Handshake(handshake) => handshake.body().clone(),
        _ => Bytes::new(),
    };
    let mut response = HttpResponse::with_body(status, AnswerBody { bytes, unread }.boxed());
    if let Some(seconds) = answer.retry_after_s() {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    match &answer {
        Answer::Refused(error) => {
            response.extensions_mut().insert(error.clone());
        }
        Answer::Handshake(handshake) => {
            for (name, value) in handshake.headers() {
                let header = (HeaderName::try_from(name), HeaderValue::try_from(value));
                if let (Ok(name), Ok(value)) = header {
                    response.headers_mut().append(name, value);
                }
            }
        }
        _ => {}
    }
    response.extensions_mut().insert(answer);
    response
}

/// The body of an answer. It holds on to what was not read of the request's:
/// actix-web closes a connection whose payload is still held when the answer is
/// sent, and reads one that was dropped to its end, however late that comes.
struct AnswerBody {
    bytes: Bytes,
    #[expect(dead_code, reason = "held, and never read")]
    unread: Payload,
}

impl MessageBody for AnswerBody {
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
