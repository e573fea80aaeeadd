//! What can be the matter with a delivery, and how it is mended.

use std::borrow::Cow;

/// One reason for which a delivery does not verify.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    kind: CauseKind,
    certain: bool,
    detail: Cow<'static, str>,
    mend: Cow<'static, str>,
}

impl Cause {
    /// What it is.
    #[must_use]
    pub fn kind(&self) -> CauseKind {
        self.kind
    }

    /// Whether a trial has proved it: with this mended (and with the other
    /// certain causes, where there are several) the delivery verifies. Of a
    /// handshake: that it is one.
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

    /// What to do about it.
    #[must_use]
    pub fn mend(&self) -> &str {
        &self.mend
    }

    /// Certain if the trial verifies that it stands beside.
    pub(super) fn tried(kind: CauseKind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, certain: true, detail: detail.into(), mend: kind.mend().into() }
    }

    /// From appearances alone.
    pub(super) fn suspected(kind: CauseKind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { certain: false, ..Self::tried(kind, detail) }
    }

    pub(super) fn with_mend(mut self, mend: impl Into<Cow<'static, str>>) -> Self {
        self.mend = mend.into();
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
    /// Nothing that was tried explains it.
    TamperedOrUnknown,
}

impl CauseKind {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::SecretTrailingWhitespace,
        Self::SecretInQuotes,
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
        Self::TamperedOrUnknown,
    ];

    /// The stable name, for programs (`secret_trailing_whitespace`).
    #[must_use]
    pub fn code(self) -> &'static str {
        self.facts().0
    }

    fn mend(self) -> &'static str {
        self.facts().1
    }

    /// The one map from a kind to its code and to what mends it.
    fn facts(self) -> (&'static str, &'static str) {
        match self {
            Self::SecretTrailingWhitespace => (
                "secret_trailing_whitespace",
                "store the secret as the provider shows it, without white space around it: written by \
                 `printf %s`, say, where `echo` adds a newline",
            ),
            Self::SecretInQuotes => {
                ("secret_in_quotes", "store the secret without the quotes around it")
            }
            Self::SecretNotDecoded => (
                "secret_not_decoded",
                "give the secret as what it is: `Secret::from_base64`, `Secret::from_hex` or \
                 `Secret::from_whsec`, or the scheme whose secrets are written so",
            ),
            Self::SecretWronglyDecoded => (
                "secret_wrongly_decoded",
                "give the whole text that the provider shows, prefix and all, with `Secret::new`; \
                 where the scheme decodes it and must not, with `Secret::from_text`",
            ),
            Self::SecretOfAnotherEndpoint => (
                "secret_of_another_endpoint",
                "configure the secret that the provider shows for this endpoint; test and live \
                 mode have one each",
            ),
            Self::Rotated => (
                "rotated",
                "keep the older secret beside the current one until the provider has ceased to \
                 sign with it (`Secrets::with_previous`, or a second one in `secrets` of \
                 `countersign serve`), or finish the rotation at the provider",
            ),
            Self::SecretKind => (
                "secret_kind",
                "configure the signing secret, which the provider shows with the endpoint, and not \
                 the key for its API",
            ),
            Self::WrongHeader => (
                "wrong_header",
                "have the proxy hand the provider's headers on as they are, or describe a scheme \
                 that reads what arrives: `countersign schemes NAME --toml` begins one",
            ),
            Self::PartMissing => (
                "part_missing",
                "see at the provider whether signing is switched on, and whether a proxy or the \
                 capture drops it",
            ),
            Self::BodyBom => ("body_bom", RAW),
            Self::BodyNewline => ("body_newline", RAW),
            Self::BodyBase64 => (
                "body_base64",
                "verify the bytes that the gateway's `body` decodes to where it says \
                 `isBase64Encoded`, and switch that encoding off where you can",
            ),
            Self::BodyCompressed => (
                "body_compressed",
                "decompress the body in front of verification: `body_view(BodyView::Decoded)` of a \
                 scheme of your own does",
            ),
            Self::BodyDecompressed => (
                "body_decompressed",
                "verify the body as it arrives, in front of whatever decompresses it",
            ),
            Self::BodyCharset => ("body_charset", RAW),
            Self::BodyEmpty => (
                "body_empty",
                "verify in front of whatever reads the body; it can be read but once",
            ),
            Self::BodyTruncated => (
                "body_truncated",
                "capture the whole body; look for a limit in the proxy, the framework or the log \
                 that it was copied from",
            ),
            Self::BodyTooLarge => (
                "body_too_large",
                "raise the limit, if the provider sends so much: `Verifier::with_body_limit`, or \
                 `body_limit` in the file of `countersign serve`",
            ),
            Self::BodyReserialized => ("body_reserialized", RAW),
            Self::UrlMismatch => (
                "url_mismatch",
                "configure the public URL to the letter as the provider's settings show it \
                 (`Verifier::at`, `url` in the file of `countersign serve`, `--url` here): behind a \
                 proxy the server sees another one",
            ),
            Self::TimestampUnit => (
                "timestamp_unit",
                "describe the scheme's timestamp with the unit that the provider sends",
            ),
            Self::ClockSkew => {
                ("clock_skew", "set the receiver's clock by NTP; a wider tolerance only hides it")
            }
            Self::ReplayedOldCapture => (
                "replayed_old_capture",
                "nothing, where this is a capture: judge it by the clock of its time; otherwise \
                 somebody has sent it again, or it has waited in a queue",
            ),
            Self::WrongScheme => ("wrong_scheme", "configure the scheme that verifies it"),
            Self::Handshake => (
                "handshake",
                "nothing behind a layer, an extractor or `countersign serve`: they answer it; in \
                 code of your own, ask `Verifier::handshake` in front of `Verifier::begin`",
            ),
            Self::TamperedOrUnknown => (
                "tampered_or_unknown",
                "compare the secret with the provider's settings, capture the raw request in front \
                 of every proxy and framework, and try again",
            ),
        }
    }
}

const RAW: &str = "verify the raw bytes of the request, in front of whatever parses or rewrites it";
