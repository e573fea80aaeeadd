//! Ways of signing that no description can say, as code: ours and users' own.
//!
//! A scheme stays a description even then: what it is called, which headers it
//! reads, where the event's id stands. Only how it is signed is a rule.

mod keys;
mod live;
mod prepared;
mod request;
mod resolver;
mod to_sign;

pub(crate) mod certificate;
pub(crate) mod form;
pub(crate) mod jwt;

use std::fmt;

pub use keys::{Candidates, MacKey};
pub use live::{LiveKey, LiveKeys, LookedUp};
pub(crate) use prepared::{PreparedRule, Ruled};
pub use request::RuleRequest;
pub use resolver::KeyResolver;
pub use to_sign::{SignedRequest, ToSign};

use crate::error::{ConfigError, VerifyError};
use crate::scheme::Scheme;
use crate::secret::{Secret, Secrets};

/// How deliveries are signed, where no description can say it.
///
/// A rule belongs to a [`Scheme`], by
/// [`SchemeBuilder::rule`](crate::SchemeBuilder::rule). It prepares each secret
/// once for each verifier; it is asked for each delivery to judge the headers,
/// and once more when the body has arrived. What it is handed then are the keys
/// of the secrets that are valid at that moment, and no others.
///
/// ```
/// use countersign_core::{
///     ConfigError, Covers, LiveKeys, MacKey, Pending, RuleRequest, Scheme, Secret, SignedRequest,
///     Signer, SigningRule, ToSign, Verifier, VerifyError,
/// };
///
/// /// Signs each line of the body behind its length.
/// struct Lines;
///
/// fn signed(body: &[u8]) -> Vec<u8> {
///     let lines = body.split(|byte| *byte == b'\n');
///     lines.flat_map(|line| [format!("{}:", line.len()).as_bytes(), line].concat()).collect()
/// }
///
/// impl SigningRule for Lines {
///     type Key = MacKey;
///
///     fn covers(&self) -> Covers {
///         Covers::Body
///     }
///
///     fn key(&self, scheme: &Scheme, secret: &Secret) -> Result<MacKey, ConfigError> {
///         MacKey::new(scheme, secret)
///     }
///
///     fn begin(
///         &self,
///         request: &RuleRequest<'_>,
///         keys: LiveKeys<MacKey>,
///     ) -> Result<Pending, VerifyError> {
///         let candidates = request.candidates()?;
///         Ok(Pending::new(move |body| keys.signed_by(&[&signed(body)], &candidates)))
///     }
///
///     fn sign(&self, request: &ToSign<'_>) -> Result<SignedRequest, ConfigError> {
///         let signature = request.mac_key()?.sign(&[&signed(request.body())]);
///         Ok(SignedRequest::with_headers([("X-Acme-Signature", signature)]))
///     }
/// }
///
/// let acme = Scheme::builder("acme")
///     .signature_header("X-Acme-Signature")
///     .signed("each line of the body behind its length")
///     .rule(Lines)
///     .build()?;
///
/// let signer = Signer::new(acme.clone(), Secret::new("secret")?)?;
/// let headers = signer.sign(&[("Accept", "*/*")], b"a\nb")?;
/// let verifier = Verifier::new(acme, Secret::new("secret")?)?;
/// assert!(verifier.verify(&headers, "a\nb").is_ok());
/// assert!(verifier.verify(&headers, "a\nc").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait SigningRule: Send + Sync {
    /// What a secret is prepared to; [`MacKey`] for the algorithms of a
    /// [`Scheme`].
    type Key: Send + Sync + 'static;

    /// What a signature covers: the event's id is taken from nothing else.
    fn covers(&self) -> Covers;

    /// Prepares one secret of a verifier, for all its deliveries.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] where the secret is not what the rule takes, or a feature
    /// is missing.
    fn key(&self, scheme: &Scheme, secret: &Secret) -> Result<Self::Key, ConfigError>;

    /// Checks the secrets of a verifier together, each with its key. Defaults to
    /// accepting any that come without a [`KeyResolver`].
    ///
    /// # Errors
    ///
    /// [`ConfigError`] where they do not go together.
    fn check(
        &self,
        scheme: &Scheme,
        secrets: &Secrets,
        keys: &[Self::Key],
    ) -> Result<(), ConfigError> {
        let _ = keys;
        secrets.refuse_resolver(scheme)
    }

    /// Judges the headers of a delivery, before a byte of its body is read, and
    /// says how its body is to be judged, by the keys that are valid now.
    ///
    /// # Errors
    ///
    /// [`VerifyError`] says why the delivery must not be believed.
    fn begin(
        &self,
        request: &RuleRequest<'_>,
        keys: LiveKeys<Self::Key>,
    ) -> Result<Pending, VerifyError>;

    /// Signs as the provider would, for tests and tools. Defaults to a refusal.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Sign`] where something is missing that is signed;
    /// [`ConfigError::Secret`] where a secret cannot be used.
    fn sign(&self, request: &ToSign<'_>) -> Result<SignedRequest, ConfigError> {
        Err(request.problem("its rule only verifies"))
    }
}

