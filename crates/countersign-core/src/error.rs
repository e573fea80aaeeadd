//! Two of the three moments at which something can be wrong: at start-up
//! ([`ConfigError`]) and at a request ([`VerifyError`]). The third is the
//! store's.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::name::Name;

/// Why a delivery was refused.
///
/// The caller of the endpoint learns the [`status`](Self::status) and nothing
/// else. The log and the metrics get the [`code`](Self::code), and, for people,
/// the text: it names headers and times, and never shows a secret, a body, a
/// signature, or any other text of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyError {
    kind: VerifyErrorKind,
    detail: Detail,
}

/// What the text of a [`VerifyError`] can add to its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Detail {
    None,
    Header(Name),
    /// A value inside the signed body, by its JSON pointer.
    BodyField(Box<str>),
    /// How far off the timestamp is, and how far it may be.
    Skew {
        off_ms: i64,
        allowed_ms: i64,
    },
    /// A limit, in bytes or in candidates.
    Limit(usize),
}

impl VerifyError {
    /// What was wrong.
    #[must_use]
    pub fn kind(&self) -> VerifyErrorKind {
        self.kind
    }

    /// The stable name of what was wrong, for logs and metrics
    /// (`signature_mismatch`).
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.kind.code()
    }

    /// The HTTP status to answer with.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.kind.status()
    }

    pub(crate) fn header(kind: VerifyErrorKind, header: &Name) -> Self {
        Self { kind, detail: Detail::Header(header.clone()) }
    }

    pub(crate) fn body_field(kind: VerifyErrorKind, pointer: &str) -> Self {
        Self { kind, detail: Detail::BodyField(pointer.into()) }
    }

    pub(crate) fn skew(kind: VerifyErrorKind, off_ms: i64, allowed_ms: i64) -> Self {
        Self { kind, detail: Detail::Skew { off_ms, allowed_ms } }
    }

    pub(crate) fn limit(kind: VerifyErrorKind, limit: usize) -> Self {
        Self { kind, detail: Detail::Limit(limit) }
    }
}

impl From<VerifyErrorKind> for VerifyError {
    /// For what only an adapter can see: a body that came too slowly, or was
    /// cut off.
    fn from(kind: VerifyErrorKind) -> Self {
        Self { kind, detail: Detail::None }
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.meaning())?;
        match &self.detail {
            Detail::None => Ok(()),
            Detail::Header(name) => write!(f, ": header `{name}`"),
            Detail::BodyField(pointer) => write!(f, ": body field `{pointer}`"),
            Detail::Skew { off_ms, allowed_ms } => {
                write!(f, ": off by {} ms, {allowed_ms} ms allowed", off_ms.unsigned_abs())
            }
            Detail::Limit(limit) => write!(f, ": the limit is {limit}"),
        }
    }
}

impl Error for VerifyError {}

/// The kinds of refusal, each with its stable code and its HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VerifyErrorKind {
    /// The signature's header is absent.
    MissingSignature,
    /// The signature's header holds signatures, but none of the kind that the
    /// scheme looks for.
    UnsupportedSignature,
    /// No live secret has signed this.
    SignatureMismatch,
    /// The delivery names a key, or the place of a certificate, that is not
    /// known.
    UnknownKey,
    /// The signature's header is not of the scheme's grammar, or no signature
    /// in it has the length and encoding of one.
    MalformedSignature,
    /// More signatures than are considered.
    TooManySignatures,
    /// A header that must have one value has several.
    RepeatedHeader,
    /// A header that the scheme signs is absent.
    MissingHeader,
    /// The id's header is absent.
    MissingId,
    /// The id is empty, too long, not visible ASCII, or contains the scheme's
    /// delimiter.
    MalformedId,
    /// The timestamp is absent.
    MissingTimestamp,
    /// The timestamp is not of the scheme's format.
    MalformedTimestamp,
    /// The timestamp lies too far in the past.
    TimestampTooOld,
    /// The timestamp lies too far in the future.
    TimestampInFuture,
    /// The body is larger than the limit.
    BodyTooLarge,
    /// The body had not arrived whole within its deadline.
    BodyTimeout,
    /// The body ended before it was whole (an encoded one, before its encoding
    /// says so), or was read by somebody else.
    BodyIncomplete,
    /// The body has a content encoding that the scheme does not know, or is not
    /// of the encoding that it claims: it does not decode, or something follows
    /// its end.
    UnsupportedEncoding,
    /// The receiver itself is not set up to judge this delivery.
    Misconfigured,
    /// No secret is known for the tenant that the request names, or it names
    /// none.
    UnknownTenant,
    /// The tenant's secrets could not be asked for.
    SecretsUnavailable,
}

