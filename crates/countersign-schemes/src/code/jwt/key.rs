//! Keys of a JWT. The secret itself determines its kind of key, never the
//! token: so a public key cannot be used as a shared one.

use countersign_core::custom::{
    KeyError, PrivateKey, PublicKey, is_asymmetric, is_blank, is_same, json,
};
use countersign_core::{KeyIdentity, Secret, SecretFormat, SecretProblem};
use hmac::digest::block_api::EagerHash;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::{Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use super::JwtAlgorithm;
use super::jwk::{self, Restrictions};

/// A key and, if it is a JWK, the restrictions that it states.
pub(crate) struct Key {
    material: Material,
    kid: Option<String>,
    algorithm: Option<JwtAlgorithm>,
    /// In Unix seconds.
    expired_at: Option<i64>,
}

enum Material {
    Shared(Zeroizing<Vec<u8>>),
    Public(PublicKey),
}

impl Key {
    /// Whether a token's `kid` can refer to this key. If the token or the key
    /// has no id, it can.
    pub(super) fn is_named(&self, kid: Option<&str>) -> bool {
        match (&self.kid, kid) {
            (Some(own), Some(kid)) => own == kid,
            _ => true,
        }
    }

    /// Whether this is the key's own id.
    pub(super) fn has_id(&self, kid: &str) -> bool {
        self.kid.as_deref() == Some(kid)
    }

    /// Whether the key has not expired, and its certificate is valid, if it has one.
    pub(super) fn is_live(&self, now_ms: i64) -> bool {
        self.expired_at.is_none_or(|seconds| now_ms < seconds.saturating_mul(1000))
            && match &self.material {
                Material::Shared(_) => true,
                Material::Public(key) => key.is_valid_at(now_ms),
            }
    }

    /// The identities of the key. A shared one has one for each length of the hash.
    pub(super) fn identities(&self) -> Vec<KeyIdentity> {
        match &self.material {
            Material::Public(key) => vec![key.identity()],
            Material::Shared(key) => KeyIdentity::of_hmac_sha2(key).into(),
        }
    }

    pub(super) fn is_for(&self, algorithm: JwtAlgorithm) -> bool {
        self.algorithm.is_none_or(|own| own == algorithm)
            && match (&self.material, algorithm.way()) {
                (Material::Shared(_), None) => true,
                (Material::Public(key), Some(way)) => key.has(way),
                _ => false,
            }
    }

    pub(super) fn verifies(
        &self,
        algorithm: JwtAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        match (&self.material, algorithm.way()) {
            (Material::Public(key), Some(way)) => key.verifies(way, message, signature),
            (Material::Shared(key), None) => is_same(&hmac_of(algorithm, key, message), signature),
            _ => false,
        }
    }

    fn new(material: Material) -> Self {
        Self { material, kid: None, algorithm: None, expired_at: None }
    }

    fn from_jwk(jwk: &Value) -> Result<Self, KeyError> {
        let not_usable = || KeyError::from(SecretProblem::NotAPublicKey);
        if jwk.get("kty").is_some_and(|kind| kind == "oct") {
            return Err(not_usable());
        }
        let Restrictions { kid, algorithm, expired_at } =
            Restrictions::read(jwk).ok_or_else(not_usable)?;
        let public = PublicKey::from_jwk(jwk)?;
        let fits = |own: JwtAlgorithm| own.way().is_some_and(|way| public.has(way));
        if !algorithm.is_none_or(fits) {
            return Err(not_usable());
        }
        Ok(Self { material: Material::Public(public), kid, algorithm, expired_at })
    }
}

/// Reads the keys of a secret: those of a JWKS, or one key. Text that contains no
/// public key is a shared key, if the scheme accepts shared keys.
pub(super) fn read_keys(
    secret: &Secret,
    algorithms: &[JwtAlgorithm],
) -> Result<Vec<Key>, KeyError> {
    let bytes = secret.dangerous_key(SecretFormat::Text)?;
    let takes_shared = algorithms.iter().any(|algorithm| algorithm.way().is_none());
    if takes_shared && may_be_shared(&bytes) {
        return Ok(vec![Key::new(Material::Shared(bytes))]);
    }
    let malformed = if takes_shared { MALFORMED_KEY } else { MALFORMED_PUBLIC_KEY };
    let text = std::str::from_utf8(&bytes).ok().filter(|text| is_public_text(text));
    let keys = read_public(text.ok_or_else(|| SecretProblem::malformed(malformed))?)?;
    // Otherwise it would verify nothing.
    let is_accepted = |key: &Key| algorithms.iter().any(|algorithm| key.is_for(*algorithm));
    if keys.iter().any(is_accepted) { Ok(keys) } else { Err(SecretProblem::NotAPublicKey.into()) }
}

/// Whether a text has the form of a JWK, a JWKS or PEM.
fn is_public_text(text: &str) -> bool {
    text.trim_matches(is_blank).starts_with('{') || text.contains("-----BEGIN")
}

/// Reads keys from a text that must contain only public keys.
pub(super) fn read_public(text: &str) -> Result<Vec<Key>, KeyError> {
    if !is_public_text(text) {
        return Err(SecretProblem::malformed(MALFORMED_PUBLIC_KEY).into());
    }
    let text = text.trim_matches(is_blank);
    if !text.starts_with('{') {
        return Ok(vec![Key::new(Material::Public(PublicKey::from_pem(text)?))]);
    }
    let json = jwk::parse(text).ok_or(SecretProblem::NotAPublicKey)?;
    let Some(set) = json.get("keys").and_then(Value::as_array) else {
        return Key::from_jwk(&json).map(|key| vec![key]);
    };
    // A set with a private key is not the one that the provider publishes.
    if set.iter().any(|jwk| jwk.get("d").is_some()) {
        return Err(SecretProblem::NotAPublicKey.into());
    }
    // A set can contain keys for other purposes.
    let mut keys = Vec::new();
    for jwk in set {
        match Key::from_jwk(jwk) {
            Ok(key) => keys.push(key),
            Err(KeyError::Secret(_)) => {}
            Err(error) => return Err(error),
        }
    }
    if keys.is_empty() { Err(SecretProblem::NotAPublicKey.into()) } else { Ok(keys) }
}

/// Whether a secret can be a shared key. The scheme also takes public keys, so a text that is meant
/// to be one, and is malformed, must not become a shared key.
fn may_be_shared(secret: &[u8]) -> bool {
    secret.len() <= MAX_SHARED && !is_json(secret) && !is_asymmetric(secret)
}

/// Whether a text is JSON with members or elements.
fn is_json(text: &[u8]) -> bool {
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    match text.trim_ascii_start() {
        // Not a key if it is malformed, but certainly meant to be one.
        [b'{', ..] => true,
        [b'[', ..] => json::is_document(text),
        _ => false,
    }
}

/// The key that signs a token.
pub(super) enum SignWith {
    Shared(Zeroizing<Vec<u8>>),
    Private(PrivateKey, JwtAlgorithm),
}

impl SignWith {
    pub(super) fn read(secret: &Secret, algorithms: &[JwtAlgorithm]) -> Result<Self, KeyError> {
        let bytes = secret.dangerous_key(SecretFormat::Text)?;
        let text = std::str::from_utf8(&bytes).unwrap_or_default();
        let private = PrivateKey::new(text);
        let has = |key: &PrivateKey| {
            let is_for =
                |algorithm: &&JwtAlgorithm| algorithm.way().is_some_and(|way| key.has(way));
            algorithms.iter().find(is_for).copied()
        };
        if let Some(algorithm) = private.as_ref().ok().and_then(has) {
            return private.map(|key| Self::Private(key, algorithm));
        }
        if may_be_shared(&bytes) && algorithms.contains(&JwtAlgorithm::Hs256) {
            return Ok(Self::Shared(bytes));
        }
        let give = "the private key of one of its algorithms, as PKCS #8 in PEM";
        private.and_then(|_| Err(SecretProblem::malformed(give).into()))
    }

    pub(super) fn algorithm(&self) -> JwtAlgorithm {
        match self {
            Self::Shared(_) => JwtAlgorithm::Hs256,
            Self::Private(_, algorithm) => *algorithm,
        }
    }

    pub(super) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Shared(key) => Some(hmac_of(JwtAlgorithm::Hs256, key, message)),
            Self::Private(key, algorithm) => key.sign(algorithm.way()?, message),
        }
    }
}

