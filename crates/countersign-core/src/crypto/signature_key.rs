//! Keys that are given as text, in PEM or as a JWK, for the rules that sign with a
//! private key and verify with a public key.

#[cfg(feature = "asymmetric")]
mod certificate;
pub(crate) mod der;
#[cfg(feature = "asymmetric")]
mod low_order;
#[cfg(not(feature = "asymmetric"))]
mod none;
#[cfg(feature = "asymmetric")]
mod private;
#[cfg(feature = "asymmetric")]
mod public;

#[cfg(feature = "asymmetric")]
pub(crate) use low_order::is_low_order;
#[cfg(not(feature = "asymmetric"))]
pub use none::{PrivateKey, PublicKey};
#[cfg(feature = "asymmetric")]
pub use private::PrivateKey;
#[cfg(feature = "asymmetric")]
pub use public::PublicKey;

/// A signature algorithm with a private key. A key supports only the algorithms of
/// its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublicKeyAlgorithm {
    /// RSA, PKCS #1 v1.5, with SHA-1. Only for providers that sign with no other.
    RsaSha1,
    /// RSA, PKCS #1 v1.5, with SHA-256.
    RsaSha256,
    /// RSA, PKCS #1 v1.5, with SHA-384.
    RsaSha384,
    /// RSA, PKCS #1 v1.5, with SHA-512.
    RsaSha512,
    /// ECDSA over P-256 with SHA-256. The signature is the two numbers, concatenated.
    P256,
    /// ECDSA over P-256 with SHA-256. The signature is ASN.1.
    P256Asn1,
    /// ECDSA over P-384 with SHA-384. The signature is the two numbers, concatenated.
    P384,
    /// Ed25519.
    Ed25519,
}
