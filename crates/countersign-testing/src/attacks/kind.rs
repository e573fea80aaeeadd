//! The kinds of attack, and why each matters.

use std::fmt;

/// How a delivery is changed before it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AttackKind {
    /// Unchanged: a receiver that rejects everything is not correct either.
    Genuine,
    /// Genuine deliveries whose JSON is formatted as other programs format it,
    /// and one whose JSON was reformatted after signing.
    Reserialized,
    /// Another body than the signed one.
    TamperedBody,
    /// Another timestamp than the signed one.
    TamperedTimestamp,
    /// A signature made with another secret.
    WrongSecret,
    /// No signature.
    MissingSignature,
    /// A signature header with an empty value.
    EmptySignature,
    /// A signature of the right length with invalid characters.
    MalformedSignature,
    /// The first half of the signature, and its prefix alone.
    TruncatedSignature,
    /// The signature with additional characters at the end.
    LongSignature,
    /// A hundred signatures, all of them forged.
    ManySignatures,
    /// Two signature headers, one of them genuine.
    RepeatedHeader,
    /// A genuine delivery with an old timestamp.
    Stale,
    /// A genuine delivery with a timestamp in the future.
    Future,
    /// An invalid timestamp.
    MalformedTimestamp,
    /// A request without body and headers.
    BareRequest,
    /// A genuine body that is larger than any that the provider sends.
    HugeBody,
    /// A genuine body that never ends.
    SlowBody,
    /// A genuine body that is cut off halfway.
    CutBody,
    /// A genuine delivery, sent twice.
    Replay,
    /// A genuine delivery, sent twice with different ids in unsigned headers.
    ChangedUnsignedId,
}

impl AttackKind {
    /// All kinds, in the order in which they run.
    pub const ALL: &'static [Self] = &[
        Self::Genuine,
        Self::Reserialized,
        Self::TamperedBody,
        Self::TamperedTimestamp,
        Self::WrongSecret,
        Self::MissingSignature,
        Self::EmptySignature,
        Self::MalformedSignature,
        Self::TruncatedSignature,
        Self::LongSignature,
        Self::ManySignatures,
        Self::RepeatedHeader,
        Self::Stale,
        Self::Future,
        Self::MalformedTimestamp,
        Self::BareRequest,
        Self::HugeBody,
        Self::SlowBody,
        Self::CutBody,
        Self::Replay,
        Self::ChangedUnsignedId,
    ];

    /// The kind with this name (`tampered-body`).
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// The kind's name (`tampered-body`).
    #[must_use]
    pub fn name(self) -> &'static str {
        self.words().0
    }

    /// A description of what is sent.
    #[must_use]
    pub fn sent(self) -> &'static str {
        self.words().1
    }

    /// A description of why the response matters.
    #[must_use]
    pub fn why(self) -> &'static str {
        self.words().2
    }

    /// The name, what is sent, and why it matters.
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Genuine => (
                "genuine",
                "a delivery as its provider sends it",
                "a receiver that rejects genuine deliveries loses events, and its other results mean nothing",
            ),
            Self::Reserialized => (
                "reserialized",
                "genuine deliveries whose JSON has line breaks and escapes, and one with an unsigned space",
                "a receiver that parses and reserializes the body verifies other bytes than the signed ones, and rejects genuine deliveries",
            ),
            Self::TamperedBody => (
                "tampered-body",
                "a genuine signature over another body",
                "an attacker who has seen one delivery could forge any event",
            ),
            Self::TamperedTimestamp => (
                "tampered-timestamp",
                "a genuine signature with a timestamp one second later",
                "if the timestamp is not verified, old deliveries can be made to look new",
            ),
            Self::WrongSecret => (
                "wrong-secret",
                "a delivery signed with another secret",
                "a receiver that does not compare the signature accepts any request",
            ),
            Self::MissingSignature => (
                "missing-signature",
                "a delivery without its signature",
                "a check that is skipped when the header is missing can be skipped by any sender",
            ),
            Self::EmptySignature => (
                "empty-signature",
                "a signature header without a value",
                "an empty value is easily treated as a missing header, or crashes the parser",
            ),
            Self::MalformedSignature => (
                "malformed-signature",
                "a signature of invalid characters, including characters beyond ASCII",
                "decoding or comparing such characters can throw, and any sender can send them",
            ),
            Self::TruncatedSignature => (
                "truncated-signature",
                "half of the genuine signature, and its prefix alone",
                "a comparison that stops at the end of the shorter value accepts an empty signature",
            ),
            Self::LongSignature => (
                "long-signature",
                "the genuine signature with additional characters at the end",
                "a comparison must not ignore the additional bytes, or throw because the length differs",
            ),
            Self::ManySignatures => (
                "many-signatures",
                "a hundred forged signatures at once",
                "if the body is hashed for each signature, one request costs as much as thousands",
            ),
            Self::RepeatedHeader => (
                "repeated-header",
                "the signature's header twice, once genuine, in either order",
                "of two values, one program reads the first and another reads the last",
            ),
            Self::Stale => (
                "stale",
                "a genuine delivery that is older than the scheme allows",
                "an attacker who has recorded a delivery could replay it forever",
            ),
            Self::Future => (
                "future",
                "a genuine delivery whose timestamp is further in the future than the scheme allows",
                "a delivery with a future timestamp can be replayed until that time has passed",
            ),
            Self::MalformedTimestamp => (
                "malformed-timestamp",
                "invalid timestamps: text, a huge number, a negative number, an empty value",
                "a parser that throws can stop the process, and one that returns zero or NaN skips the check",
            ),
            Self::BareRequest => (
                "bare-request",
                "a request without a body, a content type, or a signature",
                "such requests arrive first at a newly found address, and a receiver that throws on them throws all day",
            ),
            Self::HugeBody => (
                "huge-body",
                "a genuine body one byte above the scheme's limit",
                "a body that is read without a limit can exhaust the memory",
            ),
            Self::SlowBody => (
                "slow-body",
                "half of a genuine body, and then almost nothing",
                "without a deadline, a body holds a connection forever, and a few hundred hold all connections",
            ),
            Self::CutBody => (
                "cut-body",
                "half of a genuine body, and then the end of the connection",
                "a truncated body is not the signed body",
            ),
            Self::Replay => (
                "replay",
                "a genuine delivery, sent twice",
                "providers retry deliveries that they consider lost: acknowledge a duplicate, but do not handle it again",
            ),
            Self::ChangedUnsignedId => (
                "changed-unsigned-id",
                "a genuine delivery, sent twice with different ids in unsigned headers",
                "an attacker who replays a delivery can change an unsigned id, and the event is handled again",
            ),
        }
    }
}

impl fmt::Display for AttackKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
