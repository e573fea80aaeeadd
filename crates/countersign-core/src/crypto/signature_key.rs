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
pub(crate) use none::{PrivateKey, PublicKey};
#[cfg(feature = "asymmetric")]
pub(crate) use private::PrivateKey;
#[cfg(feature = "asymmetric")]
pub(crate) use public::PublicKey;

/// A signature algorithm with a private key. A key supports only the algorithms of
/// its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// PKCS #1 v1.5, like all RSA here. Only for providers that sign with no other.
    RsaSha1,
    RsaSha256,
    RsaSha384,
    RsaSha512,
    /// The signature is the two numbers, concatenated.
    P256,
    /// The signature is ASN.1.
    P256Asn1,
    P384,
    Ed25519,
}
