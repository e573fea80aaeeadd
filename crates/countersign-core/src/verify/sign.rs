//! Signs deliveries as a provider does, for tests and tools.

mod view;

use std::borrow::Cow;
use std::fmt;

use crate::crypto::algorithm::Algorithm;
use crate::crypto::mac::{self, Key, KeyError, Message};
use crate::crypto::signature_key::{PrivateKey, PublicKeyAlgorithm};
use crate::custom::{SignRequest, SignedRequest};
use crate::error::{ConfigError, VerifyError};
use crate::request::headers::RequestHead;
use crate::request::url::PublicUrl;
use crate::scheme::{Scheme, SignatureLayout, TimestampPlace};
use crate::secret::Secrets;
use crate::secret::secret_format::SecretFormat;
use crate::signature_headers::{Assembly, SignedParts, is_id};
use crate::time::clock::{Clock, SystemClock};
use crate::time::timestamp;

/// Signs deliveries of a scheme, to test a receiver without its provider.
///
/// ```
/// use countersign_core::{Secret, Signer, Verifier};
/// use countersign_schemes as schemes;
///
/// let scheme = schemes::stripe();
/// let headers = Signer::new(scheme.clone(), Secret::new("whsec_test")?)?
///     .sign_with(&[("Content-Type", "application/json")], b"{}")?;
///
/// let verifier = Verifier::new(scheme, Secret::new("whsec_test")?)?;
/// assert!(verifier.verify(&headers, "{}").is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias("generateTestHeaderString", "mock"))]
pub struct Signer {
    scheme: Scheme,
    secrets: Secrets,
    keys: Keys,
    url: Option<PublicUrl>,
    id: Option<String>,
    unix_ms: Option<i64>,
}

/// The keys to sign with.
enum Keys {
    Shared(Vec<Key>),
    Private(Vec<PrivateKey>, PublicKeyAlgorithm),
    /// The scheme's rule prepares them.
    OfRule,
}

impl Signer {
    /// Creates a signer with one secret or several. With several secrets, a scheme
    /// whose signature header is a list gets one signature for each, as during a
    /// rotation.
    ///
    /// # Errors
    ///
    /// As [`Verifier::new`](crate::Verifier::new). Also [`ConfigError::Sign`] if the
    /// scheme needs a private key and the secret is not one.
    pub fn new(scheme: Scheme, secrets: impl Into<Secrets>) -> Result<Self, ConfigError> {
        let secrets = secrets.into();
        secrets.reject_resolver(&scheme)?;
        let keys = match scheme.algorithm {
            _ if !scheme.is_data() => Keys::OfRule,
            Algorithm::Ed25519 => private(&scheme, &secrets, PublicKeyAlgorithm::Ed25519)?,
            Algorithm::EcdsaP256 => private(&scheme, &secrets, PublicKeyAlgorithm::P256Asn1)?,
            _ => Keys::Shared(scheme.keys(&secrets)?),
        };
        Ok(Self { scheme, secrets, keys, url: None, id: None, unix_ms: None })
    }

    /// Sets the URL to sign, for the schemes that sign it.
    #[must_use]
    pub fn with_url(mut self, url: PublicUrl) -> Self {
        self.url = Some(url);
        self
    }

    /// Sets the id to sign. It is required for the schemes that have an id.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Sets the time of the signature, in Unix milliseconds. Defaults to now, by the
    /// clock of the operating system.
    #[must_use]
    pub fn at_unix_ms(mut self, unix_ms: i64) -> Self {
        self.unix_ms = Some(unix_ms);
        self
    }

    /// Signs a body and returns the headers to send: the signature, and the id and the timestamp
    /// if the scheme has them. If the scheme's timestamp is inside the body, the caller writes it.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Sign`] if the scheme needs an id, a URL or a header that was
    /// not given, if the time cannot be written in the scheme's format, or if the
    /// signature is in the body: see [`sign_request`](Self::sign_request).
    pub fn sign(&self, body: impl AsRef<[u8]>) -> Result<Vec<(String, String)>, ConfigError> {
        self.sign_with(&[("", ""); 0], body.as_ref())
    }

