//! Custom signing code, for schemes that data cannot describe: built-in and user-defined.
//!
//! Such a scheme still has a description as data: its name, the headers it
//! reads, the location of the event's id. Only the signature is code.

mod keys;
mod live;
mod prepared;
mod request;
mod to_sign;

use std::fmt;

pub use keys::{MacKey, PresentedSignatures};
pub use live::{LiveKey, LiveKeys, LookedUp};
pub(crate) use prepared::{AnyCustomScheme, CustomVerifier, erased};
pub use request::VerifyRequest;
pub use to_sign::{SignRequest, SignedRequest};

/// JSON that is not verified yet, read within bounds and without ambiguity.
pub mod json {
    pub use crate::json::{
        MAX_MEMBERS, MAX_NAME, Places, Unreadable, Value, at, is_document, locate, member, value,
    };
}

pub use crate::crypto::blank::is_blank;
use crate::crypto::key_identity::KeyIdentity;
pub use crate::crypto::mac::{KeyError, MAX_PUBLIC_TAGS, encode, is_same};
pub use crate::crypto::signature_key::{PrivateKey, PublicKey, PublicKeyAlgorithm};
use crate::error::{ConfigError, VerifyError};
pub use crate::request::url::RequestUrl;
use crate::scheme::Scheme;
pub use crate::scheme::SignatureCoverage;
#[doc(hidden)]
pub use crate::secret::asymmetric_text::is_asymmetric;
use crate::secret::{Secret, Secrets};

/// Custom signing code, for a scheme that data cannot describe.
///
/// Attach it to a [`Scheme`] with [`SchemeBuilder::rule`](crate::SchemeBuilder::rule). It prepares
/// the key of each secret once for each verifier. For each delivery, it first checks the headers
/// and then, after the body has been received, the body. At that point it gets only the keys of the
/// secrets that are valid at that moment.
///
/// ```
/// use countersign_core::{ConfigError, Scheme, Secret, Signer, Verifier, VerifyError};
/// use countersign_core::custom::{
///     BodyCheck, CustomScheme, LiveKeys, MacKey, SignRequest, SignatureCoverage, SignedRequest,
///     VerifyRequest,
/// };
///
/// /// Signs each line of the body, preceded by its length.
/// struct Lines;
///
/// fn signed(body: &[u8]) -> Vec<u8> {
///     let lines = body.split(|byte| *byte == b'\n');
///     lines.flat_map(|line| [format!("{}:", line.len()).as_bytes(), line].concat()).collect()
/// }
///
/// impl CustomScheme for Lines {
///     type Key = MacKey;
///
///     fn covers(&self) -> SignatureCoverage {
///         SignatureCoverage::Body
///     }
///
///     fn key(&self, scheme: &Scheme, secret: &Secret) -> Result<MacKey, ConfigError> {
///         MacKey::new(scheme, secret)
///     }
///
///     fn begin(
///         &self,
///         request: &VerifyRequest<'_>,
///         keys: LiveKeys<MacKey>,
///     ) -> Result<BodyCheck, VerifyError> {
///         let candidates = request.candidates()?;
///         Ok(BodyCheck::new(move |body| keys.signed_by(&[&signed(body)], &candidates)))
///     }
///
///     fn sign(&self, request: &SignRequest<'_>) -> Result<SignedRequest, ConfigError> {
///         let signature = request.mac_key()?.sign(&[&signed(request.body())]);
///         Ok(SignedRequest::with_headers([("X-Acme-Signature", signature)]))
///     }
/// }
///
/// let acme = Scheme::builder("acme")
///     .signature_header("X-Acme-Signature")
///     .signed_payload("each line of the body, preceded by its length")
///     .rule(Lines)
///     .build()?;
///
/// let signer = Signer::new(acme.clone(), Secret::new("secret")?)?;
/// let headers = signer.sign(b"a\nb")?;
/// let verifier = Verifier::new(acme, Secret::new("secret")?)?;
/// assert!(verifier.verify(&headers, "a\nb").is_ok());
/// assert!(verifier.verify(&headers, "a\nc").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait CustomScheme: Send + Sync {
    /// The key that a secret is prepared to; [`MacKey`] for the algorithms of a
    /// [`Scheme`].
    type Key: Send + Sync + 'static;

    /// What the signature covers. The event's id is read only from covered data.
    fn covers(&self) -> SignatureCoverage;

    /// The headers that the code reads in addition to those of the description, so that
    /// [`Scheme::headers`] is complete. By default, none. Leave out headers that only some requests
    /// name, and those that describe the content, such as `Content-Type`. A name that is not valid
    /// in HTTP is ignored.
    fn headers(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Prepares the key of one secret, once for each verifier.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] if the secret is not suitable, or a feature is missing.
    fn key(&self, scheme: &Scheme, secret: &Secret) -> Result<Self::Key, ConfigError>;

    /// Checks all secrets of a verifier together, each with its key. By
    /// default, accepts any combination without a [`KeyResolver`](crate::KeyResolver).
    ///
    /// # Errors
    ///
    /// [`ConfigError`] if the secrets cannot be combined.
    fn check(
        &self,
        scheme: &Scheme,
        secrets: &Secrets,
        keys: &[Self::Key],
    ) -> Result<(), ConfigError> {
        let _ = keys;
        secrets.reject_resolver(scheme)
    }

    /// Whether a key can verify deliveries at this time. By default, always. Implement it if a key
    /// states by itself when it is valid, as a certificate does. If no key can be used, deliveries
    /// are rejected as [`Misconfigured`](crate::VerifyErrorKind::Misconfigured), before
    /// [`begin`](Self::begin): a retry can be accepted when there is a key. The validity of a
    /// [`Secret`] applies in addition.
    fn is_valid_at(&self, key: &Self::Key, unix_ms: i64) -> bool {
        let _ = (key, unix_ms);
        true
    }

    /// Identifies the keys of a verifier, for [`Secrets::key_identities`]. By default, they are
    /// those of the secrets, if the scheme's algorithm has shared secrets. Implement it for public
    /// keys, which can be given as different texts.
    fn identities(&self, keys: &[Self::Key]) -> Vec<KeyIdentity> {
        let _ = keys;
        Vec::new()
    }

    /// Checks the headers of a delivery before its body is read. Returns the
    /// check of the body, which uses the keys that are valid now.
    ///
    /// # Errors
    ///
    /// [`VerifyError`] with the reason if the delivery does not verify.
    fn begin(
        &self,
        request: &VerifyRequest<'_>,
        keys: LiveKeys<Self::Key>,
    ) -> Result<BodyCheck, VerifyError>;

    /// Signs as the provider would, for tests and tools. By default, returns an error.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Sign`] if a value that is signed is missing;
    /// [`ConfigError::Secret`] if a secret cannot be used.
    fn sign(&self, request: &SignRequest<'_>) -> Result<SignedRequest, ConfigError> {
        Err(request.problem("its signing code can only verify"))
    }
}