impl VerifyErrorKind {
    /// All of them, in the order of the enum.
    pub const ALL: &'static [Self] = &[
        Self::MissingSignature,
        Self::UnsupportedSignature,
        Self::SignatureMismatch,
        Self::UnknownKey,
        Self::MalformedSignature,
        Self::TooManySignatures,
        Self::RepeatedHeader,
        Self::MissingHeader,
        Self::MissingId,
        Self::MalformedId,
        Self::MissingTimestamp,
        Self::MalformedTimestamp,
        Self::TimestampTooOld,
        Self::TimestampInFuture,
        Self::BodyTooLarge,
        Self::BodyTimeout,
        Self::BodyIncomplete,
        Self::UnsupportedEncoding,
        Self::Misconfigured,
        Self::UnknownTenant,
        Self::SecretsUnavailable,
    ];

    /// The stable name, for logs and metrics.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.facts().0
    }

    /// The HTTP status to answer with.
    #[must_use]
    pub fn status(self) -> u16 {
        self.facts().1
    }

    /// What it means, in a few words for people.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        self.facts().2
    }

    /// The one map from kind to code, status and meaning.
    fn facts(self) -> (&'static str, u16, &'static str) {
        match self {
            Self::MissingSignature => ("missing_signature", 401, "the signature is absent"),
            Self::UnsupportedSignature => {
                ("unsupported_signature", 401, "there is no signature of a supported kind")
            }
            Self::SignatureMismatch => {
                ("signature_mismatch", 401, "no live secret has signed this delivery")
            }
            Self::MalformedSignature => {
                ("malformed_signature", 400, "the signature is not of the scheme's format")
            }
            Self::TooManySignatures => {
                ("too_many_signatures", 400, "there are too many signatures")
            }
            Self::RepeatedHeader => {
                ("repeated_header", 400, "a header that must be unique is repeated")
            }
            Self::MissingHeader => ("missing_header", 400, "a signed header is absent"),
            Self::MissingId => ("missing_id", 400, "the id is absent"),
            Self::MalformedId => ("malformed_id", 400, "the id is malformed"),
            Self::MissingTimestamp => ("missing_timestamp", 400, "the timestamp is absent"),
            Self::MalformedTimestamp => {
                ("malformed_timestamp", 400, "the timestamp is not of the scheme's format")
            }
            Self::TimestampTooOld => ("timestamp_too_old", 400, "the timestamp is too old"),
            Self::TimestampInFuture => {
                ("timestamp_in_future", 400, "the timestamp is too far in the future")
            }
            Self::BodyTooLarge => ("body_too_large", 413, "the body is too large"),
            Self::BodyTimeout => ("body_timeout", 408, "the body came too slowly"),
            Self::BodyIncomplete => ("body_incomplete", 400, "the body was cut off"),
            Self::UnsupportedEncoding => {
                ("unsupported_encoding", 415, "the body's content encoding is not supported")
            }
            Self::Misconfigured => ("misconfigured", 503, "the receiver is not set up for this"),
            Self::UnknownTenant => {
                ("unknown_tenant", 503, "no secret is known for the request's tenant")
            }
            Self::SecretsUnavailable => {
                ("secrets_unavailable", 503, "the tenant's secrets could not be asked for")
            }
            Self::UnknownKey => ("unknown_key", 401, "the key that it names is not known"),
        }
    }
}

