//! Errors at start-up ([`ConfigError`]) and errors of a request ([`VerifyError`]).
//! Stores have their own error type.

pub(crate) mod malformed;
pub(crate) mod named_variants;

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::request::name::Name;

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
pub(crate) enum Detail {
    None,
    Header(Name),
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

    pub(crate) fn header(kind: VerifyErrorKind, header: &Name) -> Self {
        Self { kind, detail: Detail::Header(header.clone()) }
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
        f.write_str(self.kind.meaning())?;
        match &self.detail {
            Detail::None => Ok(()),
            Detail::Header(name) => write!(f, ": header `{name}`"),
            Detail::BodyField(pointer) => write!(f, ": body field `{pointer}`"),
            Detail::Skew { off_ms, allowed_ms } => {
                write!(f, ": off by {} ms, {allowed_ms} ms allowed", off_ms.unsigned_abs())
            }
            Detail::Limit(limit) => write!(f, ": the limit is {limit}"),
            Detail::Fields(limit) => {
                write!(f, ": the limit of this scheme is {limit} fields, members and elements")
            }
        }
    }
}

impl Error for VerifyError {}

/// The kinds of rejection, each with its stable code and its HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VerifyErrorKind {
    /// The signature header is missing.
    MissingSignature,
    /// The signature header contains signatures, but not the kind of signature
    /// that the scheme expects.
    UnsupportedSignature,
    /// The signature does not match any active secret.
    SignatureMismatch,
    /// The delivery names a key or a certificate location that is not known, or whose
    /// key has expired.
    UnknownKey,
    /// The signature header does not have the scheme's format, or no signature in
    /// it has the length and encoding of the scheme's signatures.
    MalformedSignature,
    /// The delivery has more signatures than the maximum.
    TooManySignatures,
    /// A header that must have one value has several.
    RepeatedHeader,
    /// A header that the scheme signs is missing.
    MissingHeader,
    /// The id header is missing.
    MissingId,
    /// The id is empty, too long, not visible ASCII, or contains the scheme's
    /// delimiter.
    MalformedId,
    /// The timestamp is missing.
    MissingTimestamp,
    /// The timestamp does not have the scheme's format.
    MalformedTimestamp,
    /// The timestamp is too far in the past.
    TimestampTooOld,
    /// The timestamp is too far in the future.
    TimestampInFuture,
    /// The body is larger than the limit.
    BodyTooLarge,
    /// The body did not arrive completely within its deadline.
    BodyTimeout,
    /// The body ended too early (an encoded body: before the end of its encoding),
    /// or other code read it first.
    BodyIncomplete,
    /// The scheme does not support the body's content encoding, or the body is not
    /// valid in it: it does not decode, or bytes follow its end.
    UnsupportedEncoding,
    /// The receiver is not configured to verify this delivery. For example, none of its
    /// secrets is valid now.
    Misconfigured,
    /// No secret is known for the tenant of the request, or the request names no
    /// tenant.
    UnknownTenant,
    /// The tenant's secrets could not be looked up.
    SecretsUnavailable,
}

impl VerifyErrorKind {
    /// All kinds, in the order of the enum.
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

    /// The HTTP status to respond with.
    #[must_use]
    pub fn status(self) -> u16 {
        self.facts().1
    }

    /// A short description of the error, for people.
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
                ("signature_mismatch", 401, "the signature does not match any active secret")
            }
            Self::MalformedSignature => {
                ("malformed_signature", 400, "the signature does not have the scheme's format")
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
                ("malformed_timestamp", 400, "the timestamp does not have the scheme's format")
            }
            Self::TimestampTooOld => ("timestamp_too_old", 400, "the timestamp is too old"),
            Self::TimestampInFuture => {
                ("timestamp_in_future", 400, "the timestamp is too far in the future")
            }
            Self::BodyTooLarge => ("body_too_large", 413, "the body is too large"),
            Self::BodyTimeout => ("body_timeout", 408, "the body arrived too slowly"),
            Self::BodyIncomplete => ("body_incomplete", 400, "the body was cut off"),
            Self::UnsupportedEncoding => {
                ("unsupported_encoding", 415, "the body's content encoding is not supported")
            }
            Self::Misconfigured => {
                ("misconfigured", 503, "the receiver is not configured for this delivery")
            }
            Self::UnknownTenant => {
                ("unknown_tenant", 503, "no secret is known for the request's tenant")
            }
            Self::SecretsUnavailable => {
                ("secrets_unavailable", 503, "the tenant's secrets could not be looked up")
            }
            Self::UnknownKey => ("unknown_key", 401, "the delivery names an unknown key"),
        }
    }
}

