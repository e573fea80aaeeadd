//! What a rule is told to sign, and what it gives.

use std::fmt;

use super::MacKey;
use crate::error::ConfigError;
use crate::headers::Head;
use crate::scheme::Scheme;
use crate::secret::Secrets;
use crate::timestamp;
use crate::url::PublicUrl;

/// A request that a [`SigningRule`](crate::SigningRule) is to sign.
pub struct ToSign<'a> {
    pub(crate) scheme: &'a Scheme,
    pub(crate) secrets: &'a Secrets,
    pub(crate) head: &'a Head<'a>,
    pub(crate) url: Option<&'a PublicUrl>,
    pub(crate) id: Option<&'a str>,
    pub(crate) unix_ms: i64,
    pub(crate) body: &'a [u8],
}

impl<'a> ToSign<'a> {
    /// The scheme whose rule is asked.
    #[must_use]
    pub fn scheme(&self) -> &'a Scheme {
        self.scheme
    }

    /// The secrets to sign with; where a request can hold only one signature,
    /// the current one.
    #[must_use]
    pub fn secrets(&self) -> &'a Secrets {
        self.secrets
    }

    /// The current secret as a key of the scheme's algorithm.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Secret`] where it does not decode as the scheme says.
    pub fn mac_key(&self) -> Result<MacKey, ConfigError> {
        let current = self.secrets.iter().next().ok_or_else(|| self.problem("give a secret"))?;
        MacKey::new(self.scheme, current)
    }

    /// A key for each secret, where a request can hold several signatures.
    ///
    /// # Errors
    ///
    /// As [`mac_key`](Self::mac_key).
    pub fn mac_keys(&self) -> Result<Vec<MacKey>, ConfigError> {
        MacKey::all(self.scheme, self.secrets)
    }

    /// The method (`POST`).
    #[must_use]
    pub fn method(&self) -> &'a str {
        self.head.method
    }

    /// The URL that is to be called.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Sign`] where it was not given.
    pub fn url(&self) -> Result<String, ConfigError> {
        let parts = self.url.and_then(|url| url.parts(self.head.target));
        parts
            .map(|parts| parts.concat())
            .ok_or_else(|| self.problem("give the URL, which it signs"))
    }

    /// The only value of a header that is sent besides the signature.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'a [u8]> {
        self.head.headers.unique(&name.to_ascii_lowercase()).ok().flatten()
    }

    /// The id to sign, where one was given.
    #[must_use]
    pub fn id(&self) -> Option<&'a str> {
        self.id
    }

    /// An id that nothing else has, where none was given.
    pub(crate) fn random_id(&self) -> Result<String, ConfigError> {
        let mut random = [0; 16];
        let filled = getrandom::fill(&mut random);
        filled.map_err(|_| self.problem("there is no randomness for an id"))?;
        Ok(const_hex::encode(random))
    }

    /// When the delivery is to be signed, in Unix milliseconds.
    #[must_use]
    pub fn unix_ms(&self) -> i64 {
        self.unix_ms
    }

    /// The same, as the scheme writes its timestamps.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Sign`] where the scheme has no timestamp, or its unit no
    /// words for this one.
    pub fn timestamp(&self) -> Result<String, ConfigError> {
        let unit = self.scheme.timestamp.as_ref().map(|timestamp| timestamp.unit);
        let written = unit.and_then(|unit| timestamp::write(self.unix_ms, unit));
        written.ok_or_else(|| self.problem("its timestamps cannot say this time"))
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// Why it cannot be signed; the text completes "cannot sign for `acme`: …".
    #[must_use]
    pub fn problem(&self, problem: impl Into<String>) -> ConfigError {
        ConfigError::Sign { scheme: self.scheme.name().to_owned(), problem: problem.into() }
    }
}

impl fmt::Debug for ToSign<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToSign").field("scheme", &self.scheme.name()).finish_non_exhaustive()
    }
}

/// What makes a signed request of a request: headers to add or, where the
/// signature stands in the body, another body.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct SignedRequest {
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl SignedRequest {
    /// The body is sent as it is, with these headers.
    pub fn with_headers<N: Into<String>, V: Into<String>>(
        headers: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let headers = headers.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self { headers: headers.collect(), body: None }
    }

    /// This body is sent in place of the one that was given.
    pub fn with_body(body: impl Into<Vec<u8>>) -> Self {
        Self { headers: Vec::new(), body: Some(body.into()) }
    }

    /// The headers to send besides those of the request, the signature first.
    #[must_use]
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// The body to send, where it is not the one that was given.
    #[must_use]
    pub fn body(&self) -> Option<&[u8]> {
        self.body.as_deref()
    }

    pub(crate) fn into_headers(self) -> Vec<(String, String)> {
        self.headers
    }
}

impl fmt::Debug for SignedRequest {
    /// Shows the headers' names: their values and the body hold the signature.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("SignedRequest")
            .field("headers", &names)
            .field("body_bytes", &self.body.as_ref().map(Vec::len))
            .finish()
    }
}
