//! Content encodings of bodies whose decoded form is signed.

#[cfg(feature = "compression")]
mod inflate;
#[cfg(not(feature = "compression"))]
mod none;

use crate::error::{VerifyError, VerifyErrorKind};
use crate::request::headers::RepeatedHeader;
use crate::scheme::{BodyView, Scheme};

#[cfg(feature = "compression")]
pub(crate) use inflate::Decoder;
#[cfg(not(feature = "compression"))]
pub(crate) use none::Decoder;

/// A content encoding that can be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    Gzip,
    /// The `zlib` format (RFC 1950), which HTTP calls `deflate`.
    Deflate,
}

impl Coding {
    /// The encoding to decode the body with, from the header `content-encoding`.
    /// `None` if the body is used as it arrives.
    ///
    /// A provider that sends encoded bodies signs either the encoded or the
    /// decoded body. Only the scheme defines which; most schemes support no
    /// encoding.
    pub(crate) fn of(
        scheme: &Scheme,
        header: Result<Option<&[u8]>, RepeatedHeader>,
    ) -> Result<Option<Self>, VerifyError> {
        let rejected = Err(VerifyErrorKind::UnsupportedEncoding.into());
        let encoding = match header {
            Ok(None) => return Ok(None),
            Ok(Some(encoding)) => encoding.trim_ascii(),
            Err(_) => return rejected,
        };
        let is = |name: &str| encoding.eq_ignore_ascii_case(name.as_bytes());
        match scheme.body_view {
            _ if is("identity") => Ok(None),
            // The two names are equivalent, by RFC 9110, section 8.4.1.3.
            BodyView::Decoded if is("gzip") || is("x-gzip") => Ok(Some(Self::Gzip)),
            BodyView::Decoded if is("deflate") => Ok(Some(Self::Deflate)),
            _ => rejected,
        }
    }
}
