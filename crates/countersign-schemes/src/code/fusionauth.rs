//! FusionAuth: a JWT with the digest of the body, signed with a shared key or a private key.

use countersign_core::Encoding;
use countersign_core::custom::CustomScheme;

use super::jwt::{BodyDigestJwt, JwtAlgorithm};

pub(crate) fn signing() -> impl CustomScheme {
    BodyDigestJwt { algorithms: JwtAlgorithm::ALL, digest: Encoding::Base64 }
}
