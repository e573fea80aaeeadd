//! The causes for which a delivery does not verify.

use std::borrow::Cow;

use super::fix::{Audience, Fix};

/// One reason why a delivery does not verify.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    kind: CauseKind,
    certain: bool,
    detail: Cow<'static, str>,
    fix: Fix,
    audience: Audience,
}

impl Cause {
    /// The kind of the cause.
    #[must_use]
    pub fn kind(&self) -> CauseKind {
        self.kind
    }

    /// Whether an experiment has verified it: with this fixed, and with all other
    /// certain causes fixed, the delivery verifies. For a handshake: whether the
    /// request is one. For a rejected form: whether the signature is right.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        self.certain
    }

    /// A description of what was found, for people. Contains no part of a secret, a
    /// signature or a body.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// How to fix it, for the diagnosis'
    /// [audience](super::Diagnose::with_audience).
    #[must_use]
    pub fn fix(&self) -> &str {
        self.fix.text(self.audience)
    }

    /// A cause that is certain if the experiment in the same [`Try`](super::experiment::Try)
    /// verifies.
    pub(super) fn tried(kind: CauseKind, detail: impl Into<Cow<'static, str>>) -> Self {
        let (detail, fix) = (detail.into(), kind.fix());
        Self { kind, certain: true, detail, fix, audience: Audience::default() }
    }

    /// A cause that no experiment has verified.
    pub(super) fn suspected(kind: CauseKind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { certain: false, ..Self::tried(kind, detail) }
    }

    /// Marks a suspected cause as certain.
    pub(super) fn into_certain(self) -> Self {
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
    /// There is white space around or inside the secret, or the provider's secret
    /// has white space that this one lacks.
    SecretTrailingWhitespace,
    /// The secret is in quotes.
    SecretInQuotes,
    /// The secret has a name in front of it, as in a line of a `.env` file.
    SecretWithName,
    /// The secret's text is used as the key, but the key is what the text decodes to.
    SecretNotDecoded,
    /// The secret is decoded, or its prefix is stripped, although it must not be; or
    /// it is decoded with the wrong encoding.
    SecretWronglyDecoded,
    /// The delivery was signed with the secret of another endpoint.
    SecretOfAnotherEndpoint,
    /// The delivery was signed with a secret that is not accepted at this time.
    Rotated,
    /// An API key, or another text that does not sign webhooks, is used as the
    /// secret.
    SecretKind,
    /// The signature is in another header, or is formatted in another way.
    WrongHeader,
    /// A part that the scheme reads is missing: the signature, the id, the
    /// timestamp, or a signed header.
    PartMissing,
    /// A byte order mark was added to the body, or removed.
    BodyBom,
    /// The line endings, or the newline at the end of the body, were changed.
    BodyNewline,
    /// The body is in base64, or in the event of a serverless gateway.
    BodyBase64,
    /// The body was compressed after it was signed, the scheme does not support its
    /// compression, or the compressed body or its `Content-Encoding` was changed.
    BodyCompressed,
    /// The body was signed in compressed form, and was decompressed.
    BodyDecompressed,
    /// The body's characters were converted to another character encoding.
    BodyCharset,
    /// The body is empty, or was empty when it was signed.
    BodyEmpty,
    /// The body is shorter than its `Content-Length`.
    BodyTruncated,
    /// The body is larger than the limit.
    BodyTooLarge,
    /// The body was parsed and serialized again.
    BodyReserialized,
    /// The URL is not the one that the provider calls.
    UrlMismatch,
    /// The timestamp has another unit or format than the scheme expects, for example
    /// milliseconds instead of seconds.
    TimestampUnit,
    /// The clocks of sender and receiver disagree.
    ClockSkew,
    /// The delivery is authentic and old.
    ReplayedOldCapture,
    /// The delivery is of another scheme.
    WrongScheme,
    /// The request is not a delivery but a handshake, which is not signed.
    Handshake,
    /// The scheme rejects the form of what is signed, also if the signature is right:
    /// the same bytes could be read as another delivery.
    RejectedForm,
    /// No cause was found.
    TamperedOrUnknown,
}

impl CauseKind {
    /// All kinds.
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
