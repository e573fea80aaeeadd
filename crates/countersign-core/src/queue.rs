//! A queue between the receiver and the handler: the message of an accepted delivery, and how it is
//! handed off.

mod format;
mod handoff;
pub(crate) mod jobs;

use std::error::Error;
use std::fmt;

use bytes::Bytes;

pub use handoff::{Handoff, HandoffDelivery, HandoffError, HandoffErrorKind, HandoffOutcome};

use crate::error::VerifyError;
use crate::idempotency::EventKey;
use crate::request::headers::RequestHead;
use crate::scheme::BodyView;
use crate::verify::{Verified, Verifier};

/// A verified delivery as a queue stores it: the request to the byte, and what was
/// verified about it.
///
/// [`to_bytes`](Self::to_bytes) writes it and [`parse`](Self::parse) reads it. The
/// format is one line of JSON, a line feed, and the bytes of the body, so that a
/// worker in any language can read it:
///
/// ```text
/// {"v":1,"id":"…","scheme":"stripe","endpoint":"/hooks/stripe","event_id":"evt_1",…}
/// <the body>
/// ```
///
/// The facts are those of the moment at which the delivery was accepted. A reader
/// trusts them as far as it trusts the writers of the queue. A reader that does not
/// can [verify](Self::verify) the request again.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    id: String,
    method: String,
    target: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Bytes,
    facts: Facts,
}

/// What was verified about the delivery.
#[derive(Clone, PartialEq, Eq)]
struct Facts {
    scheme: String,
    endpoint: String,
    event_id: String,
    event_type: Option<(String, bool)>,
    tenant: Option<String>,
    is_signed: bool,
    signed_at_unix_ms: Option<i64>,
    accepted_at_unix_ms: i64,
    attempt: u32,
    possible_duplicate: bool,
}

impl Message {
    /// The message of a delivery that was verified and claimed under `key`.
    ///
    /// `id` identifies this message: a consumer that gets it twice gets one id.
    /// `target` is the path and query of the request line, and `headers` has all
    /// headers of the request. If the scheme signs the decoded body
    /// ([`BodyView::Decoded`](crate::BodyView::Decoded)), the message has the decoded
    /// one, and `Content-Encoding` and `Content-Length` are left out.
    #[must_use]
    pub fn new<N: AsRef<str>, V: AsRef<[u8]>>(
        id: impl Into<String>,
        (verified, key): (&Verified, &EventKey),
        (method, target): (&str, &str),
        headers: impl IntoIterator<Item = (N, V)>,
        accepted_at_unix_ms: i64,
    ) -> Self {
        let is_decoded = verified.scheme().body_view() == BodyView::Decoded;
        let describes_encoded = |name: &str| {
            is_decoded && ENCODED.iter().any(|header| header.eq_ignore_ascii_case(name))
        };
        let headers = headers.into_iter();
        let headers = headers.filter(|(name, _)| !describes_encoded(name.as_ref()));
        let headers =
            headers.map(|(name, value)| (name.as_ref().to_owned(), value.as_ref().to_vec()));
        let facts = Facts {
            scheme: verified.scheme().name().to_owned(),
            endpoint: key.endpoint().name().to_owned(),
            event_id: verified.event_id().to_owned(),
            event_type: verified.event_type().map(|kind| (kind.name.to_owned(), kind.is_signed())),
            tenant: verified.tenant().map(str::to_owned),
            is_signed: verified.authenticates_body(),
            signed_at_unix_ms: verified.signed_at_unix_ms(),
            accepted_at_unix_ms,
            attempt: 1,
            possible_duplicate: false,
        };
        Self {
            id: id.into(),
            method: method.to_owned(),
            target: target.to_owned(),
            headers: headers.collect(),
            body: verified.body().clone(),
            facts,
        }
    }

    /// Sets the number of this attempt at the message, counted from 1. A new message
    /// has 1.
    #[must_use]
    pub fn with_attempt(mut self, attempt: u32) -> Self {
        self.facts.attempt = attempt;
        self
    }

    /// Sets whether another delivery with the same event id was accepted before.
    #[must_use]
    pub fn with_possible_duplicate(mut self, possible_duplicate: bool) -> Self {
        self.facts.possible_duplicate = possible_duplicate;
        self
    }

