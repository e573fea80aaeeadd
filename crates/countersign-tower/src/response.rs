//! The responses that are sent without calling the service.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use countersign_core::EarlyResponse;
use http::header::RETRY_AFTER;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

/// A response that is sent without calling the handler.
///
/// It has the status of the early response, and `Retry-After` if a retry can
/// succeed. The body is empty except for a handshake. The response's extensions
/// contain the [`EarlyResponse`], and its `VerifyError` or `MalformedJson`, so that an
/// outer layer can log and count it.
#[must_use]
pub fn into_response<B: From<Bytes>>(early: impl Into<EarlyResponse>) -> Response<B> {
    let early = early.into();
    let mut response = Response::new(B::from(Bytes::new()));
    *response.status_mut() =
        StatusCode::from_u16(early.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
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
    response.extensions_mut().insert(early);
    response
}

pin_project! {
    /// The body of a response: the service's, or a layer's own.
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
    /// The service's body, if the service sent the response.
    pub fn into_inner(self) -> Option<B> {
        match self.kind {
            Kind::Service { body } => Some(body),
            Kind::Ours { .. } => None,
        }
    }

    /// The response of a service, unchanged.
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
