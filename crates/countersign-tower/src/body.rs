//! A body of `http_body` for the receive loop, and the request for the service.

use std::error::Error;
use std::iter::successors;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use countersign_core::{BodySource, BodyView, Verified, VerifyErrorKind};
use http::Request;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::request::Parts;
use http_body::Body;
use http_body_util::{Full, LengthLimitError};
use pin_project_lite::pin_project;

pin_project! {
    /// A body of `http_body`, as the receive loop
    /// ([`Verifier::receive`](countersign_core::Verifier::receive)) reads it.
    #[derive(Debug)]
    pub struct HttpBody<B> {
        #[pin]
        body: B,
    }
}

impl<B> HttpBody<B> {
    /// The body of a request.
    pub fn new(body: B) -> Self {
        Self { body }
    }
}

impl<B> BodySource for HttpBody<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    fn poll_piece(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, VerifyErrorKind>>> {
        self.project().body.poll_frame(cx).map(|frame| {
            Some(match frame? {
                // No scheme signs trailers.
                Ok(frame) => Ok(frame.into_data().map_or_else(
                    |_| Bytes::new(),
                    |mut data| data.copy_to_bytes(data.remaining()),
                )),
                Err(error) => Err(error_kind(&*error.into())),
            })
        })
    }

    fn is_end(&self) -> bool {
        self.body.is_end_stream()
    }

    fn min_length(&self) -> Option<u64> {
        Some(self.body.size_hint().lower())
    }
}

/// Rebuilds the request for the service, with its body and the verified
/// delivery.
pub(crate) fn rebuild_request(mut parts: Parts, verified: Verified) -> Request<Full<Bytes>> {
    if verified.scheme().body_view() == BodyView::Decoded {
        // These headers describe the encoded body.
        parts.headers.remove(CONTENT_ENCODING);
        parts.headers.remove(CONTENT_LENGTH);
    }
    let body = Full::new(verified.body().clone());
    parts.extensions.insert(verified);
    Request::from_parts(parts, body)
}

/// Why reading a body failed: the connection broke, unless an outer layer has
/// its own size limit.
pub(crate) fn error_kind(error: &(dyn Error + 'static)) -> VerifyErrorKind {
    let limited = successors(Some(error), |&error| error.source())
        .any(|error| error.is::<LengthLimitError>());
    if limited { VerifyErrorKind::BodyTooLarge } else { VerifyErrorKind::BodyIncomplete }
}

pub(crate) type BoxError = Box<dyn Error + Send + Sync>;
