//! Plaid.

use super::{describe, hours, seconds};
use crate::rule::jwt::{BodyDigestJwt, JwtAlgorithm};
use crate::scheme::{
    Algorithm, Cell, Encoding, Evidence, Identity, Retries, SchemeBuilder, TimestampUnit,
};

pub(super) fn scheme() -> SchemeBuilder {
    describe("plaid", "Plaid", "Plaid, Webhook verification")
        .algorithm(Algorithm::Jwt)
        .signature_header("Plaid-Verification")
        .signed("the JWT, whose claim request_body_sha256 is the SHA-256 of {body}, in hexadecimal")
        .timestamp_field("iat", TimestampUnit::Seconds)
        .tolerance(seconds(300))
        .rule(BodyDigestJwt { algorithms: &[JwtAlgorithm::Es256], digest: Encoding::Hex })
        .fallback_identity(Identity::Unknown)
        .identity_basis("nothing names the event or its time: `SYNC_UPDATES_AVAILABLE` and `TRANSFER_EVENTS_UPDATE` have the same body every time (plaid 47.0.0, types)")
        .event_type("body:/webhook_code")
        .ack_deadline(seconds(10))
        .retries(Retries::Within(hours(24)))
        .unconfirmed([Cell::AckDeadline, Cell::Retries, Cell::Tolerance])
        .evidence(Evidence::Docs)
        .note("The secret is the JWK that `/webhook_verification_key/get` gives for the token's `kid`; or it is looked up, by that. A key whose `expired_at` has come is not used.")
        .note("Only ES256 is accepted, whatever a token says of itself.")
        .note("Bodies are sent with two spaces of indentation: the bytes count that arrived.")
}
