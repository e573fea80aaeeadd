//! Keys for custom signing code that computes MACs, and the signatures of a request.

use std::fmt;

use super::{KeyMatch, LiveKeys};
use crate::crypto::algorithm::Encoding;
use crate::crypto::mac::{self, Key, Message, Tags};
use crate::error::{ConfigError, VerifyError, VerifyErrorKind};
use crate::scheme::Scheme;
use crate::secret::{Secret, Secrets};

/// A secret as a key of the scheme's algorithm, for custom code that signs a message other than the
/// body.
pub struct MacKey {
    key: Key,
    encoding: Encoding,
}

impl MacKey {
    /// Prepares a secret with the scheme's algorithm and secret format.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Secret`] if the secret cannot be decoded in the scheme's format.
    pub fn new(scheme: &Scheme, secret: &Secret) -> Result<Self, ConfigError> {
        let key = scheme.key(secret).map_err(|error| error.of(scheme, None))?;
        Ok(Self { key, encoding: scheme.encoding() })
    }

    /// One key for each secret.
    pub(crate) fn all(scheme: &Scheme, secrets: &Secrets) -> Result<Vec<Self>, ConfigError> {
        let keys = secrets.iter().enumerate();
        keys.map(|(index, secret)| Self::new(scheme, secret).map_err(|it| it.of_secret(index)))
            .collect()
    }

    /// Whether one of the candidates is this key's signature of the message, which is given in
    /// parts. The comparison takes constant time.
    #[must_use]
    pub fn has_signed(&self, message: &[&[u8]], candidates: &PresentedSignatures) -> bool {
        let mut running = self.key.begin(&[]);
        for part in message {
            running.update(part);
        }
        let rest = Message { before: &[], body: &[], after: &[] };
        self.key.matches(Some(Box::new(running)), &rest, &candidates.0)
    }

    /// The signature of a message, encoded as the scheme requires.
    #[must_use]
    pub fn sign(&self, message: &[&[u8]]) -> String {
        let message = message.concat();
        let message = Message { before: &[], body: &message, after: &[] };
        mac::encode(&self.key.tag(&message), self.encoding)
    }
}

impl LiveKeys<MacKey> {
    /// The first key whose signature of the message, given in parts, is one of the candidates.
    ///
    /// # Errors
    ///
    /// [`VerifyErrorKind::SignatureMismatch`] if no key matches.
    pub fn signed_by(
        &self,
        message: &[&[u8]],
        candidates: &PresentedSignatures,
    ) -> Result<KeyMatch, VerifyError> {
        let found = self.find(|key| key.has_signed(message, candidates));
        found.ok_or_else(|| VerifyErrorKind::SignatureMismatch.into())
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKey")
    }
}

/// The signatures in a request, decoded as the scheme describes.
pub struct PresentedSignatures(pub(super) Tags);

impl PresentedSignatures {
    /// Decodes `text` in the scheme's encoding; `None` if it is not a valid signature.
    #[must_use]
    pub fn one(scheme: &Scheme, text: &[u8]) -> Option<Self> {
        let mut tags = Tags::default();
        tags.push(text, scheme.algorithm, scheme.encoding);
        (!tags.is_empty()).then_some(Self(tags))
    }
}

impl fmt::Debug for PresentedSignatures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PresentedSignatures").finish_non_exhaustive()
    }
}
