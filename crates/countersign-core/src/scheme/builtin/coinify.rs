//! Coinify.

use super::{UNDATED, describe, seconds};
use crate::scheme::{Evidence, Retries, SchemeBuilder, SchemeField};

pub(super) fn scheme() -> SchemeBuilder {
    describe("coinify", "Coinify", "Coinify, webhook signature")
        .signature_header("X-Coinify-Webhook-Signature")
        .signed_payload("{body}")
        .event_id("body:/id")
        .identity_basis(
            "`/id`: \"Retries to the same events will share the same id\" (Coinify, webhooks)",
        )
        .event_type("body:/event")
        .ack_deadline(seconds(5))
        .retries(Retries::Unknown)
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
        .evidence(Evidence::Docs)
        .note(UNDATED)
}
