//! The request as custom signing code sees it, before the body.

use std::fmt;

use super::PresentedSignatures;
use crate::crypto::mac::Tags;
use crate::error::{VerifyError, VerifyErrorKind};
use crate::request::headers::RequestHead;
use crate::request::name::Name;
use crate::request::url::{PublicUrl, RequestUrl};
use crate::scheme::Scheme;
use crate::signature_headers::{FamilyHeaders, Signatures, is_id};
use crate::time::timestamp;
use crate::time::tolerance::Tolerance;

/// A request without its body, for a [`CustomScheme`](crate::custom::CustomScheme):
/// headers with one value each, the URL that the provider calls, and the time.
pub struct VerifyRequest<'a> {
    pub(crate) scheme: &'a Scheme,
    /// The same, or its unchecked form, which the code must not get.
    pub(crate) effective: &'a Scheme,
    pub(crate) head: &'a RequestHead<'a>,
    pub(crate) url: Option<&'a PublicUrl>,
    pub(crate) tolerance: Option<Tolerance>,
    pub(crate) body_limit: usize,
    pub(crate) now_ms: i64,
}

impl<'a> VerifyRequest<'a> {
    /// The scheme of this request.
    #[must_use]
    pub fn scheme(&self) -> &'a Scheme {
        self.scheme
    }

    /// The bytes with which the body must start; empty if it can start with any byte. The same as
    /// [`Scheme::body_begins_with`], except for tools that find out whether a signature matches:
    /// for them it is empty.
    #[must_use]
    pub fn body_begins_with(&self) -> &'a [u8] {
        self.effective.body_begins_with()
    }

    /// The method (`POST`).
    #[must_use]
    pub fn method(&self) -> &'a str {
        self.head.method
    }

    /// The URL that the provider calls. If only an origin is configured, path and query are those
    /// of the request line, which the client chooses. Then the end of the URL must be unambiguous
    /// in the signed bytes.
    ///
    /// # Errors
    ///
    /// [`VerifyErrorKind::Misconfigured`] if path and query come from the request line, and the
    /// adapter did not pass it.
    pub fn url(&self) -> Result<String, VerifyError> {
        let parts = self.url.and_then(|url| url.parts(self.head.target));
        parts.map(|parts| parts.concat()).ok_or_else(|| VerifyErrorKind::Misconfigured.into())
    }

    /// The URL that the provider calls, split into its configured part and the
    /// part that the client chose.
    ///
    /// # Errors
    ///
    /// As [`url`](Self::url).
    pub fn request_url(&self) -> Result<RequestUrl<'a>, VerifyError> {
        let url = self.url.and_then(|url| url.of_request(self.head.target));
        url.ok_or_else(|| VerifyErrorKind::Misconfigured.into())
    }

    /// The only value of a header, or `None` if it is absent.
    ///
    /// # Errors
    ///
    /// [`VerifyErrorKind::RepeatedHeader`] if the header is present twice.
    pub fn header(&self, name: &str) -> Result<Option<&'a [u8]>, VerifyError> {
        let lower = name.to_ascii_lowercase();
        let repeated = |_| self.rejection(VerifyErrorKind::RepeatedHeader, name);
        self.head.headers.unique(&lower).map_err(repeated)
    }

    /// The only value of a required header. If it is absent, the error has the kind `missing`.
    ///
    /// # Errors
    ///
    /// Those of [`header`](Self::header), and `missing`.
    pub fn required(&self, name: &str, missing: VerifyErrorKind) -> Result<&'a [u8], VerifyError> {
        self.header(name)?.ok_or_else(|| self.rejection(missing, name))
    }

    /// The signatures in the header that the scheme names, parsed and decoded
    /// as the scheme describes.
    ///
    /// # Errors
    ///
    /// The errors of a signature: missing, unsupported, malformed, too many.
    pub fn candidates(&self) -> Result<PresentedSignatures, VerifyError> {
        let mut tags = Tags::default();
        let mut found = FamilyHeaders::of(&self.effective.families[0], self.head);
        Signatures::default().find(self.effective, self.head, &mut found, &mut tags)?;
        Ok(PresentedSignatures(tags))
    }

    /// The timestamp in the header that the scheme names, as sent and in Unix
    /// milliseconds. It is checked against the tolerance.
    ///
    /// # Errors
    ///
    /// The errors of a timestamp: missing, malformed, too old, in the future;
    /// [`VerifyErrorKind::Misconfigured`] if the scheme names no such header.
    pub fn timestamp(&self) -> Result<(&'a [u8], i64), VerifyError> {
        let header = self.effective.families[0].timestamp.as_ref().map(Name::shown);
        let header = header.ok_or(VerifyErrorKind::Misconfigured)?;
        let text = self.required(header, VerifyErrorKind::MissingTimestamp)?;
        let rejected = || self.rejection(VerifyErrorKind::MalformedTimestamp, header);
        Ok((text, self.check_time(text)?.ok_or_else(rejected)?))
    }

    /// Parses a timestamp in the scheme's unit, and checks it against the
    /// tolerance; `None` if it is not a timestamp.
    ///
    /// # Errors
    ///
    /// [`VerifyErrorKind::TimestampTooOld`] and
    /// [`VerifyErrorKind::TimestampInFuture`].
    pub fn check_time(&self, text: &[u8]) -> Result<Option<i64>, VerifyError> {
        let unit = self.effective.timestamp.as_ref().map(|timestamp| timestamp.unit);
        let Some(unix_ms) = unit.and_then(|unit| timestamp::parse(text, unit)) else {
            return Ok(None);
        };
        if let Some(tolerance) = self.tolerance {
            timestamp::check(unix_ms, self.now_ms, tolerance)?;
        }
        Ok(Some(unix_ms))
    }

    /// Whether a text can be an id of this scheme: 1 to 256 visible ASCII characters, without those
    /// that end the id in the signed payload.
    #[must_use]
    pub fn is_id(&self, text: &[u8]) -> bool {
        is_id(self.effective, text)
    }

    /// The maximum size of the body, in bytes, which the receiver checks itself.
    #[must_use]
    pub fn body_limit(&self) -> usize {
        self.body_limit
    }

    /// The receiver's clock, in Unix milliseconds.
    #[must_use]
    pub fn now_unix_ms(&self) -> i64 {
        self.now_ms
    }

    /// An error that names a header in the log.
    #[must_use]
    pub fn rejection(&self, kind: VerifyErrorKind, header: &str) -> VerifyError {
        Name::new(header).map_or_else(|| kind.into(), |name| VerifyError::header(kind, &name))
    }
}

impl fmt::Debug for VerifyRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyRequest").field("scheme", &self.scheme.name()).finish_non_exhaustive()
    }
}
