//! The head and the body of a request, in the types of an adapter's framework.

use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;

use crate::error::VerifyErrorKind;
use crate::request::headers::RequestHead;

/// The head of a request, in a framework's types. Implemented for [`RequestHead`] and,
/// with the feature `http`, for `http::Request` and its `Parts`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read as the head of a request",
    label = "not the head of a request",
    note = "use `RequestHead::new(method, target, &headers)`, or with the feature `http` an `http::request::Parts`"
)]
pub trait HeadSource {
    /// Calls `read` with the method, the target and the headers, as they were sent.
    fn with_head<T>(&self, read: impl FnOnce(RequestHead<'_>) -> T) -> T;

    /// The approximate memory that the head takes, in bytes. It is counted in the
    /// [budget](crate::BufferBudget).
    fn buffered_bytes(&self) -> usize;

    /// The announced length of the body, in bytes. Defaults to the header
    /// `content-length`.
    fn content_length(&self) -> Option<u64> {
        self.with_head(|head| {
            let length = head.headers().unique("content-length").ok().flatten()?;
            std::str::from_utf8(length).ok()?.parse().ok()
        })
    }
}

/// The body of a request, as an adapter reads it: not decompressed, and not
/// converted. Implemented for bodies that are complete.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read as the body of a request",
    label = "not a body that the receive loop can read",
    note = "use `Bytes` or `Vec<u8>` for a complete body, and `countersign::tower::HttpBody` for a body of `http_body`"
)]
pub trait BodySource {
    /// The next piece; an empty one for what is not part of the body, such as
    /// trailers. `None` at the end.
    ///
    /// An error is the reason of the response: [`VerifyErrorKind::BodyIncomplete`] if
    /// the connection broke, [`VerifyErrorKind::BodyTooLarge`] if a limit in front of
    /// the adapter was exceeded.
    fn poll_piece(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, VerifyErrorKind>>>;

    /// Whether the body is at its end. If this is not known, `false`.
    fn is_end(&self) -> bool {
        false
    }

    /// The minimum length of the rest of the body, in bytes, if it is known.
    fn min_length(&self) -> Option<u64> {
        None
    }
}

impl HeadSource for RequestHead<'_> {
    fn with_head<T>(&self, read: impl FnOnce(RequestHead<'_>) -> T) -> T {
        read(*self)
    }

    /// 0: the caller holds the head in a form that is not known here.
    fn buffered_bytes(&self) -> usize {
        0
    }
}

#[cfg(feature = "http")]
impl HeadSource for http::request::Parts {
    fn with_head<T>(&self, read: impl FnOnce(RequestHead<'_>) -> T) -> T {
        read(self.into())
    }

    fn buffered_bytes(&self) -> usize {
        head_bytes(&self.headers, &self.uri)
    }
}

#[cfg(feature = "http")]
impl<B> HeadSource for http::Request<B> {
    fn with_head<T>(&self, read: impl FnOnce(RequestHead<'_>) -> T) -> T {
        read(RequestHead {
            method: self.method().as_str(),
            target: self.uri().path_and_query().map(http::uri::PathAndQuery::as_str),
            headers: self.headers(),
        })
    }

    fn buffered_bytes(&self) -> usize {
        head_bytes(self.headers(), self.uri())
    }
}

#[cfg(feature = "http")]
fn head_bytes(headers: &http::HeaderMap, uri: &http::Uri) -> usize {
    /// The size of a field in a header map, without its name and value.
    const FIELD_BYTES: usize = 112;
    let fields = headers.capacity().max(headers.len());
    let texts = headers.iter().map(|(name, value)| name.as_str().len() + value.len());
    let target = uri.path_and_query().map_or(0, |target| target.as_str().len());
    fields * FIELD_BYTES + texts.sum::<usize>() + target
}

impl BodySource for Bytes {
    fn poll_piece(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, VerifyErrorKind>>> {
        Poll::Ready((!self.is_empty()).then(|| Ok(mem::take(&mut *self))))
    }

    fn is_end(&self) -> bool {
        self.is_empty()
    }

    fn min_length(&self) -> Option<u64> {
        Some(self.len() as u64)
    }
}

impl BodySource for Vec<u8> {
    fn poll_piece(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, VerifyErrorKind>>> {
        Poll::Ready((!self.is_empty()).then(|| Ok(mem::take(&mut *self).into())))
    }

    fn is_end(&self) -> bool {
        self.is_empty()
    }

    fn min_length(&self) -> Option<u64> {
        Some(self.len() as u64)
    }
}
