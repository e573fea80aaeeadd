//! Typeform.

use super::{UNDATED, describe, hours, seconds};
use crate::crypto::algorithm::Encoding;
use crate::scheme::{Evidence, Retries, SchemeBuilder, SchemeField};

pub(super) fn scheme() -> SchemeBuilder {
    describe("typeform", "Typeform", "hookdeck and trigger.dev, which agree")
        .signature_header("Typeform-Signature")
        .signature_prefix("sha256=")
        .encoding(Encoding::Base64)
        .signed_payload("{body}")
        .event_id("body:/event_id")
        .identity_basis("`/event_id` (Typeform, webhooks)")
        .event_type("body:/event_type")
        .ack_deadline(seconds(30))
        .retries(Retries::Within(hours(10)))
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
        .evidence(Evidence::Secondary)
        .note("The value after `sha256=` is base64, not hexadecimal.")
        .note(UNDATED)
}
