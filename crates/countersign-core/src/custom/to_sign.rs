//! The request that custom signing code signs, and the result.

use std::fmt;

use super::MacKey;
use crate::error::ConfigError;
use crate::request::headers::RequestHead;
use crate::request::url::PublicUrl;
use crate::scheme::Scheme;
use crate::secret::Secrets;
use crate::time::timestamp;

/// A request to be signed by a [`CustomScheme`](crate::custom::CustomScheme).
pub struct SignRequest<'a> {
    pub(crate) scheme: &'a Scheme,
    pub(crate) secrets: &'a Secrets,
    pub(crate) head: &'a RequestHead<'a>,
    pub(crate) url: Option<&'a PublicUrl>,
    pub(crate) id: Option<&'a str>,
    pub(crate) unix_ms: i64,
    pub(crate) body: &'a [u8],
}

impl<'a> SignRequest<'a> {
    /// The scheme of this request.
    #[must_use]
    pub fn scheme(&self) -> &'a Scheme {
        self.scheme
    }

    /// The secrets to sign with. Use the current one if a request can hold only one signature.
    #[must_use]
    pub fn secrets(&self) -> &'a Secrets {
        self.secrets
    }

    /// The current secret as a key of the scheme's algorithm.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Secret`] if it cannot be decoded in the scheme's format.
    pub fn mac_key(&self) -> Result<MacKey, ConfigError> {
        let current = self.secrets.iter().next().ok_or_else(|| self.problem("give a secret"))?;
        MacKey::new(self.scheme, current)
    }

    /// A key for each secret, if a request can hold several signatures.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Secret`] if one cannot be decoded in the scheme's format.
    pub fn mac_keys(&self) -> Result<Vec<MacKey>, ConfigError> {
        MacKey::all(self.scheme, self.secrets)
    }

    /// The method (`POST`).
    #[must_use]
    pub fn method(&self) -> &'a str {
        self.head.method
    }

    /// The URL of the request.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Sign`] if no URL was given.
    pub fn url(&self) -> Result<String, ConfigError> {
        let parts = self.url.and_then(|url| url.parts(self.head.target));
        parts
            .map(|parts| parts.concat())
            .ok_or_else(|| self.problem("set the URL, which is signed"))
    }

    /// The only value of a header that is sent with the signature.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'a [u8]> {
        self.head.headers.unique(&name.to_ascii_lowercase()).ok().flatten()
    }

    /// The id to sign, if one was given.
    #[must_use]
    pub fn id(&self) -> Option<&'a str> {
        self.id
    }

    /// A random unique id, for when no id was given.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Sign`] if the operating system gives no random bytes.
    pub fn random_id(&self) -> Result<String, ConfigError> {
        let mut random = [0; 16];
        let filled = getrandom::fill(&mut random);
        filled.map_err(|_| self.problem("cannot generate a random id"))?;
        Ok(const_hex::encode(random))
    }

    /// The signing time, in Unix milliseconds.
    #[must_use]
    pub fn unix_ms(&self) -> i64 {
        self.unix_ms
    }

    /// The signing time in the format of the scheme's timestamps.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Sign`] if the scheme has no timestamp, or its format
    /// cannot represent this time.
    pub fn timestamp(&self) -> Result<String, ConfigError> {
        let unit = self.scheme.timestamp.as_ref().map(|timestamp| timestamp.unit);
        let written = unit.and_then(|unit| timestamp::write(self.unix_ms, unit));
        written.ok_or_else(|| self.problem("its timestamps cannot represent this time"))
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// An error with this reason; the text completes "cannot sign for `acme`: …".
    #[must_use]
    pub fn problem(&self, problem: impl Into<String>) -> ConfigError {
        ConfigError::Sign { scheme: self.scheme.name().to_owned(), problem: problem.into() }
    }
}

impl fmt::Debug for SignRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignRequest").field("scheme", &self.scheme.name()).finish_non_exhaustive()
    }
}

/// The changes that make a request a signed one: headers to add or, if the
/// signature is in the body, a new body.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct SignedRequest {
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl SignedRequest {
    /// Adds these headers and sends the body unchanged.
    pub fn with_headers<N: Into<String>, V: Into<String>>(
        headers: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let headers = headers.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self { headers: headers.collect(), body: None }
    }

    /// Sends this body instead of the given one.
    pub fn with_body(body: impl Into<Vec<u8>>) -> Self {
        Self { headers: Vec::new(), body: Some(body.into()) }
    }

    /// The headers to add to those of the request, starting with the signature.
    #[must_use]
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// The body to send, if it differs from the given one.
    #[must_use]
    pub fn body(&self) -> Option<&[u8]> {
        self.body.as_deref()
    }

    pub(crate) fn into_headers(self) -> Vec<(String, String)> {
        self.headers
    }
}

impl fmt::Debug for SignedRequest {
    /// Includes only the names of headers: their values and the body contain the signature.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("SignedRequest")
            .field("headers", &names)
            .field("body_bytes", &self.body.as_ref().map(Vec::len))
            .finish()
    }
}
