//! Plaid: a JWT with the digest of the body.

use countersign_core::Encoding;
use countersign_core::custom::CustomScheme;

use super::jwt::{BodyDigestJwt, JwtAlgorithm};

pub(crate) fn signing() -> impl CustomScheme {
    BodyDigestJwt { algorithms: &[JwtAlgorithm::Es256], digest: Encoding::Hex }
}
