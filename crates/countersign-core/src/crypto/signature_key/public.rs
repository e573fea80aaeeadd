//! Public keys from a certificate, a `SubjectPublicKeyInfo` or a JWK.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519,
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::{PemObject, SectionKind};
use serde_json::Value;
use webpki::EndEntityCert;

use super::der::{self, BIT_STRING, INTEGER, SEQUENCE};
use super::{PublicKeyAlgorithm, certificate, is_low_order};
use crate::crypto::asymmetric::P256_SPKI;
use crate::crypto::blank::is_blank;
use crate::crypto::key_identity::KeyIdentity;
use crate::crypto::mac::KeyError;
use crate::error::SecretProblem;
use crate::time::validity::Validity;

/// A public key of a known kind, with the right length and form.
#[derive(Clone)]
pub struct PublicKey {
    material: Material,
    /// That of its certificate. A key without a certificate is always valid.
    validity: Validity,
}

/// The kind of a PEM block, and its DER.
type Block = (SectionKind, Vec<u8>);

#[derive(Clone)]
enum Material {
    /// In the form of PKCS #1.
    Rsa(Vec<u8>),
    /// In the form of a JWK.
    RsaParts(RsaPublicKeyComponents<Vec<u8>>),
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
}

impl PublicKey {
    /// Always succeeds: this build supports public keys.
    ///
    /// # Errors
    ///
    /// Without the feature `asymmetric`: the error that names it.
    pub fn required() -> Result<(), KeyError> {
        Ok(())
    }

    /// The public key of a PEM text, or that of its certificate. The certificates of its issuers
    /// can follow, in their order: they sign no delivery. Other blocks would be ignored, and are
    /// rejected.
    ///
    /// # Errors
    ///
    /// [`SecretProblem::NotAPublicKey`]; [`SecretProblem::Malformed`] if there are other blocks.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        // A byte order mark would hide the first line.
        let text = text.trim_matches(is_blank).as_bytes();
        let blocks: Result<Vec<Block>, _> = Block::pem_slice_iter(text).collect();
        let blocks = blocks.map_err(|_| SecretProblem::NotAPublicKey)?;
        let key = Self::from_block(blocks.first())?;
        let is_chain = blocks.windows(2).all(|pair| match pair {
            [(SectionKind::Certificate, issued), (SectionKind::Certificate, issuer)] => {
                certificate::is_issued_by(issued, issuer)
            }
            _ => false,
        });
        if !is_chain || blocks.len() != number_of_blocks(text) {
            return Err(SecretProblem::Malformed { give: ONE_KEY }.into());
        }
        Ok(key)
    }

    /// The key of the first block of a PEM text that was looked up. Its issuers can follow in any
    /// order.
    ///
    /// # Errors
    ///
    /// [`SecretProblem::NotAPublicKey`].
    pub fn first_of_pem(text: &str) -> Result<Self, KeyError> {
        let text = text.trim_matches(is_blank);
        Self::from_block(Block::from_pem_slice(text.as_bytes()).ok().as_ref())
    }

    fn from_block(block: Option<&Block>) -> Result<Self, KeyError> {
        let key = match block {
            Some((SectionKind::PublicKey, der)) => Material::from_spki(der).map(Self::new),
            Some((SectionKind::Certificate, der)) => Self::from_certificate(der),
            _ => None,
        };
        key.ok_or_else(|| SecretProblem::NotAPublicKey.into())
    }

    /// The key of a JWK (RFC 7517, RFC 8037). A private key is rejected.
    ///
    /// # Errors
    ///
    /// [`SecretProblem::NotAPublicKey`].
    pub fn from_jwk(jwk: &Value) -> Result<Self, KeyError> {
        if jwk.get("d").is_some() {
            return Err(SecretProblem::NotAPublicKey.into());
        }
        let text = |name| jwk.get(name).and_then(Value::as_str);
        let bytes = |name| URL_SAFE_NO_PAD.decode(text(name)?).ok();
        let point = |length: usize| {
            let (x, y) = (bytes("x")?, bytes("y")?);
            (x.len() == length && y.len() == length).then(|| [&[0x04][..], &x, &y].concat())
        };
        let key = match (text("kty"), text("crv")) {
            (Some("EC"), Some("P-256")) => point(32).map(Material::P256),
            (Some("EC"), Some("P-384")) => point(48).map(Material::P384),
            (Some("OKP"), Some("Ed25519")) => bytes("x").and_then(Material::ed25519),
            (Some("RSA"), None) => bytes("n").zip(bytes("e")).and_then(|(n, e)| {
                let is_long = n.len() >= MIN_RSA_BYTES && n[0] != 0;
                is_long.then_some(Material::RsaParts(RsaPublicKeyComponents { n, e }))
            }),
            _ => None,
        };
        key.map(Self::new).ok_or_else(|| SecretProblem::NotAPublicKey.into())
    }

    fn from_certificate(der: &[u8]) -> Option<Self> {
        let validity = certificate::validity(der)?;
        let der = CertificateDer::from(der);
        let certificate = EndEntityCert::try_from(&der).ok()?;
        let material = Material::from_spki(&certificate.subject_public_key_info())?;
        Some(Self { material, validity })
    }

    fn new(material: Material) -> Self {
        Self { material, validity: Validity::ALWAYS }
    }

    /// Whether the certificate of the key is valid at this time, if it has one. Outside of that
    /// time the key must not be used. In Unix milliseconds.
    #[must_use]
    pub fn is_valid_at(&self, unix_ms: i64) -> bool {
        self.validity.contains(unix_ms)
    }

    /// Whether the key supports this algorithm.
    #[must_use]
    pub fn has(&self, way: PublicKeyAlgorithm) -> bool {
        self.material.has(way)
    }

    /// The same for every form of the key: a certificate, a `SubjectPublicKeyInfo` or a JWK.
    #[must_use]
    pub fn identity(&self) -> KeyIdentity {
        self.material.identity()
    }

    /// Whether a signature is valid for this message.
    #[must_use]
    pub fn verifies(&self, way: PublicKeyAlgorithm, message: &[u8], signature: &[u8]) -> bool {
        self.material.verifies(way, message, signature)
    }
}

