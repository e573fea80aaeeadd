//! The token of a handshake that the user has chosen.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::crypto::mac;
use crate::secret::Secret;

/// The digest of the token. The comparison does not depend on the length of the token.
#[derive(Clone)]
pub(crate) struct VerifyToken(Zeroizing<[u8; 32]>);

impl VerifyToken {
    pub(crate) fn new(token: &Secret) -> Self {
        Self(Zeroizing::new(Sha256::digest(token.dangerous_reveal()).into()))
    }

    pub(crate) fn is(&self, shown: &[u8]) -> bool {
        mac::is_same(self.0.as_slice(), &Sha256::digest(shown))
    }
}
