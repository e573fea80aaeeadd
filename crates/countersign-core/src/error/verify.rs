//! The error of a delivery that is rejected.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use super::VerifyErrorKind;
use super::human::HumanDuration;

/// Why a delivery was rejected.
///
/// The client receives only the [`status`](Self::status). Logs and metrics get
/// the [`code`](Self::code), and logs also get the text. The text names headers
/// and times. It never contains a secret, a body, a signature or any other text
/// of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyError {
    kind: VerifyErrorKind,
    detail: Detail,
}

/// Details that the text of a [`VerifyError`] adds to its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Detail {
    None,
    Header(Arc<str>),
    /// The JSON pointer of a value inside the signed body.
    BodyField(Box<str>),
    /// How far the timestamp differs from now, and how far it is allowed to.
    Skew {
        off_ms: i64,
        allowed_ms: i64,
    },
    /// A limit, in bytes or in candidates.
    Limit(usize),
    /// A limit, in fields of a body that is parsed before it is verified.
    Fields(usize),
    /// Why the body has two readings.
    TwoReadings(&'static str),
    /// A limit of the parts of a compressed body: a fixed number, and one more for each of these
    /// decoded bytes.
    Parts {
        parts: &'static str,
        limit: usize,
        bytes_each: usize,
    },
    /// The body is not valid in its content encoding, which is this one.
    Stream(&'static str),
}

impl VerifyError {
    /// The kind of the error.
    #[must_use]
    pub fn kind(&self) -> VerifyErrorKind {
        self.kind
    }

    /// The stable name of the error, for logs and metrics (`signature_mismatch`).
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.kind.code()
    }

    /// The HTTP status to respond with.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.kind.status()
    }

    /// The text of `header` is shared: if it comes from a scheme, this allocates nothing.
    pub(crate) fn header(kind: VerifyErrorKind, header: impl Into<Arc<str>>) -> Self {
        Self { kind, detail: Detail::Header(header.into()) }
    }

    /// An error that names a member of the body, by its JSON pointer.
    #[must_use]
    pub fn body_field(kind: VerifyErrorKind, pointer: &str) -> Self {
        Self { kind, detail: Detail::BodyField(pointer.into()) }
    }

    pub(crate) fn skew(kind: VerifyErrorKind, off_ms: i64, allowed_ms: i64) -> Self {
        Self { kind, detail: Detail::Skew { off_ms, allowed_ms } }
    }

    /// An error that names the limit that was exceeded.
    #[must_use]
    pub fn limit(kind: VerifyErrorKind, limit: usize) -> Self {
        Self { kind, detail: Detail::Limit(limit) }
    }

    /// [`BodyTooLarge`](VerifyErrorKind::BodyTooLarge): more fields than this scheme reads before the
    /// delivery is verified.
    #[must_use]
    pub fn too_many_fields(limit: usize) -> Self {
        Self { kind: VerifyErrorKind::BodyTooLarge, detail: Detail::Fields(limit) }
    }

    /// [`MalformedSignature`](VerifyErrorKind::MalformedSignature): the body has two readings.
    pub(crate) fn two_readings(why: &'static str) -> Self {
        Self { kind: VerifyErrorKind::MalformedSignature, detail: Detail::TwoReadings(why) }
    }

    /// Whether the body has two readings, so that its signature cannot be checked.
    #[doc(hidden)]
    #[must_use]
    pub fn is_of_two_readings(&self) -> bool {
        matches!(self.detail, Detail::TwoReadings(_))
    }

    /// [`BodyTooLarge`](VerifyErrorKind::BodyTooLarge): a compressed body has more parts than its
    /// decoded bytes allow.
    #[doc(hidden)]
    #[must_use]
    pub fn too_many_parts(parts: &'static str, limit: usize, bytes_each: usize) -> Self {
        let detail = Detail::Parts { parts, limit, bytes_each };
        Self { kind: VerifyErrorKind::BodyTooLarge, detail }
    }

    /// [`UnsupportedEncoding`](VerifyErrorKind::UnsupportedEncoding): the scheme supports this
    /// content encoding, but the body is not valid in it.
    #[doc(hidden)]
    #[must_use]
    pub fn invalid_stream(coding: &'static str) -> Self {
        Self { kind: VerifyErrorKind::UnsupportedEncoding, detail: Detail::Stream(coding) }
    }

    /// Whether a compressed body has too many parts. A higher body limit allows no more of them.
    #[doc(hidden)]
    #[must_use]
    pub fn is_of_too_many_parts(&self) -> bool {
        matches!(self.detail, Detail::Parts { .. })
    }
}

impl From<VerifyErrorKind> for VerifyError {
    /// For errors that only an adapter detects: a body that arrives too slowly,
    /// or is cut off.
    fn from(kind: VerifyErrorKind) -> Self {
        Self { kind, detail: Detail::None }
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The meaning of the kind is that the encoding is not supported.
        if let Detail::Stream(coding) = &self.detail {
            return write!(
                f,
                "the body is not a valid {coding} stream: it is corrupt, or bytes follow its end"
            );
        }
        f.write_str(self.kind.meaning())?;
        match &self.detail {
            Detail::None | Detail::Stream(_) => Ok(()),
            Detail::Header(name) => write!(f, ": header `{name}`"),
            Detail::BodyField(pointer) => write!(f, ": body field `{pointer}`"),
            Detail::Skew { off_ms, allowed_ms } => {
                let off = HumanDuration::rounded_up(off_ms.unsigned_abs());
                let allowed = HumanDuration::rounded_up(allowed_ms.unsigned_abs());
                let direction = match self.kind {
                    VerifyErrorKind::TimestampInFuture => "ahead",
                    _ => "old",
                };
                write!(f, ": {off} {direction}, {allowed} allowed")
            }
            Detail::Limit(limit) => write!(f, ": the limit is {limit}"),
            Detail::Fields(limit) => {
                write!(f, ": the limit of this scheme is {limit} fields, members and elements")
            }
            Detail::TwoReadings(why) => write!(f, ": {why}"),
            Detail::Parts { parts, limit, bytes_each } => write!(
                f,
                ": it has too many {parts}; the limit is {limit}, and one for each {bytes_each} \
                 decoded bytes"
            ),
        }
    }
}

impl Error for VerifyError {}
