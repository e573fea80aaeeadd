//! Alchemy Notify.

use super::{UNDATED, describe, seconds};
use crate::scheme::{Evidence, Retries, SchemeBuilder, SchemeField};

pub(super) fn scheme() -> SchemeBuilder {
    describe(
        "alchemy",
        "Alchemy",
        "third-party copies of the sample isValidSignatureForStringBody in Alchemy's documentation",
    )
    .signature_header("X-Alchemy-Signature")
    .signed_payload("{body}")
    .event_id("body:/id")
    .identity_basis("`/id` (Alchemy, samples)")
    .event_type("body:/type")
    .ack_deadline(seconds(5))
    .retries(Retries::Unknown)
    .unconfirmed([
        SchemeField::AckDeadline,
        SchemeField::Retries,
        SchemeField::EventId,
        SchemeField::EventType,
    ])
    .evidence(Evidence::Secondary)
    .note("The secret is used as text: `whsec_` is part of the key, unlike in Standard Webhooks.")
    .note("`/webhookId` in the body is the id of the subscription, not of an event.")
    .note(UNDATED)
}
