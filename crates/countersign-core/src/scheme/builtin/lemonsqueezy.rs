//! Lemon Squeezy.

use super::{UNDATED, describe, seconds};
use crate::scheme::{Cell, Evidence, Retries, SchemeBuilder};

pub(super) fn scheme() -> SchemeBuilder {
    describe("lemonsqueezy", "Lemon Squeezy", "lmsqueezy/nextjs-billing, src/app/api/webhook/route.ts")
        .signature_header("X-Signature")
        .signed("{body}")
        .event_type("body:/meta/event_name")
        .ack_deadline(seconds(5))
        .retries(Retries::After(vec![seconds(5), seconds(25), seconds(125)]))
        .unconfirmed([Cell::AckDeadline, Cell::Retries])
        .evidence(Evidence::Docs)
        .note("`/data/id` in the body is the id of an order or a subscription, not of an event. The event's id is the digest of the body.")
        .note("`X-Event-Name` is not signed: the event's type is `/meta/event_name` in the body.")
        .note(UNDATED)
}