    /// The id of this message.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The method of the request.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The path and query of the request line.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The headers of the request, in their order, with their bytes.
    #[must_use]
    pub fn headers(&self) -> &[(String, Vec<u8>)] {
        &self.headers
    }

    /// The bytes of the body.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The head of the request, to verify it again.
    #[must_use]
    pub fn head(&self) -> RequestHead<'_> {
        RequestHead::new(&self.method, &self.target, &self.headers)
    }

    /// The name of the scheme that verified the delivery.
    #[must_use]
    pub fn scheme(&self) -> &str {
        &self.facts.scheme
    }

    /// The endpoint at which it was received.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.facts.endpoint
    }

    /// As [`Verified::event_id`].
    #[must_use]
    pub fn event_id(&self) -> &str {
        &self.facts.event_id
    }

    /// The type of the event, if the delivery has one.
    #[must_use]
    pub fn event_type(&self) -> Option<&str> {
        self.facts.event_type.as_ref().map(|(name, _)| name.as_str())
    }

    /// Whether the signature covers the event type. If it does not, any client that has
    /// seen a delivery can have changed it.
    #[must_use]
    pub fn event_type_is_signed(&self) -> bool {
        self.facts.event_type.as_ref().is_some_and(|(_, is_signed)| *is_signed)
    }

    /// As [`Verified::tenant`].
    #[must_use]
    pub fn tenant(&self) -> Option<&str> {
        self.facts.tenant.as_deref()
    }

    /// Whether the signature covers the body ([`Verified::authenticates_body`]).
    #[must_use]
    pub fn authenticates_body(&self) -> bool {
        self.facts.is_signed
    }

    /// As [`Verified::signed_at_unix_ms`].
    #[must_use]
    pub fn signed_at_unix_ms(&self) -> Option<i64> {
        self.facts.signed_at_unix_ms
    }

    /// When the delivery was accepted, in Unix milliseconds.
    #[must_use]
    pub fn accepted_at_unix_ms(&self) -> i64 {
        self.facts.accepted_at_unix_ms
    }

    /// The number of this attempt at the message, counted from 1.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.facts.attempt
    }

    /// Whether another delivery with the same event id was accepted before.
    #[must_use]
    pub fn possible_duplicate(&self) -> bool {
        self.facts.possible_duplicate
    }

    /// Verifies the request again, at the time at which it was accepted.
    ///
    /// # Errors
    ///
    /// [`VerifyError`] if the request does not verify, for example because its secret
    /// was replaced in the meantime.
    pub fn verify(&self, verifier: &Verifier) -> Result<Verified, VerifyError> {
        let at = self.facts.accepted_at_unix_ms;
        verifier.clone().with_clock(move || at).verify(self.head(), self.body.clone())
    }

    /// The message as a queue stores it.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        format::write(self)
    }

    /// Reads a message that [`to_bytes`](Self::to_bytes) has written.
    ///
    /// # Errors
    ///
    /// [`MalformedMessage`] if the bytes are no message, or one of a later version.
    pub fn parse(bytes: impl Into<Bytes>) -> Result<Self, MalformedMessage> {
        format::read(&bytes.into())
    }
}

impl fmt::Debug for Message {
    /// Shows no header, no body, no target and no id.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("scheme", &self.facts.scheme)
            .field("endpoint", &self.facts.endpoint)
            .field("body_bytes", &self.body.len())
            .field("attempt", &self.facts.attempt)
            .finish_non_exhaustive()
    }
}

/// Bytes that are not a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MalformedMessage {
    /// There is no line of JSON before the body.
    NoHead,
    /// The line of JSON lacks a field, or a field has another type.
    Field(&'static str),
    /// A later version of the library has written it.
    #[non_exhaustive]
    NewerVersion {
        /// The version of the message.
        found: u64,
    },
}

impl fmt::Display for MalformedMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHead => f.write_str("the message does not begin with a line of JSON"),
            Self::Field(name) => write!(f, "the message has no valid field `{name}`"),
            Self::NewerVersion { found } => write!(
                f,
                "the message has version {found}, and this build supports version {}: use a later \
                 build",
                format::VERSION
            ),
        }
    }
}

impl Error for MalformedMessage {}

/// Headers that describe the encoded body.
const ENCODED: [&str; 2] = ["content-encoding", "content-length"];

#[cfg(test)]
mod tests;