/// A configuration error, which must be fixed before a receiver can start.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// A secret cannot be used.
    #[non_exhaustive]
    Secret {
        /// What is wrong with it.
        problem: SecretProblem,
        /// The index of the secret, counted from 0, if it is known.
        index: Option<usize>,
    },
    /// A secret could not be read from its environment variable or file.
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
        /// The name that was given.
        name: String,
        /// The names and aliases of built-in schemes that resemble it.
        near: Vec<&'static str>,
    },
    /// A scheme's description is contradictory or incomplete.
    #[non_exhaustive]
    Scheme {
        /// The scheme's name.
        scheme: String,
        /// The method of the builder (and key of the TOML file) that must be fixed.
        word: &'static str,
        /// What is wrong, and what to write instead.
        problem: String,
    },
    /// The scheme signs the URL, and the receiver's public URL was not given.
    #[non_exhaustive]
    UrlRequired {
        /// The scheme's name.
        scheme: String,
    },
    /// A public URL does not have the form `https://host/path`.
    #[non_exhaustive]
    Url {
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The configuration of tenants is invalid.
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
        /// The feature to enable.
        feature: &'static str,
    },
    /// A delivery cannot be signed with the given input.
    #[non_exhaustive]
    Sign {
        /// The scheme's name.
        scheme: String,
        /// What is missing or wrong.
        problem: String,
    },
    /// A key resolver was given for a scheme whose deliveries name no key.
    #[non_exhaustive]
    Resolver {
        /// The scheme's name.
        scheme: String,
    },
    /// Events would be forgotten while they can still be redelivered.
    #[non_exhaustive]
    Retention {
        /// The minimum retention that is safe.
        least: Duration,
    },
    /// The scheme is implemented in code and cannot be written to a file.
    #[non_exhaustive]
    NotData {
        /// The scheme's name.
        scheme: String,
    },
    /// A TOML description cannot be read. The text names the line and the key.
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
                write!(f, "there is no built-in scheme `{name}`; `schemes::names()` lists them")
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
                "scheme `{scheme}` signs the URL: pass the URL that the provider calls to `Verifier::with_public_url`"
            ),
            Self::Url { problem } => write!(f, "the public URL {problem}"),
            Self::Tenants { problem } => write!(f, "tenants: {problem}"),
            Self::FeatureRequired { scheme, feature } => {
                write!(f, "scheme `{scheme}` needs the feature `{feature}`")
            }
            Self::Resolver { scheme } => write!(
                f,
                "deliveries of scheme `{scheme}` name no key to look up: configure the secret itself"
            ),
            Self::Sign { scheme, problem } => write!(f, "cannot sign for `{scheme}`: {problem}"),
            Self::Retention { least } => write!(
                f,
                "the retention is too short: an event can be redelivered later, so set at least {} s",
                least.as_secs_f64()
            ),
            Self::NotData { scheme } => write!(
                f,
                "scheme `{scheme}` is implemented in code and cannot be written to a file: use its name"
            ),
            Self::Toml { problem } => f.write_str(problem),
        }
    }
}

impl fmt::Debug for ConfigError {
    /// Writes the text of `Display`: a `main` that returns the error prints its `Debug`.
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
    /// There is no built-in scheme of this name; `near` are those that resemble it.
    #[must_use]
    pub fn unknown_scheme(name: impl Into<String>, near: Vec<&'static str>) -> Self {
        Self::UnknownScheme { name: name.into(), near }
    }

    /// Adds the index of the secret, if the error has none.
    #[must_use]
    pub fn of_secret(self, number: usize) -> Self {
        match self {
            Self::Secret { problem, index: None } => Self::Secret { problem, index: Some(number) },
            other => other,
        }
    }
}