/// What has to be mended before a receiver can start.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// A secret cannot be used.
    #[non_exhaustive]
    Secret {
        /// What is wrong with it.
        problem: SecretProblem,
        /// Which of the secrets it is, counted from 0, where that is known.
        index: Option<usize>,
    },
    /// A secret is not to be had from the place where it should be.
    #[non_exhaustive]
    SecretPlace {
        /// The variable or the file.
        place: String,
        /// What is wrong with it, and what to do.
        problem: String,
    },
    /// There is no built-in scheme of this name.
    #[non_exhaustive]
    UnknownScheme {
        /// The name that was asked for.
        name: String,
        /// The built-ins' names and aliases that resemble it.
        near: Vec<&'static str>,
    },
    /// A scheme's description contradicts itself or leaves a hole.
    #[non_exhaustive]
    Scheme {
        /// The scheme's name.
        scheme: String,
        /// The word of the builder (and of the TOML file) that has to be mended.
        word: &'static str,
        /// What is wrong, and what to write instead.
        problem: String,
    },
    /// The scheme signs the URL, and the receiver's public one was not given.
    #[non_exhaustive]
    UrlRequired {
        /// The scheme's name.
        scheme: String,
    },
    /// A public URL is not of the form `https://host/path`.
    #[non_exhaustive]
    Url {
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Tenants are not described as they must be.
    #[non_exhaustive]
    Tenants {
        /// What is wrong, and what to do instead.
        problem: &'static str,
    },
    /// The scheme needs a feature that this build does not have.
    #[non_exhaustive]
    FeatureRequired {
        /// The scheme's name.
        scheme: String,
        /// The feature to switch on.
        feature: &'static str,
    },
    /// A delivery cannot be signed with what was given.
    #[non_exhaustive]
    Sign {
        /// The scheme's name.
        scheme: String,
        /// What is missing or wrong.
        problem: String,
    },
    /// Keys are to be looked up for a scheme that names none.
    #[non_exhaustive]
    Resolver {
        /// The scheme's name.
        scheme: String,
    },
    /// Events would be forgotten while they can still come again.
    #[non_exhaustive]
    Retention {
        /// The shortest retention that is safe.
        least: Duration,
    },
    /// The scheme's way of signing is code, which no file can say.
    #[non_exhaustive]
    NotData {
        /// The scheme's name.
        scheme: String,
    },
    /// A description in TOML cannot be read; the text names line and key.
    #[non_exhaustive]
    Toml {
        /// What is wrong, where, and what to write instead.
        problem: String,
    },
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Secret { problem, index: None } => write!(f, "the secret {problem}"),
            Self::Secret { problem, index: Some(index) } => write!(f, "secret {index} {problem}"),
            Self::SecretPlace { place, problem } => write!(f, "{place} {problem}"),
            Self::UnknownScheme { name, near } if near.is_empty() => {
                write!(f, "there is no built-in scheme `{name}`; `Scheme::names()` lists them")
            }
            Self::UnknownScheme { name, near } => write!(
                f,
                "there is no built-in scheme `{name}`: did you mean `{}`?",
                near.join("` or `")
            ),
            Self::Scheme { scheme, word, problem } => {
                write!(f, "scheme `{scheme}`: `{word}`: {problem}")
            }
            Self::UrlRequired { scheme } => write!(
                f,
                "scheme `{scheme}` signs the URL: give the one that the provider calls, with `Verifier::at`"
            ),
            Self::Url { problem } => write!(f, "the public URL {problem}"),
            Self::Tenants { problem } => write!(f, "tenants: {problem}"),
            Self::FeatureRequired { scheme, feature } => {
                write!(f, "scheme `{scheme}` needs the feature `{feature}`")
            }
            Self::Resolver { scheme } => write!(
                f,
                "the deliveries of scheme `{scheme}` name no key that could be looked up: give the secret itself"
            ),
            Self::Sign { scheme, problem } => write!(f, "cannot sign for `{scheme}`: {problem}"),
            Self::Retention { least } => write!(
                f,
                "the retention is too short: an event can come again for longer, so give at least {} s",
                least.as_secs_f64()
            ),
            Self::NotData { scheme } => write!(
                f,
                "how scheme `{scheme}` is signed is code, which no file can say: use it by its name"
            ),
            Self::Toml { problem } => f.write_str(problem),
        }
    }
}

