//! FusionAuth.

use super::describe;
use crate::crypto::algorithm::Algorithm;
use crate::crypto::algorithm::Encoding;
use crate::custom::jwt::{BodyDigestJwt, JwtAlgorithm};
use crate::scheme::{Evidence, Retries, SchemeBuilder, SchemeField};

pub(super) fn scheme() -> SchemeBuilder {
    describe("fusionauth", "FusionAuth", "hookdeck/webhook-skills, FusionAuth verification")
        .algorithm(Algorithm::Jwt)
        .signature_header("X-FusionAuth-Signature-JWT")
        .signed_payload("the JWT, whose claim request_body_sha256 is the SHA-256 of {body}, in base64")
        .rule(BodyDigestJwt { algorithms: JwtAlgorithm::ALL, digest: Encoding::Base64 })
        .event_id("body:/event/id")
        .identity_basis("`/event/id` (@fusionauth/typescript-client 1.69.0, BaseEvent)")
        .event_type("body:/event/type")
        .retries(Retries::Unknown)
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventId, SchemeField::EventType])
        .evidence(Evidence::Secondary)
        .note("The secret is an HMAC key as text, or a public key: in PEM, as a JWK, or a JWKS with several. Alternatively, the key is looked up by the token's `kid`. The kind of key determines the accepted algorithms: a public key is never used as a shared one, and a text that contains one in another form is rejected. A key is not used after its `expired_at`, nor outside of the validity of its certificate.")
        .note("ES512 is not supported.")
        .note("No time is signed unless the token has the claims `exp` and `nbf`: without them, a recorded delivery can be replayed once its event is forgotten.")
}