/// A delivery whose headers have been checked, and whose body has not been received yet.
pub struct BodyCheck(CheckBody);

type CheckBody = Box<dyn FnOnce(&[u8]) -> Result<KeyMatch, VerifyError> + Send + Sync>;

impl BodyCheck {
    /// Creates the check of the body: `check` gets the whole body and decides.
    pub fn new(
        check: impl FnOnce(&[u8]) -> Result<KeyMatch, VerifyError> + Send + Sync + 'static,
    ) -> Self {
        Self(Box::new(check))
    }

    pub(crate) fn check(self, body: &[u8]) -> Result<KeyMatch, VerifyError> {
        (self.0)(body)
    }
}

impl fmt::Debug for BodyCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pending")
    }
}

/// The key that signed a delivery, and the signed values that the custom code
/// has read. It can only be created by a [`LiveKey`] or a [`LookedUp`] key.
#[derive(Clone)]
pub struct KeyMatch {
    pub(crate) secret: usize,
    pub(crate) unix_ms: Option<i64>,
    pub(crate) id: Option<String>,
    pub(crate) over: Option<Vec<u8>>,
}

impl KeyMatch {
    /// States that the secret with this number signed the delivery. A key from
    /// a [`KeyResolver`] has the number after the last secret.
    fn secret(number: usize) -> Self {
        Self { secret: number, unix_ms: None, id: None, over: None }
    }

    /// Sets the signed timestamp, in Unix milliseconds. Required if the scheme
    /// defines a timestamp; it is then checked against the tolerance.
    #[must_use]
    pub fn at_unix_ms(mut self, unix_ms: i64) -> Self {
        self.unix_ms = Some(unix_ms);
        self
    }

    /// Sets the signed id, for a scheme whose event id is in a header.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Sets the signed bytes, if they are not just the body: with signed
    /// headers and the URL, or only the signed fields of the body. If the event
    /// has no id, their digest is its id. If signed data is left out, two
    /// events that differ only in that data become one. If unsigned data is
    /// included, anyone can turn a delivery into a second event.
    ///
    /// Leave out the time of the attempt: [`at_unix_ms`](Self::at_unix_ms) sets
    /// it, and the scheme's identity determines whether it counts.
    #[must_use]
    pub fn over(mut self, signed: impl Into<Vec<u8>>) -> Self {
        self.over = Some(signed.into());
        self
    }
}

impl fmt::Debug for KeyMatch {
    /// Omits all text of the request.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyMatch").field("secret", &self.secret).finish_non_exhaustive()
    }
}
