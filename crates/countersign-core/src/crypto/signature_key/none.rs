//! Replacement for the keys if the feature `asymmetric` is off: each constructor
//! returns an error that names the feature.

use super::Way;
use crate::crypto::key_identity::KeyIdentity;
use crate::crypto::mac::KeyError;

/// Has no values.
#[derive(Clone)]
pub(crate) enum PublicKey {}

impl PublicKey {
    /// For rules that accept no other keys.
    pub(crate) fn required() -> Result<(), KeyError> {
        Err(KeyError::FeatureRequired("asymmetric"))
    }

    pub(crate) fn from_pem(_: &str) -> Result<Self, KeyError> {
        Err(KeyError::FeatureRequired("asymmetric"))
    }

    pub(crate) fn first_of_pem(_: &str) -> Result<Self, KeyError> {
        Err(KeyError::FeatureRequired("asymmetric"))
    }

    pub(crate) fn from_jwk(_: &serde_json::Value) -> Result<Self, KeyError> {
        Err(KeyError::FeatureRequired("asymmetric"))
    }

    pub(crate) fn has(&self, _: Way) -> bool {
        match *self {}
    }

    pub(crate) fn identity(&self) -> KeyIdentity {
        match *self {}
    }

    pub(crate) fn is_valid_at(&self, _: i64) -> bool {
        match *self {}
    }

    pub(crate) fn verifies(&self, _: Way, _: &[u8], _: &[u8]) -> bool {
        match *self {}
    }
}

/// Has no values.
pub(crate) enum PrivateKey {}

impl PrivateKey {
    pub(crate) fn new(_: &str) -> Result<Self, KeyError> {
        Err(KeyError::FeatureRequired("asymmetric"))
    }

    pub(crate) fn has(&self, _: Way) -> bool {
        match *self {}
    }

    pub(crate) fn sign(&self, _: Way, _: &[u8]) -> Option<Vec<u8>> {
        match *self {}
    }
}

#[cfg(test)]
mod tests {
    use crate::{ConfigError, Scheme, Secret, Signer, Verifier};

    const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";

    #[test]
    fn a_scheme_that_needs_a_public_key_says_which_feature_it_needs() {
        for (name, secret) in [
            ("plaid", PUBLIC.to_owned()),
            ("fusionauth", PUBLIC.to_owned()),
            ("aws-sns", PUBLIC.to_owned()),
            ("paypal", format!("ID\n{PUBLIC}")),
        ] {
            let scheme = Scheme::named(name).unwrap();
            let rejected = Verifier::new(scheme, Secret::new(secret).unwrap()).unwrap_err();
            let feature = "asymmetric";
            let scheme = name.to_owned();
            assert_eq!(rejected, ConfigError::FeatureRequired { scheme, feature });
        }
        let discord = Scheme::named("discord").unwrap();
        let rejected = Signer::new(discord, Secret::new("key").unwrap()).unwrap_err();
        assert!(matches!(rejected, ConfigError::FeatureRequired { .. }), "{rejected}");
    }

    #[test]
    fn a_shared_key_needs_no_feature() {
        let scheme = Scheme::named("fusionauth").unwrap();
        let signer = Signer::new(scheme.clone(), Secret::new("key").unwrap()).unwrap();
        let headers = signer.sign(&[("a", "b")], b"{}").unwrap();
        let verifier = Verifier::new(scheme, Secret::new("key").unwrap()).unwrap();
        assert!(verifier.verify(&headers, "{}").is_ok());
    }
}