    /// As [`sign`](Self::sign), for a scheme that signs the method, the URL or headers of the
    /// request: `head` has them. Returns the headers to add to those of `head`.
    ///
    /// # Errors
    ///
    /// As [`sign`](Self::sign).
    pub fn sign_with<'h>(
        &self,
        head: impl Into<RequestHead<'h>>,
        body: &[u8],
    ) -> Result<Vec<(String, String)>, ConfigError> {
        let signed = self.sign_request(head, body)?;
        match signed.body() {
            Some(_) => {
                Err(self.problem("its signature is in the body, not in a header".to_owned()))
            }
            None => Ok(signed.into_headers()),
        }
    }

    /// Signs a request and returns the headers of [`sign`](Self::sign) or, for the
    /// schemes whose signature is in the body, a new body.
    ///
    /// # Errors
    ///
    /// As [`sign`](Self::sign). Also if the signature belongs in the body and the
    /// body does not have the scheme's form, or if the decoded body is signed and the
    /// body does not decode.
    pub fn sign_request<'h>(
        &self,
        head: impl Into<RequestHead<'h>>,
        body: &[u8],
    ) -> Result<SignedRequest, ConfigError> {
        let head = head.into();
        let viewed = view::signed(&self.scheme, &head, body)?;
        let Some(rule) = &self.scheme.rule else {
            return self.headers(&head, &viewed).map(SignedRequest::with_headers);
        };
        let signed = rule.sign(&SignRequest {
            scheme: &self.scheme,
            secrets: &self.secrets,
            head: &head,
            url: self.url.as_ref(),
            id: self.id.as_deref(),
            unix_ms: self.now_unix_ms(),
            body: &viewed,
        })?;
        match (signed.body(), viewed) {
            (Some(_), Cow::Owned(_)) => Err(self.problem(
                "its signature is in the body: give the body without its `Content-Encoding`"
                    .to_owned(),
            )),
            _ => Ok(signed),
        }
    }

    fn headers(
        &self,
        head: &RequestHead<'_>,
        body: &[u8],
    ) -> Result<Vec<(String, String)>, ConfigError> {
        let scheme = &self.scheme;
        let family = &scheme.families[0];
        let timestamp = self.timestamp()?;
        let id = match (&family.id, &self.id) {
            (Some(name), None) => return Err(self.problem(format!("give an id for `{name}`"))),
            (Some(name), Some(id)) if !is_id(scheme, id.as_bytes()) => {
                let bound = &scheme.boundaries.id;
                let excluded = bound.excluded.iter().map(|byte| char::from(*byte));
                let excluded = excluded.map(|c| format!(", without `{c}`")).collect::<String>();
                let length = bound.length.map_or("1 to 256".to_owned(), |it| it.to_string());
                let problem = format!(
                    "the id for `{name}` must be {length} visible ASCII characters{excluded}"
                );
                return Err(self.problem(problem));
            }
            (_, id) => id.as_deref().unwrap_or_default(),
        };
        let message = Assembly {
            head,
            url: self.url.as_ref(),
            id: id.as_bytes(),
            timestamp: timestamp.as_deref().unwrap_or_default().as_bytes(),
        };
        let rejected = |error: VerifyError| self.problem(error.to_string());
        let (mut before, mut after) = (SignedParts::default(), SignedParts::default());
        message.append(&mut before, &scheme.template.before).map_err(rejected)?;
        message.append(&mut after, &scheme.template.after).map_err(rejected)?;
        let message = Message { before: &before, body, after: &after };

        let signature = self.value(&message, timestamp.as_deref())?;
        let mut headers = vec![(family.signatures[0].shown().to_owned(), signature)];
        if let Some(name) = &family.id {
            headers.push((name.shown().to_owned(), id.to_owned()));
        }
        if let (Some(name), Some(timestamp)) = (&family.timestamp, timestamp) {
            headers.push((name.shown().to_owned(), timestamp));
        }
        Ok(headers)
    }

    /// The text of the timestamp; `None` if it is inside the body.
    fn timestamp(&self) -> Result<Option<String>, ConfigError> {
        let Some(timestamp) = &self.scheme.timestamp else { return Ok(None) };
        if matches!(timestamp.place, TimestampPlace::Body(_)) {
            return Ok(None);
        }
        let unix_ms = self.now_unix_ms();
        match timestamp::write(unix_ms, timestamp.unit) {
            Some(text) => Ok(Some(text)),
            None => {
                Err(self.problem(format!("{unix_ms} ms cannot be written in {}", timestamp.unit)))
            }
        }
    }

    fn now_unix_ms(&self) -> i64 {
        self.unix_ms.unwrap_or_else(|| SystemClock::new().now_unix_ms())
    }

    /// The signatures, in the scheme's encoding.
    fn tags(&self, message: &Message<'_>) -> Result<Vec<String>, ConfigError> {
        let encoding = self.scheme.encoding;
        let tags: Option<Vec<String>> = match &self.keys {
            Keys::Shared(keys) => {
                let keys = keys.iter().zip(self.secrets.iter());
                let tags = keys.map(|(key, secret)| match key {
                    Key::Token(_) => secret.dangerous_text(self.scheme.secret_format),
                    key => mac::encode(&key.tag(message), encoding),
                });
                Some(tags.collect())
            }
            Keys::Private(keys, way) => {
                let message = [message.before, message.body, message.after].concat();
                let tags = keys.iter().map(|key| key.sign(*way, &message));
                tags.map(|tag| tag.map(|tag| mac::encode(&tag, encoding))).collect()
            }
            Keys::OfRule => None,
        };
        tags.ok_or_else(|| self.problem("the key is for another algorithm".to_owned()))
    }

    /// The value of the signature header.
    fn value(&self, message: &Message<'_>, timestamp: Option<&str>) -> Result<String, ConfigError> {
        let mut tags = self.tags(message)?.into_iter();
        Ok(match &self.scheme.layout {
            SignatureLayout::Whole { prefix } => {
                format!("{prefix}{}", tags.next().unwrap_or_default())
            }
            SignatureLayout::Pairs { separator, assign, key, spaces } => {
                let mut items = Vec::new();
                if let Some(TimestampPlace::Field(field)) =
                    self.scheme.timestamp.as_ref().map(|timestamp| &timestamp.place)
                {
                    items.push(format!("{field}{assign}{}", timestamp.unwrap_or_default()));
                }
                items.extend(tags.map(|tag| format!("{key}{assign}{tag}")));
                let space = if *spaces { " " } else { "" };
                items.join(&format!("{separator}{space}"))
            }
        })
    }

    fn problem(&self, problem: String) -> ConfigError {
        ConfigError::Sign { scheme: self.scheme.name().to_owned(), problem }
    }
}

/// Parses the private keys of a scheme that verifies with public keys.
fn private(
    scheme: &Scheme,
    secrets: &Secrets,
    way: PublicKeyAlgorithm,
) -> Result<Keys, ConfigError> {
    let keys = secrets.iter().enumerate().map(|(index, secret)| {
        match PrivateKey::new(&secret.dangerous_text(SecretFormat::Text)) {
            Ok(key) if key.has(way) => Ok(key),
            Err(error @ KeyError::FeatureRequired(_)) => Err(error.of(scheme, Some(index))),
            Ok(_) | Err(KeyError::Secret(_)) => Err(ConfigError::Sign {
                scheme: scheme.name().to_owned(),
                problem:
                    "it is signed with a private key: give the key, as PKCS #8 in PEM or in base64"
                        .to_owned(),
            }),
        }
    });
    Ok(Keys::Private(keys.collect::<Result<_, _>>()?, way))
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("scheme", &self.scheme.name()).finish_non_exhaustive()
    }
}