impl fmt::Debug for PublicKey {
    /// Omits the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicKey").finish_non_exhaustive()
    }
}

impl Material {
    /// `None` if the key has another length, or if anyone can sign for it.
    fn ed25519(key: Vec<u8>) -> Option<Self> {
        (key.len() == 32 && !is_low_order(&key)).then_some(Self::Ed25519(key))
    }

    /// Parses a `SubjectPublicKeyInfo` (RFC 3279, RFC 5480, RFC 8410). For each kind,
    /// all bytes but the key are constant.
    fn from_spki(der: &[u8]) -> Option<Self> {
        if let Some(key) = der.strip_prefix(ED25519_SPKI) {
            return Self::ed25519(key.to_vec());
        }
        if let Some(point) = der.strip_prefix(P256_SPKI) {
            return (point.len() == 65 && point[0] == 0x04).then(|| Self::P256(point.to_vec()));
        }
        if let Some(point) = der.strip_prefix(P384_SPKI) {
            return (point.len() == 97 && point[0] == 0x04).then(|| Self::P384(point.to_vec()));
        }
        let behind_algorithm = whole(SEQUENCE, der)?.strip_prefix(RSA_ALGORITHM)?;
        let key = whole(BIT_STRING, behind_algorithm)?.strip_prefix(&[0])?;
        (key.len() > MIN_RSA_BYTES).then(|| Self::Rsa(key.to_vec()))
    }

    fn identity(&self) -> KeyIdentity {
        match self {
            // Two numbers, as in PKCS #1. The key was accepted, so it has them.
            Self::Rsa(key) => match rsa_parts(key) {
                Some((n, e)) => KeyIdentity::of_rsa(n, e),
                None => KeyIdentity::new(key),
            },
            Self::RsaParts(key) => KeyIdentity::of_rsa(&key.n, &key.e),
            Self::P256(key) | Self::P384(key) | Self::Ed25519(key) => KeyIdentity::new(key),
        }
    }