/// A delivery whose headers a rule has judged, and whose body is yet to come.
pub struct Pending(Judge);

type Judge = Box<dyn FnOnce(&[u8]) -> Result<SignedBy, VerifyError> + Send + Sync>;

impl Pending {
    /// What `judge` says of the whole body decides.
    pub fn new(
        judge: impl FnOnce(&[u8]) -> Result<SignedBy, VerifyError> + Send + Sync + 'static,
    ) -> Self {
        Self(Box::new(judge))
    }

    pub(crate) fn judge(self, body: &[u8]) -> Result<SignedBy, VerifyError> {
        (self.0)(body)
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pending")
    }
}

/// What a signature covers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Covers {
    /// The whole body.
    Body,
    /// The values at these JSON pointers of the body, and nothing else of it.
    Fields(Vec<String>),
    /// Nothing of the body: it may be anybody's who has seen a delivery.
    Nothing,
}

impl Covers {
    /// Whether a value of the body, by its JSON pointer, is covered.
    pub(crate) fn field(&self, pointer: &str) -> bool {
        match self {
            Self::Body => true,
            Self::Fields(pointers) => pointers.iter().any(|covered| covered == pointer),
            Self::Nothing => false,
        }
    }
}

/// Who has signed a delivery, and what else the rule has learned from it. It
/// comes from a [`LiveKey`] or a [`LookedUp`] key: from nothing else can it be
/// made.
#[derive(Clone)]
pub struct SignedBy {
    pub(crate) secret: usize,
    pub(crate) unix_ms: Option<i64>,
    pub(crate) id: Option<String>,
    pub(crate) over: Option<Vec<u8>>,
}

impl SignedBy {
    /// The secret of this number has signed it. A key that a [`KeyResolver`] has
    /// given counts as the one behind the last secret.
    fn secret(number: usize) -> Self {
        Self { secret: number, unix_ms: None, id: None, over: None }
    }

    /// The time that was signed, in Unix milliseconds: required where the scheme
    /// says where its timestamp stands, and then held to the tolerance.
    #[must_use]
    pub fn at_unix_ms(mut self, unix_ms: i64) -> Self {
        self.unix_ms = Some(unix_ms);
        self
    }

    /// The signed id, for a scheme whose event id stands in a header.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Which bytes were signed, if they are not the body alone: signed headers
    /// and the URL with it, or the fields of the body that are signed. If the
    /// event has no id, their digest is its id. What is signed and left out
    /// makes one event of two that differ in nothing else; what is not signed
    /// and put in lets anybody make a second event of a delivery.
    ///
    /// Leave the time of the attempt out: [`at_unix_ms`](Self::at_unix_ms)
    /// states it, and the scheme's identity says whether it counts.
    #[must_use]
    pub fn over(mut self, signed: impl Into<Vec<u8>>) -> Self {
        self.over = Some(signed.into());
        self
    }
}

impl fmt::Debug for SignedBy {
    /// Shows no text of the request.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedBy").field("secret", &self.secret).finish_non_exhaustive()
    }
}
