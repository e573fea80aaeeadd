//! Checkout.com.

use super::{UNDATED, describe, seconds};
use crate::scheme::{Cell, Evidence, Retries, SchemeBuilder};

pub(super) fn scheme() -> SchemeBuilder {
    describe("checkout.com", "Checkout.com", "Checkout.com, documentation of workflows")
        .signature_header("Cko-Signature")
        .signed("{body}")
        .event_id("body:/id")
        .event_type("body:/type")
        .ack_deadline(seconds(5))
        .retries(Retries::Unknown)
        .unconfirmed([Cell::AckDeadline, Cell::Retries, Cell::EventId, Cell::EventType])
        .evidence(Evidence::Docs)
        .note("The secret is the signature key that you have given the workflow, used as text.")
        .note("No text at hand names the algorithm: that it is HMAC-SHA256 is not confirmed.")
        .note(UNDATED)
}
