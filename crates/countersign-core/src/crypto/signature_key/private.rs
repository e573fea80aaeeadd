//! Private keys, to sign as a provider does.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING,
    ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair,
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RsaEncoding, RsaKeyPair,
};
use rustls_pki_types::pem::{PemObject, SectionKind};
use zeroize::Zeroizing;

use super::PublicKeyAlgorithm;
use crate::crypto::mac::KeyError;
use crate::error::SecretProblem;

/// A private key in PKCS #8, or the seed of an Ed25519 key. It is for tests and
/// tools, so it is parsed for each signature.
pub struct PrivateKey {
    bytes: Zeroizing<Vec<u8>>,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rsa,
    P256,
    P384,
    Ed25519,
    Ed25519Seed,
}

impl PrivateKey {
    /// Parses PKCS #8 in PEM, or its DER in base64. Also parses an Ed25519 key as
    /// `whsk_` and the base64 of its seed, optionally followed by the public key.
    ///
    /// # Errors
    ///
    /// [`SecretProblem::Malformed`].
    pub fn new(text: &str) -> Result<Self, KeyError> {
        Self::read(text.trim()).ok_or_else(|| SecretProblem::Malformed { give: FORM }.into())
    }

    fn read(text: &str) -> Option<Self> {
        if let Some(encoded) = text.strip_prefix("whsk_") {
            let mut bytes = Zeroizing::new(STANDARD.decode(encoded).ok()?);
            bytes.truncate(32);
            let is_seed = Ed25519KeyPair::from_seed_unchecked(&bytes).is_ok();
            return is_seed.then_some(Self { bytes, kind: Kind::Ed25519Seed });
        }
        let bytes = Zeroizing::new(if text.starts_with("-----BEGIN") {
            match <(SectionKind, Vec<u8>)>::from_pem_slice(text.as_bytes()) {
                Ok((SectionKind::PrivateKey, der)) => der,
                _ => return None,
            }
        } else {
            STANDARD.decode(text).ok()?
        });
        let random = SystemRandom::new();
        let is_ecdsa = |way| EcdsaKeyPair::from_pkcs8(way, &bytes, &random).is_ok();
        let kind = if Ed25519KeyPair::from_pkcs8_maybe_unchecked(&bytes).is_ok() {
            Kind::Ed25519
        } else if is_ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING) {
            Kind::P256
        } else if is_ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING) {
            Kind::P384
        } else if RsaKeyPair::from_pkcs8(&bytes).is_ok() {
            Kind::Rsa
        } else {
            return None;
        };
        Some(Self { bytes, kind })
    }

    /// Whether the key supports this algorithm.
    #[must_use]
    pub fn has(&self, way: PublicKeyAlgorithm) -> bool {
        match self.kind {
            Kind::Rsa => rsa(way).is_some(),
            Kind::P256 => matches!(way, PublicKeyAlgorithm::P256 | PublicKeyAlgorithm::P256Asn1),
            Kind::P384 => way == PublicKeyAlgorithm::P384,
            Kind::Ed25519 | Kind::Ed25519Seed => way == PublicKeyAlgorithm::Ed25519,
        }
    }

    /// Signs a message; `None` if the key does not support this algorithm.
    #[must_use]
    pub fn sign(&self, way: PublicKeyAlgorithm, message: &[u8]) -> Option<Vec<u8>> {
        match (self.kind, way) {
            (Kind::Rsa, way) => self.sign_rsa(rsa(way)?, message),
            (Kind::P256, PublicKeyAlgorithm::P256) => {
                self.sign_ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING, message)
            }
            (Kind::P256, PublicKeyAlgorithm::P256Asn1) => {
                self.sign_ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING, message)
            }
            (Kind::P384, PublicKeyAlgorithm::P384) => {
                self.sign_ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING, message)
            }
            (Kind::Ed25519, PublicKeyAlgorithm::Ed25519) => {
                let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&self.bytes).ok()?;
                Some(key.sign(message).as_ref().to_vec())
            }
            (Kind::Ed25519Seed, PublicKeyAlgorithm::Ed25519) => {
                let key = Ed25519KeyPair::from_seed_unchecked(&self.bytes).ok()?;
                Some(key.sign(message).as_ref().to_vec())
            }
            _ => None,
        }
    }

    fn sign_rsa(&self, way: &'static dyn RsaEncoding, message: &[u8]) -> Option<Vec<u8>> {
        let key = RsaKeyPair::from_pkcs8(&self.bytes).ok()?;
        let mut signature = vec![0; key.public().modulus_len()];
        key.sign(way, &SystemRandom::new(), message, &mut signature).ok()?;
        Some(signature)
    }

    fn sign_ecdsa(&self, way: &'static EcdsaSigningAlgorithm, message: &[u8]) -> Option<Vec<u8>> {
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::from_pkcs8(way, &self.bytes, &random).ok()?;
        Some(key.sign(&random, message).ok()?.as_ref().to_vec())
    }
}

impl fmt::Debug for PrivateKey {
    /// Omits the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey").finish_non_exhaustive()
    }
}

/// The parameters of an RSA algorithm. SHA-1 is not supported for signing.
fn rsa(way: PublicKeyAlgorithm) -> Option<&'static dyn RsaEncoding> {
    match way {
        PublicKeyAlgorithm::RsaSha256 => Some(&RSA_PKCS1_SHA256),
        PublicKeyAlgorithm::RsaSha384 => Some(&RSA_PKCS1_SHA384),
        PublicKeyAlgorithm::RsaSha512 => Some(&RSA_PKCS1_SHA512),
        _ => None,
    }
}

const FORM: &str = "the private key, as PKCS #8 in PEM, or its DER in base64";
