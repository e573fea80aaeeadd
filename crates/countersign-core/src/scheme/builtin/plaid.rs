//! Plaid.

use super::{describe, hours, seconds};
use crate::crypto::algorithm::Algorithm;
use crate::crypto::algorithm::Encoding;
use crate::custom::jwt::{BodyDigestJwt, JwtAlgorithm};
use crate::scheme::{Evidence, Identity, Retries, SchemeBuilder, SchemeField};
use crate::time::unit::TimestampUnit;

pub(super) fn scheme() -> SchemeBuilder {
    describe("plaid", "Plaid", "Plaid, Webhook verification")
        .algorithm(Algorithm::Jwt)
        .signature_header("Plaid-Verification")
        .signed_payload("the JWT, whose claim request_body_sha256 is the SHA-256 of {body}, in hexadecimal")
        .timestamp_field("iat", TimestampUnit::Seconds)
        .tolerance(seconds(300))
        .rule(BodyDigestJwt { algorithms: &[JwtAlgorithm::Es256], digest: Encoding::Hex })
        .fallback_identity(Identity::Unknown)
        .identity_basis("the body contains neither an event id nor a time: every `SYNC_UPDATES_AVAILABLE` and every `TRANSFER_EVENTS_UPDATE` has the same body (plaid 47.0.0, types)")
        .event_type("body:/webhook_code")
        .ack_deadline(seconds(10))
        .retries(Retries::Within(hours(24)))
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::Tolerance])
        .evidence(Evidence::Docs)
        .note("The secret is the JWK that `/webhook_verification_key/get` returns for the token's `kid`. Alternatively, the key is looked up by the `kid`. A key is not used after its `expired_at`.")
        .note("Only ES256 is accepted, whatever the token's header says.")
        .note("Bodies are sent with an indentation of two spaces: the signature covers the raw bytes.")
}
