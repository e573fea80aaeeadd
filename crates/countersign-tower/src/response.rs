//! What is answered in a service's place.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use countersign_core::{Answer, VerifyError};
use http::header::RETRY_AFTER;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

/// The answer to a delivery that was refused: the status of the error, an empty
/// body, and the error in the response's extensions, for what stands in front to
/// log and count.
#[must_use]
pub fn refusal<B: From<Bytes>>(error: VerifyError) -> Response<B> {
    answer(Answer::Refused(error))
}

/// An answer that is given in the handler's place: its status, `Retry-After`
/// where it is worth asking again, and the answer in the response's extensions.
/// The body is empty, but for a handshake's.
#[must_use]
pub fn answer<B: From<Bytes>>(answer: Answer) -> Response<B> {
    let mut response = Response::new(B::from(Bytes::new()));
    *response.status_mut() =
        StatusCode::from_u16(answer.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Some(seconds) = answer.retry_after_s() {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    match &answer {
        Answer::Refused(error) => {
            response.extensions_mut().insert(error.clone());
        }
        Answer::Handshake(handshake) => {
            *response.body_mut() = B::from(handshake.body().clone());
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

pin_project! {
    /// The body of an answer: the service's, or one that a layer gives in its
    /// place.
    #[derive(Debug)]
    pub struct ResponseBody<B> {
        #[pin]
        kind: Kind<B>,
    }
}

pin_project! {
    #[derive(Debug)]
    #[project = KindProjection]
    enum Kind<B> {
        Service { #[pin] body: B },
        Ours { body: Bytes },
    }
}

impl<B> ResponseBody<B> {
    /// The service's body, where it was the service that answered.
    pub fn into_inner(self) -> Option<B> {
        match self.kind {
            Kind::Service { body } => Some(body),
            Kind::Ours { .. } => None,
        }
    }

    /// The response of a service, as it is.
    pub(crate) fn of_service(response: Response<B>) -> Response<Self> {
        response.map(|body| Self { kind: Kind::Service { body } })
    }
}

impl<B> From<Bytes> for ResponseBody<B> {
    fn from(body: Bytes) -> Self {
        Self { kind: Kind::Ours { body } }
    }
}

impl<B: Body<Data = Bytes>> Body for ResponseBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.project().kind.project() {
            KindProjection::Service { body } => body.poll_frame(cx),
            KindProjection::Ours { body } if body.is_empty() => Poll::Ready(None),
            KindProjection::Ours { body } => {
                Poll::Ready(Some(Ok(Frame::data(std::mem::take(body)))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Service { body } => body.is_end_stream(),
            Kind::Ours { body } => body.is_empty(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Service { body } => body.size_hint(),
            Kind::Ours { body } => SizeHint::with_exact(body.len() as u64),
        }
    }
}
