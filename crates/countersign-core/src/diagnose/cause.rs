//! What can be the matter with a delivery.

use std::borrow::Cow;

use super::fix::{Audience, Fix};

/// One reason for which a delivery does not verify.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    kind: CauseKind,
    certain: bool,
    detail: Cow<'static, str>,
    fix: Fix,
    audience: Audience,
}

impl Cause {
    /// What it is.
    #[must_use]
    pub fn kind(&self) -> CauseKind {
        self.kind
    }

    /// Whether a trial has proved it: with this mended (and with the other
    /// certain causes, where there are several) the delivery verifies. Of a
    /// handshake: that it is one. Of a rejected form: that the signature is right.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        self.certain
    }

    /// What was seen, for people. Holds nothing of a secret, a signature or a
    /// body.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// What to do about it, in the words of the diagnosis'
    /// [audience](super::Diagnose::with_audience).
    #[must_use]
    pub fn mend(&self) -> &str {
        self.fix.text(self.audience)
    }

    /// Certain if the trial verifies that it stands beside.
    pub(super) fn tried(kind: CauseKind, detail: impl Into<Cow<'static, str>>) -> Self {
        let (detail, fix) = (detail.into(), kind.fix());
        Self { kind, certain: true, detail, fix, audience: Audience::default() }
    }

    /// From appearances alone.
    pub(super) fn suspected(kind: CauseKind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { certain: false, ..Self::tried(kind, detail) }
    }

    /// What was suspected has been proved.
    pub(super) fn proved(self) -> Self {
        Self { certain: true, ..self }
    }

    pub(super) fn with_fix(mut self, fix: impl Into<Fix>) -> Self {
        self.fix = fix.into();
        self
    }

    pub(super) fn for_audience(mut self, audience: Audience) -> Self {
        self.audience = audience;
        self
    }
}

/// The kinds of cause, each with its stable code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CauseKind {
    /// White space around the secret or inside of it; or the provider's own has
    /// some.
    SecretTrailingWhitespace,
    /// The secret stands in quotes.
    SecretInQuotes,
    /// The secret has a name in front of it: the whole line of a `.env` file.
    SecretWithName,
    /// The secret's text is used where what it decodes to is the key.
    SecretNotDecoded,
    /// The secret is decoded, or its prefix is stripped, where it should not be,
    /// or by another encoding.
    SecretWronglyDecoded,
    /// It was signed for another endpoint.
    SecretOfAnotherEndpoint,
    /// It was signed with a secret that is not accepted at this time.
    Rotated,
    /// An API key, or another thing that signs no webhooks, is used as the
    /// secret.
    SecretKind,
    /// The signature is there, in another header or written in another way.
    WrongHeader,
    /// What the scheme reads is not there: the signature, the id, the time, or a
    /// header that is signed.
    PartMissing,
    /// A byte order mark was added to the body, or lost.
    BodyBom,
    /// Line ends, or the newline at the end, are not those that were signed.
    BodyNewline,
    /// The body is in base64, or in the event of a serverless gateway.
    BodyBase64,
    /// The body is compressed, and was signed before it was.
    BodyCompressed,
    /// The body was decompressed, and was signed as it was before.
    BodyDecompressed,
    /// The body's characters were converted to another encoding.
    BodyCharset,
    /// The body is empty, or it was when it was signed.
    BodyEmpty,
    /// The body is shorter than its `Content-Length`.
    BodyTruncated,
    /// The body is larger than is accepted.
    BodyTooLarge,
    /// The body was parsed and written again.
    BodyReserialized,
    /// The URL is not the one that the provider calls.
    UrlMismatch,
    /// Seconds are taken for milliseconds, or another such unit.
    TimestampUnit,
    /// The clocks of sender and receiver disagree.
    ClockSkew,
    /// It is authentic and old.
    ReplayedOldCapture,
    /// It is a delivery of another scheme.
    WrongScheme,
    /// It is no delivery: it is a handshake, which nobody signs.
    Handshake,
    /// The signature is right, and what is signed has a form that the scheme
    /// rejects: the same bytes could be read as another delivery.
    RejectedForm,
    /// Nothing that was tried explains it.
    TamperedOrUnknown,
}

impl CauseKind {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::SecretTrailingWhitespace,
        Self::SecretInQuotes,
        Self::SecretWithName,
        Self::SecretNotDecoded,
        Self::SecretWronglyDecoded,
        Self::SecretOfAnotherEndpoint,
        Self::Rotated,
        Self::SecretKind,
        Self::WrongHeader,
        Self::PartMissing,
        Self::BodyBom,
        Self::BodyNewline,
        Self::BodyBase64,
        Self::BodyCompressed,
        Self::BodyDecompressed,
        Self::BodyCharset,
        Self::BodyEmpty,
        Self::BodyTruncated,
        Self::BodyTooLarge,
        Self::BodyReserialized,
        Self::UrlMismatch,
        Self::TimestampUnit,
        Self::ClockSkew,
        Self::ReplayedOldCapture,
        Self::WrongScheme,
        Self::Handshake,
        Self::RejectedForm,
        Self::TamperedOrUnknown,
    ];

    /// The stable name, for programs (`secret_trailing_whitespace`).
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::SecretTrailingWhitespace => "secret_trailing_whitespace",
            Self::SecretInQuotes => "secret_in_quotes",
            Self::SecretWithName => "secret_with_name",
            Self::SecretNotDecoded => "secret_not_decoded",
            Self::SecretWronglyDecoded => "secret_wrongly_decoded",
            Self::SecretOfAnotherEndpoint => "secret_of_another_endpoint",
            Self::Rotated => "rotated",
            Self::SecretKind => "secret_kind",
            Self::WrongHeader => "wrong_header",
            Self::PartMissing => "part_missing",
            Self::BodyBom => "body_bom",
            Self::BodyNewline => "body_newline",
            Self::BodyBase64 => "body_base64",
            Self::BodyCompressed => "body_compressed",
            Self::BodyDecompressed => "body_decompressed",
            Self::BodyCharset => "body_charset",
            Self::BodyEmpty => "body_empty",
            Self::BodyTruncated => "body_truncated",
            Self::BodyTooLarge => "body_too_large",
            Self::BodyReserialized => "body_reserialized",
            Self::UrlMismatch => "url_mismatch",
            Self::TimestampUnit => "timestamp_unit",
            Self::ClockSkew => "clock_skew",
            Self::ReplayedOldCapture => "replayed_old_capture",
            Self::WrongScheme => "wrong_scheme",
            Self::Handshake => "handshake",
            Self::RejectedForm => "rejected_form",
            Self::TamperedOrUnknown => "tampered_or_unknown",
        }
    }
}
