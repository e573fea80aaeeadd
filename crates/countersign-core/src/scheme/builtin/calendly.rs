//! Calendly.

use super::{describe, hours, seconds};
use crate::scheme::{Cell, Evidence, Retries, SchemeBuilder, TimestampUnit};

pub(super) fn scheme() -> SchemeBuilder {
    describe(
        "calendly",
        "Calendly",
        "hookdeck and trigger.dev; Calendly, webhook signatures, in part",
    )
    .signature_header("Calendly-Webhook-Signature")
    .signature_list(',', '=', "v1")
    .signed("{ts}.{body}")
    .timestamp_field("t", TimestampUnit::Seconds)
    .tolerance(seconds(180))
    .event_type("body:/event")
    .ack_deadline(seconds(10))
    .retries(Retries::Within(hours(24)))
    .unconfirmed([Cell::AckDeadline, Cell::Retries, Cell::Tolerance])
    .evidence(Evidence::Secondary)
    .note("There is no event id: the event's id is the digest of the body.")
    .note("A retry is said to be signed anew, with a `t` of its own.")
}
