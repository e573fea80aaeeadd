//! Square.

use super::{UNDATED, describe, hours, seconds};
use crate::crypto::algorithm::Encoding;
use crate::scheme::{Evidence, Retries, SchemeBuilder, SchemeField};

pub(super) fn scheme() -> SchemeBuilder {
    describe("square", "Square", "square 46.0.0 (npm), WebhooksHelper.verifySignature")
        .signature_header("x-square-hmacsha256-signature")
        .encoding(Encoding::Base64)
        .signed_payload("{url}{body}")
        .event_id("body:/event_id")
        .identity_basis("`/event_id`: \"A unique ID for the event\" (square 46.0.0, types)")
        .event_type("body:/type")
        .ack_deadline(seconds(10))
        .retries(Retries::Within(hours(24)))
        .unconfirmed([SchemeField::AckDeadline])
        .evidence(Evidence::SdkRun)
        .note("The URL is signed, as entered at the provider: configure exactly the same URL for the verifier.")
        .note("The secret is used as text, even if it looks like hexadecimal.")
        .note(UNDATED)
}
