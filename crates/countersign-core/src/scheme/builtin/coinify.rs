//! Coinify.

use super::{UNDATED, describe, seconds};
use crate::scheme::{Cell, Evidence, Retries, SchemeBuilder};

pub(super) fn scheme() -> SchemeBuilder {
    describe("coinify", "Coinify", "Coinify, webhook signature")
        .signature_header("X-Coinify-Webhook-Signature")
        .signed("{body}")
        .ack_deadline(seconds(5))
        .retries(Retries::Unknown)
        .unconfirmed([Cell::AckDeadline, Cell::Retries])
        .evidence(Evidence::Docs)
        .note(
            "No text at hand names an event id or type: the event's id is the digest of the body.",
        )
        .note(UNDATED)
}
