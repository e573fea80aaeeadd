//! The keys of a rule that computes MACs, and what a request presents to them.

use std::fmt;
use std::sync::Arc;

use super::SignedBy;
use crate::error::{ConfigError, VerifyError, VerifyErrorKind};
use crate::mac::{self, Key, Message, Tags};
use crate::scheme::{Encoding, Scheme};
use crate::secret::Secrets;

/// The secrets of a verifier as keys of the scheme's algorithm, for the rules
/// that sign another message than the body. Cheap to clone.
#[derive(Clone)]
pub struct RuleKeys {
    keys: Arc<[Key]>,
    encoding: Encoding,
}

impl RuleKeys {
    /// Prepares one key for each secret, by the scheme's algorithm and secret
    /// format.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Secret`] where a secret does not decode as the scheme
    /// says.
    pub fn new(scheme: &Scheme, secrets: &Secrets) -> Result<Self, ConfigError> {
        secrets.refuse_resolver(scheme)?;
        Ok(Self { keys: Key::all(scheme, secrets)?.into(), encoding: scheme.encoding() })
    }

    /// The first secret that has signed the message, which is given in parts,
    /// with one of the candidates. The comparison takes the same time whatever
    /// they are.
    ///
    /// # Errors
    ///
    /// [`VerifyErrorKind::SignatureMismatch`] where none has.
    pub fn signed_by(
        &self,
        message: &[&[u8]],
        candidates: &Candidates,
    ) -> Result<SignedBy, VerifyError> {
        let found = (0..self.keys.len()).find(|&index| self.has_signed(index, message, candidates));
        found.map(SignedBy::secret).ok_or_else(|| VerifyErrorKind::SignatureMismatch.into())
    }

    /// Whether the secret of this number, counted from 0, has signed the message
    /// with one of the candidates.
    #[must_use]
    pub fn has_signed(&self, number: usize, message: &[&[u8]], candidates: &Candidates) -> bool {
        self.keys.get(number).is_some_and(|key| {
            let mut running = key.begin(&[]);
            for part in message {
                running.update(part);
            }
            let rest = Message { before: &[], body: &[], after: &[] };
            key.matches(Some(Box::new(running)), &rest, &candidates.0)
        })
    }

    /// The signature of a message by the current secret, as its scheme writes it.
    #[must_use]
    pub fn sign(&self, message: &[&[u8]]) -> String {
        self.sign_with(0, message)
    }

    /// The signature of a message by the secret of this number, as its scheme
    /// writes it.
    ///
    /// # Panics
    ///
    /// Where there is no secret of this number.
    #[must_use]
    pub fn sign_with(&self, number: usize, message: &[&[u8]]) -> String {
        let message = message.concat();
        let message = Message { before: &[], body: &message, after: &[] };
        mac::encode(&self.keys[number].tag(&message), self.encoding)
    }

    /// How many secrets there are.
    pub(crate) fn count(&self) -> usize {
        self.keys.len()
    }
}

impl fmt::Debug for RuleKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RuleKeys").field("secrets", &self.keys.len()).finish_non_exhaustive()
    }
}

/// The signatures that a request presents, decoded as its scheme says.
pub struct Candidates(pub(super) Tags);

impl Candidates {
    /// The one that `text` writes, in the scheme's encoding; `None` where it
    /// writes none.
    #[must_use]
    pub fn one(scheme: &Scheme, text: &[u8]) -> Option<Self> {
        let mut tags = Tags::default();
        tags.push(text, scheme);
        (!tags.is_empty()).then_some(Self(tags))
    }
}

impl fmt::Debug for Candidates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Candidates").finish_non_exhaustive()
    }
}
