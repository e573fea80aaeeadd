//! The test vectors, and the comparison of a result with one.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign_core::{
    ConfigError, PublicUrl, RequestHead, Scheme, Secret, Secrets, Verifier, VerifyErrorKind,
};
use serde::{Deserialize, Deserializer, de};

/// All vectors, in alphabetical order of their providers.
#[must_use]
pub fn vectors() -> &'static [Vector] {
    &VECTORS
}

/// A delivery, the receiver's secret and clock, and the expected result.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Vector {
    /// The name of the scheme.
    pub provider: String,
    /// The vector's description, unique within its provider. A name that begins
    /// with `[neg]` marks a valid vector with one mechanical change.
    pub name: String,
    /// The secret as a user would paste it.
    pub secret: VectorSecret,
    /// The method of the request.
    pub method: String,
    /// The public URL; `None` if the scheme does not sign it.
    pub url: Option<String>,
    /// The relevant headers, each once.
    #[serde(deserialize_with = "pairs")]
    pub headers: Vec<(String, String)>,
    /// The exact body.
    #[serde(rename = "body_base64", deserialize_with = "base64")]
    pub body: Vec<u8>,
    /// The time of the receiver's clock, in Unix milliseconds.
    pub now_unix_ms: i64,
    /// The expected result.
    #[serde(flatten)]
    pub expect: Expect,
    /// The source of the vector.
    pub origin: String,
    /// The result of the provider's own SDK, if it is laxer or stricter.
    pub official_sdk: Option<String>,
    /// Anything unusual.
    pub note: Option<String>,
}

/// The secret of a [`Vector`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum VectorSecret {
    /// One text. For asymmetric schemes it is the public key.
    Text(String),
    /// Several named parts, for the few schemes that need more than one.
    Parts(BTreeMap<String, String>),
}

/// The result that a [`Vector`] requires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(tag = "expect", content = "reason", rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "a delivery is verified or rejected")]
pub enum Expect {
    /// The delivery verifies.
    Valid,
    /// The delivery is rejected.
    Invalid(Reason),
}

/// Why a [`Vector`] must be rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Reason {
    /// The signature does not match these bytes.
    Signature,
    /// The timestamp is too old.
    Stale,
    /// The timestamp is too far in the future.
    Future,
    /// A required part is missing.
    Missing,
    /// A part has an invalid format.
    Malformed,
    /// A header is present but empty.
    #[serde(rename = "missing/malformed")]
    MissingOrMalformed,
    /// The receiver has no secret.
    #[serde(rename = "no secret")]
    NoSecret,
}

impl Vector {
    /// Runs the vector through a verifier with its secret, URL and clock.
    ///
    /// # Errors
    ///
    /// [`Disagreement`] if the scheme's result differs from the vector's, or if
    /// the scheme does not accept its secret.
    pub fn check(&self, scheme: &Scheme) -> Result<(), Disagreement> {
        let verifier = match self.verifier(scheme) {
            Ok(verifier) => verifier,
            Err(ConfigError::Secret { .. }) if self.expect == Expect::Invalid(Reason::NoSecret) => {
                return Ok(());
            }
            Err(error) => return Err(self.disagreement(format!("no verifier: {error}"))),
        };
        let verdict = verifier.verify(self.head(), self.body.clone());
        self.check_result(verdict.map(drop).map_err(|error| error.kind()))
    }

    /// Whether a result matches the vector: verified, or rejected for its
    /// reason.
    ///
    /// # Errors
    ///
    /// [`Disagreement`] if it does not match.
    pub fn check_result(&self, verdict: Result<(), VerifyErrorKind>) -> Result<(), Disagreement> {
        let was = match (self.expect, verdict) {
            (Expect::Valid, Ok(())) => return Ok(()),
            (Expect::Invalid(reason), Err(kind)) if reason.covers(kind) => return Ok(()),
            (_, Ok(())) => "verified".to_owned(),
            (_, Err(kind)) => format!("rejected as {}", kind.code()),
        };
        Err(self.disagreement(format!("must be {}, was {was}", self.expect)))
    }

