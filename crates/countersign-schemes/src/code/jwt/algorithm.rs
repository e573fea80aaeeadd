//! The algorithms of a JWT, RFC 7518 and RFC 8037. `none` is not supported.

use countersign_core::custom::PublicKeyAlgorithm;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JwtAlgorithm {
    Hs256,
    Hs384,
    Hs512,
    Rs256,
    Rs384,
    Rs512,
    Es256,
    Es384,
    EdDsa,
}

impl JwtAlgorithm {
    pub(crate) const ALL: &'static [Self] = &[
        Self::Hs256,
        Self::Hs384,
        Self::Hs512,
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Es256,
        Self::Es384,
        Self::EdDsa,
    ];

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|algorithm| algorithm.name() == name)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The private-key algorithm; `None` if the key is a shared one.
    pub(super) fn way(self) -> Option<PublicKeyAlgorithm> {
        match self {
            Self::Hs256 | Self::Hs384 | Self::Hs512 => None,
            Self::Rs256 => Some(PublicKeyAlgorithm::RsaSha256),
            Self::Rs384 => Some(PublicKeyAlgorithm::RsaSha384),
            Self::Rs512 => Some(PublicKeyAlgorithm::RsaSha512),
            Self::Es256 => Some(PublicKeyAlgorithm::P256),
            Self::Es384 => Some(PublicKeyAlgorithm::P384),
            Self::EdDsa => Some(PublicKeyAlgorithm::Ed25519),
        }
    }
}