    fn has(&self, way: PublicKeyAlgorithm) -> bool {
        use PublicKeyAlgorithm::{RsaSha1, RsaSha256, RsaSha384, RsaSha512};
        match self {
            Self::Rsa(_) | Self::RsaParts(_) => {
                matches!(way, RsaSha1 | RsaSha256 | RsaSha384 | RsaSha512)
            }
            Self::P256(_) => matches!(way, PublicKeyAlgorithm::P256 | PublicKeyAlgorithm::P256Asn1),
            Self::P384(_) => way == PublicKeyAlgorithm::P384,
            Self::Ed25519(_) => way == PublicKeyAlgorithm::Ed25519,
        }
    }

    fn verifies(&self, way: PublicKeyAlgorithm, message: &[u8], signature: &[u8]) -> bool {
        let verified = match (self, way) {
            (Self::Rsa(key), way) => {
                rsa(way).map(|way| UnparsedPublicKey::new(way, key).verify(message, signature))
            }
            (Self::RsaParts(key), way) => rsa(way).map(|way| key.verify(way, message, signature)),
            (Self::P256(key), PublicKeyAlgorithm::P256) => Some(
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key).verify(message, signature),
            ),
            (Self::P256(key), PublicKeyAlgorithm::P256Asn1) => Some(
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key).verify(message, signature),
            ),
            (Self::P384(key), PublicKeyAlgorithm::P384) => Some(
                UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, key).verify(message, signature),
            ),
            (Self::Ed25519(key), PublicKeyAlgorithm::Ed25519) => {
                Some(UnparsedPublicKey::new(&ED25519, key).verify(message, signature))
            }
            _ => None,
        };
        verified.is_some_and(|verified| verified.is_ok())
    }
}

fn rsa(way: PublicKeyAlgorithm) -> Option<&'static RsaParameters> {
    match way {
        PublicKeyAlgorithm::RsaSha1 => Some(&RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY),
        PublicKeyAlgorithm::RsaSha256 => Some(&RSA_PKCS1_2048_8192_SHA256),
        PublicKeyAlgorithm::RsaSha384 => Some(&RSA_PKCS1_2048_8192_SHA384),
        PublicKeyAlgorithm::RsaSha512 => Some(&RSA_PKCS1_2048_8192_SHA512),
        _ => None,
    }
}

/// How many blocks begin in a PEM text, whatever their label. The parser skips those with a label
/// that it does not know. The parameters of an elliptic curve are no key.
fn number_of_blocks(text: &[u8]) -> usize {
    let count = |begin: &str| memchr::memmem::find_iter(text, begin).count();
    count("-----BEGIN ") - count("-----BEGIN EC PARAMETERS-----")
}

/// The modulus and the exponent of an RSA key in the form of PKCS #1.
fn rsa_parts(key: &[u8]) -> Option<(&[u8], &[u8])> {
    let (n, rest) = der::expect(INTEGER, whole(SEQUENCE, key)?)?;
    Some((n, whole(INTEGER, rest)?))
}

/// The content of a DER value with this tag; `None` if bytes follow.
fn whole(tag: u8, der: &[u8]) -> Option<&[u8]> {
    let (content, rest) = der::expect(tag, der)?;
    rest.is_empty().then_some(content)
}

const ONE_KEY: &str = "one public key or certificate for each secret, in PEM, followed by no other \
                       block than the certificates of its issuers";
/// The length of a modulus of 2,048 bits. Shorter keys are rejected.
const MIN_RSA_BYTES: usize = 256;
/// `rsaEncryption`, without parameters.
const RSA_ALGORITHM: &[u8] =
    &[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
const ED25519_SPKI: &[u8] =
    &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
const P384_SPKI: &[u8] = &[
    0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b,
    0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00,
];
