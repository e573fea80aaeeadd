//! Replacement for the keys if the feature `asymmetric` is off: each constructor
//! returns an error that names the feature.

use super::PublicKeyAlgorithm;
use crate::crypto::key_identity::KeyIdentity;
use crate::crypto::mac::KeyError;

/// Has no values: the feature `asymmetric` is off.
#[expect(clippy::exhaustive_enums, reason = "it has no values, and no variant is ever added")]
#[derive(Debug, Clone)]
pub enum PublicKey {}

impl PublicKey {
    /// For schemes that accept no other keys.
    ///
    /// # Errors
    ///
    /// The feature `asymmetric` is off.
    pub fn required() -> Result<(), KeyError> {
        Err(KeyError::FeatureRequired("asymmetric"))
    }

    /// The key of a PEM text.
    ///
    /// # Errors
    ///
    /// The feature `asymmetric` is off.
    pub fn from_pem(_: &str) -> Result<Self, KeyError> {
        Err(KeyError::FeatureRequired("asymmetric"))
    }

    /// The key of the first block of a PEM text that was looked up.
    ///
    /// # Errors
    ///
    /// The feature `asymmetric` is off.
    pub fn first_of_pem(_: &str) -> Result<Self, KeyError> {
        Err(KeyError::FeatureRequired("asymmetric"))
    }

    /// The key of a JWK.
    ///
    /// # Errors
    ///
    /// The feature `asymmetric` is off.
    pub fn from_jwk(_: &serde_json::Value) -> Result<Self, KeyError> {
        Err(KeyError::FeatureRequired("asymmetric"))
    }

    /// Whether the key supports this algorithm.
    #[must_use]
    pub fn has(&self, _: PublicKeyAlgorithm) -> bool {
        match *self {}
    }

    /// The same for every form of the key.
    #[must_use]
    pub fn identity(&self) -> KeyIdentity {
        match *self {}
    }

    /// Whether the certificate of the key is valid at this time, in Unix milliseconds.
    #[must_use]
    pub fn is_valid_at(&self, _: i64) -> bool {
        match *self {}
    }

    /// Whether a signature is valid for this message.
    #[must_use]
    pub fn verifies(&self, _: PublicKeyAlgorithm, _: &[u8], _: &[u8]) -> bool {
        match *self {}
    }
}

/// Has no values: the feature `asymmetric` is off.
#[expect(clippy::exhaustive_enums, reason = "it has no values, and no variant is ever added")]
#[derive(Debug)]
pub enum PrivateKey {}

impl PrivateKey {
    /// The key of a PEM text.
    ///
    /// # Errors
    ///
    /// The feature `asymmetric` is off.
    pub fn new(_: &str) -> Result<Self, KeyError> {
        Err(KeyError::FeatureRequired("asymmetric"))
    }

    /// Whether the key supports this algorithm.
    #[must_use]
    pub fn has(&self, _: PublicKeyAlgorithm) -> bool {
        match *self {}
    }

    /// The signature of a message.
    #[must_use]
    pub fn sign(&self, _: PublicKeyAlgorithm, _: &[u8]) -> Option<Vec<u8>> {
        match *self {}
    }
}