/// What is wrong with a secret. The text completes "the secret …".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretProblem {
    /// It is empty: any client could compute its signatures.
    Empty,
    /// It contains only white space: the secret or a variable is missing.
    Blank,
    /// It decodes to zero bytes, which is the same as an empty secret.
    DecodesToNothing,
    /// All bytes of its key are 0, which is the same as an empty secret.
    OnlyZeros,
    /// The scheme's secrets are hexadecimal, and this one is not.
    NotHex,
    /// The scheme's secrets are base64, and this one is not.
    NotBase64,
    /// The scheme's keys have another length.
    #[non_exhaustive]
    WrongLength {
        /// The length of this key, in bytes.
        is: usize,
        /// The length of the scheme's keys, in bytes.
        must_be: usize,
    },
    /// It is several secrets in one text, and one key is expected.
    Several,
    /// It is not a public key of the scheme's algorithm.
    NotAPublicKey,
    /// It is a public key, a certificate or a private key, and the scheme's secrets are shared with
    /// the provider. A public key is not secret, so anyone could sign with its text.
    AsymmetricKey,
    /// It does not have the form that the scheme expects.
    #[non_exhaustive]
    Malformed {
        /// What to give instead.
        give: &'static str,
    },
    /// The scheme's secrets are `user:password`, and this one is not.
    NotUserAndPassword,
    /// The start of its validity is after its end.
    NeverValid,
    /// Its validity has ended, and so has that of all others.
    Expired,
    /// It is not valid now, and neither is any other. A certificate or a JWK can state by itself
    /// when it expires.
    NotValidNow,
}

impl SecretProblem {
    /// The secret does not have the form that its scheme requires; `give` says what to give.
    #[must_use]
    pub fn malformed(give: &'static str) -> Self {
        Self::Malformed { give }
    }
}

impl fmt::Display for SecretProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("is empty: paste the secret that the provider shows"),
            Self::Blank => {
                f.write_str("is nothing but white space: paste the secret that the provider shows")
            }
            Self::DecodesToNothing => {
                f.write_str("decodes to zero bytes: paste all of it, not only its prefix")
            }
            Self::OnlyZeros => f.write_str(
                "has a key of only zero bytes, for which any client can compute signatures: paste \
                 the secret that the provider shows",
            ),
            Self::NotHex => f.write_str(
                "is not hexadecimal, as this scheme's secrets are: paste it without spaces or quotes",
            ),
            Self::NotBase64 => f.write_str(
                "is not base64, as this scheme's secrets are: paste it without spaces or quotes, \
                 or use `Secret::from_text` if it is text",
            ),
            Self::WrongLength { is, must_be } => write!(
                f,
                "decodes to {is} bytes, but this scheme's keys have {must_be}: paste all of it"
            ),
            Self::Several => f.write_str(
                "is several secrets joined by `|`: make one `Secret` of each, or use `Secret::new`",
            ),
            Self::NotAPublicKey => {
                f.write_str("is not a public key of this scheme's algorithm: paste the public key")
            }
            Self::AsymmetricKey => f.write_str(
                "is a public key, a certificate or a private key, but this scheme's secrets are \
                 shared with the provider: give the signing secret or the token that the provider \
                 shows",
            ),
            Self::Malformed { give } => write!(f, "is not what this scheme expects: give {give}"),
            Self::NotUserAndPassword => {
                f.write_str("has no user and password: write `user:password`, with the colon")
            }
            Self::NeverValid => {
                f.write_str("is never valid: its validity ends before it begins")
            }
            Self::Expired => f.write_str(
                "has expired, and there is no other that has not: add a secret that is valid now",
            ),
            Self::NotValidNow => f.write_str(
                "is not valid now, and there is no other that is: add a secret that is valid now",
            ),
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
    fn a_main_that_returns_what_is_to_be_fixed_says_it_in_words() {
        let error: Box<dyn Error> = ConfigError::from(SecretProblem::Empty).into();
        assert_eq!(
            format!("{error:?}"),
            "the secret is empty: paste the secret that the provider shows"
        );
    }
}
