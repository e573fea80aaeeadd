//! The body of a request, as [`Serve`](super::Serve) gives it to the service.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Request, Version};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

/// The body of a request. If the client cuts it off, reading it fails.
///
/// hyper reports an HTTP/2 stream that is reset with `NO_ERROR` as the end of the body. This is for
/// responses (RFC 9113, section 8.1): a request that is cut off so would count as whole.
#[derive(Debug)]
pub struct RequestBody {
    body: Incoming,
    is_http2: bool,
}

impl RequestBody {
    pub(super) fn of(request: Request<Incoming>) -> Request<Self> {
        let is_http2 = request.version() == Version::HTTP_2;
        request.map(|body| Self { body, is_http2 })
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = RequestBodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, RequestBodyError>>> {
        Poll::Ready(match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
            Some(frame) => Some(frame.map_err(|error| RequestBodyError(Some(error)))),
            // At its end, an HTTP/2 stream is known to be at its end.
            None if self.is_http2 && !self.body.is_end_stream() => {
                Some(Err(RequestBodyError(None)))
            }
            None => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of a request was not received as a whole.
#[derive(Debug)]
pub struct RequestBodyError(Option<hyper::Error>);

impl fmt::Display for RequestBodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the client did not send the whole body")
    }
}

impl Error for RequestBodyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.as_ref().map(|error| error as _)
    }
}