fn hmac_of(algorithm: JwtAlgorithm, key: &[u8], message: &[u8]) -> Vec<u8> {
    match algorithm {
        JwtAlgorithm::Hs384 => tag::<Sha384>(key, message),
        JwtAlgorithm::Hs512 => tag::<Sha512>(key, message),
        _ => tag::<Sha256>(key, message),
    }
}

fn tag<D: EagerHash>(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = <Hmac<D> as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

/// The maximum length of a shared key, in bytes. A key of HMAC-SHA-512 has 64; RSA keys,
/// certificates and sets of keys are longer than this in any form.
const MAX_SHARED: usize = 255;

/// What to give to a scheme that accepts no shared keys.
const MALFORMED_PUBLIC_KEY: &str = "the public key as a JWK, a JWKS or PEM without other text";
/// What to give to a scheme that also accepts shared keys.
const MALFORMED_KEY: &str = "the public key as a JWK, a JWKS or PEM without other text, or a \
                             shared key of at most 255 bytes";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_and_long_texts_are_not_shared_keys() {
        for text in [
            "{}",
            "{not json}",
            r#"{"kty":"oct","k":"AAAA"}"#,
            " \n{\"k\":1}",
            "\u{feff}{\"k\":1}",
            "[1]",
            "kty: OKP",
            "https://a.example/.well-known/jwks.json",
        ] {
            assert!(!may_be_shared(text.as_bytes()), "{text}");
        }
        for text in ["", "[in brackets]", "correct horse battery staple"] {
            assert!(may_be_shared(text.as_bytes()), "{text}");
        }
        assert!(may_be_shared(&[b'a'; MAX_SHARED]) && !may_be_shared(&[b'a'; MAX_SHARED + 1]));
    }
}
