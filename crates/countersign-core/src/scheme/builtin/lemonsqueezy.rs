//! Lemon Squeezy.

use super::{UNDATED, describe, seconds};
use crate::scheme::{Evidence, Identity, Retries, SchemeBuilder, SchemeField};

pub(super) fn scheme() -> SchemeBuilder {
    describe(
        "lemonsqueezy",
        "Lemon Squeezy",
        "lmsqueezy/nextjs-billing, src/app/api/webhook/route.ts",
    )
    .signature_header("X-Signature")
    .signed_payload("{body}")
    .fallback_identity(Identity::Content)
    .identity_basis(
        "the object with its `updated_at`, and the event's name (Lemon Squeezy, webhook requests)",
    )
    .event_type("body:/meta/event_name")
    .ack_deadline(seconds(5))
    .retries(Retries::After(vec![seconds(5), seconds(25), seconds(125)]))
    .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::Identity])
    .evidence(Evidence::Docs)
    .note("`/data/id` in the body is the id of an order or a subscription, not of an event.")
    .note("`X-Event-Name` is not signed: the event's type is `/meta/event_name` in the body.")
    .note(UNDATED)
}
