//! Checkout.com.

use super::{UNDATED, describe, hours, minutes, seconds};
use crate::scheme::{Evidence, Retries, SchemeBuilder, SchemeField};

pub(super) fn scheme() -> SchemeBuilder {
    describe("checkout.com", "Checkout.com", "Checkout.com, documentation of workflows")
        .signature_header("Cko-Signature")
        .signed_payload("{body}")
        .event_id("body:/id")
        .identity_basis("`/id` (Checkout.com, workflows)")
        .retries(Retries::After(vec![
            minutes(5),
            minutes(10),
            minutes(15),
            minutes(30),
            hours(1),
            hours(4),
            hours(12),
            hours(12),
        ]))
        .event_type("body:/type")
        .ack_deadline(seconds(5))
        .unconfirmed([SchemeField::AckDeadline, SchemeField::EventId, SchemeField::EventType])
        .evidence(Evidence::Docs)
        .note("The secret is the signature key that you configured for the workflow, used as text.")
        .note("No source names the algorithm: HMAC-SHA256 is not confirmed.")
        .note(UNDATED)
}
