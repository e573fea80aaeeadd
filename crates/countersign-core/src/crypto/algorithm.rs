//! Algorithms of signatures, and their encoding.

use crate::error::named_variants::named_variants;

/// The algorithm that computes a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// HMAC with SHA-1, for providers that still use it.
    HmacSha1,
    /// HMAC with SHA-256.
    HmacSha256,
    /// HMAC with SHA-512.
    HmacSha512,
    /// Plain SHA-256 over a message that contains the secret (HubSpot v1, v2).
    Sha256,
    /// Ed25519, RFC 8032. Needs the feature `asymmetric`.
    Ed25519,
    /// ECDSA on P-256 with SHA-256, in ASN.1 DER. Needs the feature
    /// `asymmetric`.
    EcdsaP256,
    /// No signature: the header contains the secret itself. **The body is not
    /// authenticated.**
    Token,
    /// Plain Keccak-256, the hash from before SHA-3. Only for custom signing code.
    Keccak256,
    /// RSA, PKCS #1 v1.5, with SHA-256. Only for custom signing code; needs the
    /// feature `asymmetric`.
    RsaSha256,
    /// A signed JWT. Only for custom signing code; needs the feature `asymmetric` if it is signed
    /// with a private key.
    Jwt,
}

impl Algorithm {
    /// Whether the receiver has the same secret as the provider. `false` for a JWT, which has keys
    /// of both kinds.
    #[must_use]
    pub fn is_shared(self) -> bool {
        match self {
            Self::HmacSha1
            | Self::HmacSha256
            | Self::HmacSha512
            | Self::Sha256
            | Self::Token
            | Self::Keccak256 => true,
            Self::Ed25519 | Self::EcdsaP256 | Self::RsaSha256 | Self::Jwt => false,
        }
    }
}

/// How a signature is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Encoding {
    /// Hexadecimal, either case.
    Hex,
    /// Base64 of the standard alphabet, with its padding.
    Base64,
    /// Plain text: for tokens.
    Text,
}

named_variants!(Algorithm {
    HmacSha1 = "hmac-sha1",
    HmacSha256 = "hmac-sha256",
    HmacSha512 = "hmac-sha512",
    Sha256 = "sha256",
    Ed25519 = "ed25519",
    EcdsaP256 = "ecdsa-p256",
    Token = "token",
    Keccak256 = "keccak256",
    RsaSha256 = "rsa-sha256",
    Jwt = "jwt",
});
named_variants!(Encoding { Hex = "hex", Base64 = "base64", Text = "text" });