    /// The request's method, target and headers. The target comes from the URL.
    #[must_use]
    pub fn head(&self) -> RequestHead<'_> {
        let behind_scheme = self.url.as_deref().and_then(|url| url.split_once("://"));
        let target =
            behind_scheme.and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..])).unwrap_or("/");
        RequestHead::new(&self.method, target, &self.headers)
    }

    /// The vector's secrets as a user would paste them, the current one first, in
    /// the format that the scheme accepts: Box's two keys one after the other,
    /// Plaid's as its JWK, PayPal's webhook id on the line before its key.
    #[must_use]
    pub fn secret_texts(&self) -> Vec<String> {
        let parts = match &self.secret {
            VectorSecret::Text(text) => return vec![text.clone()],
            VectorSecret::Parts(parts) => parts,
        };
        if let (Some(id), Some(key)) = (parts.get("webhook_id"), parts.get("public_key_pem")) {
            return vec![format!("{id}\n{key}")];
        }
        if parts.contains_key("kty") {
            return vec![serde_json::json!(parts).to_string()];
        }
        let part = |name: &str| parts.get(name).cloned().unwrap_or_default();
        let secondary = Some(part("secondary")).filter(|text| !text.is_empty());
        [part("primary")].into_iter().chain(secondary).collect()
    }

    /// The same, as secrets.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Secret`] if one of them is empty.
    pub fn secrets(&self) -> Result<Secrets, ConfigError> {
        let mut texts = self.secret_texts().into_iter();
        let current = Secrets::new(Secret::new(texts.next().unwrap_or_default())?);
        texts.try_fold(current, |secrets, text| Ok(secrets.with_previous(Secret::new(text)?)))
    }

    /// A verifier with the vector's secrets, URL and clock.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] if the scheme does not accept its secrets or its URL.
    pub fn verifier(&self, scheme: &Scheme) -> Result<Verifier, ConfigError> {
        let secrets = self.secrets()?;
        let verifier = match &self.url {
            Some(url) => {
                Verifier::with_public_url(PublicUrl::new(url.as_str())?, scheme.clone(), secrets)?
            }
            None => Verifier::new(scheme.clone(), secrets)?,
        };
        let now_unix_ms = self.now_unix_ms;
        Ok(verifier.with_clock(move || now_unix_ms))
    }

    fn disagreement(&self, problem: String) -> Disagreement {
        Disagreement::new(self, problem)
    }
}

impl fmt::Display for Vector {
    /// The vector's name: `stripe: "two t fields"`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?}", self.provider, self.name)
    }
}

impl fmt::Display for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Valid => f.write_str("verified"),
            Self::Invalid(reason) => write!(f, "rejected as {reason:?}"),
        }
    }
}

impl Reason {
    /// Whether an error of this kind matches this reason.
    ///
    /// A vector states what is wrong, and not which check of a receiver detects
    /// it. One receiver reports a truncated tag as a wrong signature, another
    /// as a missing signature. A stale delivery, however, must be rejected as
    /// stale.
    #[must_use]
    pub fn covers(self, kind: VerifyErrorKind) -> bool {
        use VerifyErrorKind as Kind;
        match self {
            Self::Signature => matches!(
                kind,
                Kind::SignatureMismatch
                    | Kind::UnsupportedSignature
                    | Kind::MalformedSignature
                    | Kind::MalformedTimestamp
            ),
            Self::Stale => kind == Kind::TimestampTooOld,
            Self::Future => kind == Kind::TimestampInFuture,
            Self::Missing => matches!(kind, Kind::MissingSignature),
            Self::Malformed => matches!(
                kind,
                Kind::MalformedSignature
                    | Kind::UnsupportedSignature
                    | Kind::MissingTimestamp
                    | Kind::MalformedTimestamp
            ),
            Self::MissingOrMalformed => {
                matches!(kind, Kind::MissingSignature | Kind::MalformedSignature)
            }
            Self::NoSecret => false,
        }
    }
}