impl fmt::Debug for ConfigError {
    /// The text: a `main` that returns the error prints it by `Debug`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for ConfigError {}

impl From<SecretProblem> for ConfigError {
    fn from(problem: SecretProblem) -> Self {
        Self::Secret { problem, index: None }
    }
}

impl ConfigError {
    /// The same of the secret of this number, where it does not say which it is.
    pub(crate) fn of_secret(self, number: usize) -> Self {
        match self {
            Self::Secret { problem, index: None } => Self::Secret { problem, index: Some(number) },
            other => other,
        }
    }
}

/// What is wrong with a secret; the text completes "the secret …".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretProblem {
    /// It is empty: anybody could compute its signatures.
    Empty,
    /// It is nothing but white space: it was forgotten, or a variable was left out.
    Blank,
    /// It decodes to nothing, which is as good as empty.
    DecodesToNothing,
    /// The scheme's secrets are hexadecimal, and this one is not.
    NotHex,
    /// The scheme's secrets are base64, and this one is not.
    NotBase64,
    /// The scheme's keys have another length.
    #[non_exhaustive]
    WrongLength {
        /// The length that this key has, in bytes.
        is: usize,
        /// The length that the scheme's keys have, in bytes.
        must_be: usize,
    },
    /// It is several secrets in one text, where one key is wanted.
    Several,
    /// It is not a public key of the scheme's algorithm.
    NotAPublicKey,
    /// It is not of the form that the scheme's rule takes.
    #[non_exhaustive]
    Malformed {
        /// What to give instead.
        give: &'static str,
    },
    /// The scheme's secrets are user and password, and this one is not.
    NotUserAndPassword,
    /// The time from which it is accepted lies behind the one until which it is.
    NeverValid,
}

impl fmt::Display for SecretProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("is empty: paste the one that the provider shows"),
            Self::Blank => {
                f.write_str("is nothing but white space: paste the one that the provider shows")
            }
            Self::DecodesToNothing => {
                f.write_str("decodes to nothing: paste the whole of it, behind its prefix too")
            }
            Self::NotHex => f.write_str(
                "is not hexadecimal, as this scheme's secrets are: paste it without spaces or quotes",
            ),
            Self::NotBase64 => f.write_str(
                "is not base64, as this scheme's secrets are: paste it without spaces or quotes, \
                 or say that it is text with `Secret::from_text`",
            ),
            Self::WrongLength { is, must_be } => write!(
                f,
                "decodes to {is} bytes where this scheme's keys have {must_be}: paste the whole of it"
            ),
            Self::Several => f.write_str(
                "is several joined by `|`: make a secret of each, or give the text to `Secret::new`",
            ),
            Self::NotAPublicKey => {
                f.write_str("is not a public key of this scheme's algorithm: paste the public one")
            }
            Self::Malformed { give } => write!(f, "is not what this scheme takes: give {give}"),
            Self::NotUserAndPassword => {
                f.write_str("is not user and password: write `user:password`, with the colon")
            }
            Self::NeverValid => {
                f.write_str("is never accepted: the end of its time lies before the beginning")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_kinds_leaves_none_out() {
        for (index, kind) in VerifyErrorKind::ALL.iter().enumerate() {
            assert_eq!(*kind as usize, index, "{kind:?}");
        }
        assert_eq!(VerifyErrorKind::ALL.last(), Some(&VerifyErrorKind::SecretsUnavailable));
    }

    #[test]
    fn a_main_that_returns_what_is_to_be_mended_says_it_in_words() {
        let error: Box<dyn Error> = ConfigError::from(SecretProblem::Empty).into();
        assert_eq!(
            format!("{error:?}"),
            "the secret is empty: paste the one that the provider shows"
        );
    }
}
