//! Public keys of the template-based schemes that sign with Ed25519 or ECDSA.

use ring::signature::{ECDSA_P256_SHA256_ASN1, ED25519, UnparsedPublicKey, VerificationAlgorithm};

use crate::crypto::algorithm::Algorithm;
use crate::crypto::key_identity::KeyIdentity;
use crate::crypto::mac::Message;
use crate::crypto::signature_key::is_low_order;
use crate::error::SecretProblem;

/// A public key whose length and form match its algorithm.
#[derive(Clone)]
pub(crate) struct PublicKey(UnparsedPublicKey<Vec<u8>>);

impl PublicKey {
    /// Accepts the 32 bytes of an Ed25519 key. Accepts a P-256 key as its
    /// uncompressed point, or as a `SubjectPublicKeyInfo` (RFC 5480). Rejects an
    /// Ed25519 key for which anyone can sign.
    pub(crate) fn new(algorithm: Algorithm, bytes: &[u8]) -> Result<Self, SecretProblem> {
        let (algorithm, bytes, shaped): (&'static dyn VerificationAlgorithm, _, _) =
            if algorithm == Algorithm::EcdsaP256 {
                let point = bytes.strip_prefix(P256_SPKI).unwrap_or(bytes);
                (&ECDSA_P256_SHA256_ASN1, point, point.len() == 65 && point[0] == 0x04)
            } else {
                (&ED25519, bytes, bytes.len() == 32 && !is_low_order(bytes))
            };
        if !shaped {
            return Err(SecretProblem::NotAPublicKey);
        }
        Ok(Self(UnparsedPublicKey::new(algorithm, bytes.to_vec())))
    }

    /// The same for each form of the key.
    pub(crate) fn identity(&self) -> KeyIdentity {
        KeyIdentity::new(&self.0)
    }

    /// Whether `signature` is valid for this message. The signed bytes must be
    /// contiguous: they are copied, unless the body alone is signed.
    pub(crate) fn verifies(&self, message: &Message<'_>, signature: &[u8]) -> bool {
        let whole;
        let bytes = if message.before.is_empty() && message.after.is_empty() {
            message.body
        } else {
            whole = [message.before, message.body, message.after].concat();
            &whole
        };
        self.0.verify(bytes, signature).is_ok()
    }
}

/// The DER bytes before the point of a P-256 key.
pub(crate) const P256_SPKI: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
