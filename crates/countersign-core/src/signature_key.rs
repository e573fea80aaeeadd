//! Keys that are handed over as text, in PEM or as a JWK, for the rules that
//! verify and make signatures with a private key.

#[cfg(not(feature = "asymmetric"))]
mod none;
#[cfg(feature = "asymmetric")]
mod private;
#[cfg(feature = "asymmetric")]
mod public;

#[cfg(not(feature = "asymmetric"))]
pub(crate) use none::{PrivateKey, PublicKey};
#[cfg(feature = "asymmetric")]
pub(crate) use private::PrivateKey;
#[cfg(feature = "asymmetric")]
pub(crate) use public::PublicKey;

/// A way of signing with a private key. A key has ways of its own kind only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// PKCS #1 v1.5, as all RSA here. Only for what was never signed otherwise.
    RsaSha1,
    RsaSha256,
    RsaSha384,
    RsaSha512,
    /// The signature is the two numbers one behind the other.
    P256,
    /// The signature is ASN.1.
    P256Asn1,
    P384,
    Ed25519,
}
