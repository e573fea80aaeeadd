//! Zoom.

use super::{describe, minutes, seconds};
use crate::crypto::algorithm::Encoding;
use crate::scheme::{Evidence, Handshake, Identity, Retries, SchemeBuilder, SchemeField};
use crate::time::unit::TimestampUnit;

pub(super) fn scheme() -> SchemeBuilder {
    describe("zoom", "Zoom", "zoom/webhook-sample")
        .signature_header("x-zm-signature")
        .signature_prefix("v0=")
        .signed_payload("v0:{ts}:{body}")
        .timestamp_header("x-zm-request-timestamp", TimestampUnit::Seconds)
        .tolerance(seconds(300))
        .handshake(
            Handshake::signed("url-validation")
                .when("body:/event", "endpoint.url_validation")
                .json_echo("plainToken", "body:/payload/plainToken")
                .json_hmac("encryptedToken", "body:/payload/plainToken", Encoding::Hex, ""),
        )
        .fallback_identity(Identity::Content)
        .identity_basis("`/event_ts`, in milliseconds (Zoom, webhook reference)")
        .retries(Retries::After(vec![minutes(5), minutes(20), minutes(60)]))
        .event_type("body:/event")
        .ack_deadline(seconds(3))
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Tolerance])
        .evidence(Evidence::SdkSource)
        .note("The provider's sample hashes the body after parsing and serialising it: the signature covers the raw bytes.")
        .note("The endpoint is validated again every 72 hours, and must respond within 3 s.")
}