/// The result of a scheme or a receiver differs from a vector's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disagreement {
    vector: String,
    problem: String,
}

impl Disagreement {
    pub(crate) fn new(vector: &impl fmt::Display, problem: String) -> Self {
        Self { vector: vector.to_string(), problem }
    }
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.vector, self.problem)
    }
}

impl Error for Disagreement {}

/// An object of texts.
pub(crate) fn pairs<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<(String, String)>, D::Error> {
    BTreeMap::deserialize(deserializer).map(|headers| headers.into_iter().collect())
}

pub(crate) fn base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    STANDARD.decode(String::deserialize(deserializer)?).map_err(de::Error::custom)
}

static VECTORS: LazyLock<Vec<Vector>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../vectors/vectors.json"))
        .expect("the file is part of this crate, and a test has read it")
});

#[cfg(test)]
mod tests {
    use countersign_schemes as schemes;

    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_vector_of_the_file_is_read() {
        let valid = vectors().iter().filter(|vector| vector.expect == Expect::Valid).count();
        let providers: BTreeSet<_> = vectors().iter().map(|vector| &vector.provider).collect();
        // A new provider adds to these numbers. One that is lower than this lost vectors.
        let counts = [vectors().len(), valid, providers.len()];
        assert!(
            counts.iter().zip([564, 144, 97]).all(|(count, minimum)| *count >= minimum),
            "{counts:?}"
        );
    }

    #[test]
    fn every_scheme_has_a_vector() {
        let providers: BTreeSet<_> = vectors().iter().map(|vector| &*vector.provider).collect();
        let schemes: BTreeSet<_> = schemes::all().map(|scheme| scheme.name().to_owned()).collect();
        let without = schemes.iter().filter(|name| !providers.contains(name.as_str()));
        assert_eq!(without.collect::<Vec<_>>(), Vec::<&String>::new());
    }

    #[test]
    fn no_two_vectors_have_the_same_name() {
        let names: BTreeSet<_> = vectors().iter().map(Vector::to_string).collect();
        assert_eq!(names.len(), vectors().len());
    }

    #[test]
    fn a_disagreement_names_the_vector_and_both_verdicts() {
        let stale = find("slack", "[neg] stale: 300 s + 1");
        let shown = |verdict| stale.check_result(verdict).unwrap_err().to_string();
        assert_eq!(
            shown(Ok(())),
            "slack: \"[neg] stale: 300 s + 1\": must be rejected as Stale, was verified"
        );
        assert_eq!(
            shown(Err(VerifyErrorKind::SignatureMismatch)),
            "slack: \"[neg] stale: 300 s + 1\": must be rejected as Stale, \
             was rejected as signature_mismatch"
        );
        assert_eq!(stale.check_result(Err(VerifyErrorKind::TimestampTooOld)), Ok(()));
    }

    #[test]
    fn the_scheme_of_another_provider_disagrees() {
        let github = schemes::github();
        let shopify = find("shopify", "X-Shopify-Hmac-Sha256");
        let shown = shopify.check(&github).unwrap_err().to_string();
        assert!(shown.ends_with("must be verified, was rejected as missing_signature"), "{shown}");
    }

    #[test]
    fn a_vector_with_a_secret_in_parts_fails_for_a_scheme_without_parts() {
        let github = schemes::github();
        for vector in vectors().iter().filter(|vector| vector.provider == "box") {
            assert!(vector.check(&github).is_err(), "{vector}");
        }
    }

    fn find(provider: &str, name: &str) -> &'static Vector {
        let found = vectors().iter().find(|v| v.provider == provider && v.name == name);
        found.unwrap_or_else(|| panic!("there is no vector {name:?} of {provider}"))
    }
}
