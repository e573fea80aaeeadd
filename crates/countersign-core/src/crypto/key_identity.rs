//! Identifies keys, to find those that two endpoints or tenants share.

use std::fmt;

use sha1::Sha1;
use sha2::digest::block_api::BlockSizeUser;
use sha2::{Digest, Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use crate::crypto::algorithm::Algorithm;

/// Identifies a key, whatever the text that it was given as.
///
/// Two endpoints or tenants whose identities [overlap](Self::overlaps) accept the same deliveries:
/// what is sent to one of them verifies for the other. It contains digests, and no part of a key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyIdentity {
    key: [u8; 32],
    scope: Option<[u8; 32]>,
}

impl KeyIdentity {
    /// The identity of a key, from bytes that are the same for every form of the key. Zero bytes
    /// at the end do not count: HMAC adds them.
    #[must_use]
    pub fn new(key: impl AsRef<[u8]>) -> Self {
        let key = key.as_ref();
        let end = key.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        Self { key: Sha256::digest(&key[..end]).into(), scope: None }
    }

    /// Limits the identity to a signed value that the endpoint requires, such as a topic: one key
    /// signs for several topics, and each endpoint accepts its own.
    #[must_use]
    pub fn with_scope(self, scope: impl AsRef<[u8]>) -> Self {
        Self { scope: Some(Sha256::digest(scope.as_ref()).into()), ..self }
    }

    /// The identity without its scope, which is the same for all scopes of the key.
    #[must_use]
    pub fn without_scope(self) -> Self {
        Self { scope: None, ..self }
    }

    /// Whether the identity has a scope.
    #[must_use]
    pub fn has_scope(self) -> bool {
        self.scope.is_some()
    }

    /// Whether a delivery can be valid for both: the key is the same and so is the scope, unless
    /// one of them accepts all scopes.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        let is_same_scope = match (self.scope, other.scope) {
            (Some(one), Some(other)) => one == other,
            _ => true,
        };
        self.key == other.key && is_same_scope
    }

    /// The identity of a shared key. HMAC replaces a key that is longer than a block of its hash by
    /// the digest of the key.
    pub(crate) fn of_shared(algorithm: Algorithm, key: &[u8]) -> Self {
        match algorithm {
            Algorithm::HmacSha1 => Self::of_hmac::<Sha1>(key),
            Algorithm::HmacSha256 => Self::of_hmac::<Sha256>(key),
            Algorithm::HmacSha512 => Self::of_hmac::<Sha512>(key),
            _ => Self::new(key),
        }
    }

    /// The identities of a shared key that is used with HMAC-SHA-256, -384 and -512: one for each.
    #[doc(hidden)]
    #[must_use]
    pub fn of_hmac_sha2(key: &[u8]) -> [Self; 3] {
        [Self::of_hmac::<Sha256>(key), Self::of_hmac::<Sha384>(key), Self::of_hmac::<Sha512>(key)]
    }

    /// The identity of a key of HMAC with the hash `D`.
    fn of_hmac<D: Digest + BlockSizeUser>(key: &[u8]) -> Self {
        if key.len() > D::block_size() {
            return Self::new(Zeroizing::new(D::digest(key).to_vec()));
        }
        Self::new(key)
    }

    /// The identity of an RSA key. The modulus and the exponent can have zero bytes in front.
    #[cfg(feature = "asymmetric")]
    pub(crate) fn of_rsa(modulus: &[u8], exponent: &[u8]) -> Self {
        let number = |bytes: &[u8]| {
            let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
            bytes[first..].to_vec()
        };
        let (n, e) = (number(modulus), number(exponent));
        // The modulus is odd, so that no zero byte at its end is lost.
        Self::new([e.as_slice(), b"|", n.as_slice()].concat())
    }
}

impl fmt::Debug for KeyIdentity {
    /// Omits the digests: a short secret can be found by its digest.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyIdentity").field("has_scope", &self.has_scope()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equivalent_hmac_keys_have_one_identity() {
        let shared = KeyIdentity::of_shared;
        for (algorithm, block, digest) in [
            (Algorithm::HmacSha1, 64, Sha1::digest(long(65)).to_vec()),
            (Algorithm::HmacSha256, 64, Sha256::digest(long(65)).to_vec()),
            (Algorithm::HmacSha512, 128, Sha512::digest(long(129)).to_vec()),
        ] {
            let folded = shared(algorithm, &long(block + 1));
            assert_eq!(folded, shared(algorithm, &digest), "{algorithm:?}");
            assert_eq!(folded, KeyIdentity::new(&digest), "{algorithm:?}");
            assert_eq!(shared(algorithm, &long(block)), KeyIdentity::new(long(block)));
        }
        for length in [64, 65, 128, 129] {
            let key = long(length);
            let [sha256, sha384, sha512] = KeyIdentity::of_hmac_sha2(&key);
            assert_eq!(sha256, shared(Algorithm::HmacSha256, &key));
            assert_eq!(sha512, shared(Algorithm::HmacSha512, &key));
            let digest = Sha384::digest(&key).to_vec();
            assert_eq!(sha384, KeyIdentity::new(if length > 128 { digest } else { key }));
        }
        assert_eq!(KeyIdentity::new(b"ab\0\0"), KeyIdentity::new(b"ab"));
        assert_ne!(KeyIdentity::new(b"\0ab"), KeyIdentity::new(b"ab"));
        // A token is not folded.
        assert_eq!(shared(Algorithm::Token, &long(65)), KeyIdentity::new(long(65)));
    }

    #[test]
    fn identities_overlap_in_one_scope_or_if_one_of_them_has_none() {
        let key = KeyIdentity::new(b"key");
        let (one, other) = (key.with_scope("a"), key.with_scope("b"));
        assert!(one.overlaps(one) && key.overlaps(key));
        assert!(one.overlaps(key) && key.overlaps(one));
        assert!(!one.overlaps(other));
        assert!(!one.overlaps(KeyIdentity::new(b"other").with_scope("a")));
        assert_eq!((one.without_scope(), other.without_scope()), (key, key));
        assert!(one.has_scope() && !key.has_scope());
    }

    fn long(length: usize) -> Vec<u8> {
        (1..=length).map(|byte| u8::try_from(byte % 255 + 1).unwrap()).collect()
    }
}
