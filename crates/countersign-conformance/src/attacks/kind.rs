//! The kinds of attack, and why each matters.

use std::fmt;

/// What is done to a delivery before it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AttackKind {
    /// Nothing: a receiver that refuses everything is not sound either.
    Genuine,
    /// Genuine deliveries whose JSON is written as other programs write it, and
    /// one whose JSON is written otherwise than was signed.
    WrittenOtherwise,
    /// Another body than was signed.
    TamperedBody,
    /// Another time than was signed.
    TamperedTimestamp,
    /// A signature of somebody who does not know the secret.
    WrongSecret,
    /// No signature at all.
    MissingSignature,
    /// The signature's header without a value.
    EmptySignature,
    /// A signature of the right length in letters that no signature has.
    MalformedSignature,
    /// The first half of the signature, and its prefix alone.
    TruncatedSignature,
    /// The signature and more behind it.
    LongSignature,
    /// A hundred signatures, none of which is genuine.
    ManySignatures,
    /// Two signatures in two headers, one of which is genuine.
    RepeatedHeader,
    /// A genuine delivery of long ago.
    Stale,
    /// A delivery that is dated ahead.
    Future,
    /// A timestamp that is none.
    MalformedTimestamp,
    /// A request with neither body nor headers.
    BareRequest,
    /// A genuine body that is larger than any that the provider sends.
    HugeBody,
    /// A genuine body that never ends.
    SlowBody,
    /// A genuine body whose sender stops halfway.
    CutBody,
    /// A genuine delivery twice.
    Replay,
    /// A genuine delivery twice, with another id in headers that nobody signs.
    ChangedUnsignedId,
}

impl AttackKind {
    /// All of them, in the order in which they are run.
    pub const ALL: &'static [Self] = &[
        Self::Genuine,
        Self::WrittenOtherwise,
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

    /// The kind of this name (`tampered-body`).
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// The name by which it is asked for (`tampered-body`).
    #[must_use]
    pub fn name(self) -> &'static str {
        self.words().0
    }

    /// What is sent, for people.
    #[must_use]
    pub fn sent(self) -> &'static str {
        self.words().1
    }

    /// Why it matters what the receiver answers, for people.
    #[must_use]
    pub fn why(self) -> &'static str {
        self.words().2
    }

    /// Its name, what is sent, and why it matters.
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Genuine => (
                "genuine",
                "a delivery as its provider sends it",
                "a receiver that refuses what is genuine loses events, and its other marks mean nothing",
            ),
            Self::WrittenOtherwise => (
                "written-otherwise",
                "genuine deliveries whose JSON has lines and escapes, and one with a blank that was not signed",
                "who parses the body and writes it again compares other bytes than were signed, and refuses what is genuine",
            ),
            Self::TamperedBody => (
                "tampered-body",
                "a genuine signature over another body",
                "whoever has seen one delivery could write any event",
            ),
            Self::TamperedTimestamp => (
                "tampered-timestamp",
                "a genuine signature with a timestamp one second later",
                "a time that is not part of what is verified lets old deliveries look new",
            ),
            Self::WrongSecret => (
                "wrong-secret",
                "a delivery signed with another secret",
                "a signature that is not compared is none",
            ),
            Self::MissingSignature => (
                "missing-signature",
                "a delivery without its signature",
                "a check that is skipped where the header is absent can be skipped by anybody",
            ),
            Self::EmptySignature => (
                "empty-signature",
                "a signature header without a value",
                "an empty text is easily taken for an absent one, or crashes what reads it",
            ),
            Self::MalformedSignature => (
                "malformed-signature",
                "letters in the place of the signature that no signature has, and some beyond ASCII",
                "what decodes or compares a signature throws at such letters, and anybody can send them",
            ),
            Self::TruncatedSignature => (
                "truncated-signature",
                "half of the genuine signature, and its prefix alone",
                "a comparison that ends with the shorter text takes an empty signature for genuine",
            ),
            Self::LongSignature => (
                "long-signature",
                "the genuine signature with more behind it",
                "a comparison of the first bytes, or one that throws at another length, is no comparison",
            ),
            Self::ManySignatures => (
                "many-signatures",
                "a hundred forged signatures at once",
                "a hash of the body for each of them lets one request cost as much as thousands",
            ),
            Self::RepeatedHeader => (
                "repeated-header",
                "the signature's header twice, once genuine, in either order",
                "of two values one program reads the first and another the last",
            ),
            Self::Stale => (
                "stale",
                "a genuine delivery that is older than the scheme allows",
                "whoever has recorded a delivery could send it again for ever",
            ),
            Self::Future => (
                "future",
                "a genuine delivery that is dated further ahead than the scheme allows",
                "what is dated ahead can be sent again until its date has passed",
            ),
            Self::MalformedTimestamp => (
                "malformed-timestamp",
                "timestamps that are none: words, a huge number, a negative one, nothing",
                "a parser that throws takes the process down, and one that says zero or NaN skips the check",
            ),
            Self::BareRequest => (
                "bare-request",
                "a request without a body, a type of it, or a signature",
                "it is what comes first to an address that somebody has found, and what throws at it throws all day",
            ),
            Self::HugeBody => (
                "huge-body",
                "a genuine body one byte above the scheme's limit",
                "a body that is read without a limit fills the memory",
            ),
            Self::SlowBody => (
                "slow-body",
                "half of a genuine body, and then next to nothing",
                "a body without a deadline holds a connection for ever, and a few hundred hold them all",
            ),
            Self::CutBody => (
                "cut-body",
                "half of a genuine body, and then its end",
                "what came of a body is not what was signed",
            ),
            Self::Replay => (
                "replay",
                "a genuine delivery twice",
                "providers send again what they think lost: a repeat is acknowledged, and handled no second time",
            ),
            Self::ChangedUnsignedId => (
                "changed-unsigned-id",
                "a genuine delivery twice, with another id in headers that are not signed",
                "whoever replays a delivery changes an id that nobody has signed, and it is handled again",
            ),
        }
    }
}

impl fmt::Display for AttackKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
