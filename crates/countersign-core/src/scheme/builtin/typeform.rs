//! Typeform.

use super::{UNDATED, describe, hours, seconds};
use crate::scheme::{Cell, Encoding, Evidence, Retries, SchemeBuilder};

pub(super) fn scheme() -> SchemeBuilder {
    describe("typeform", "Typeform", "hookdeck and trigger.dev, which agree")
        .signature_header("Typeform-Signature")
        .signature_prefix("sha256=")
        .encoding(Encoding::Base64)
        .signed("{body}")
        .event_id("body:/event_id")
        .identity_basis("`/event_id` (Typeform, webhooks)")
        .event_type("body:/event_type")
        .ack_deadline(seconds(30))
        .retries(Retries::Within(hours(10)))
        .unconfirmed([Cell::AckDeadline, Cell::Retries])
        .evidence(Evidence::Secondary)
        .note("The value after `sha256=` is base64, not hexadecimal.")
        .note(UNDATED)
}
