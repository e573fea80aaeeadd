//! PerpsTracker's trade alerts.

use super::{days, describe, minutes, seconds};
use crate::scheme::{Evidence, Retries, SchemeBuilder, TimestampUnit, Tolerance};

pub(super) fn scheme() -> SchemeBuilder {
    describe("perps-tracker", "PerpsTracker", "PerpsTracker, webhook guide")
        .signature_header("X-Webhook-Signature")
        .signed("{body}")
        // The body states when the event was made, and a retry repeats it. What is older than the
        // time for which events are remembered could be a replay that nobody remembers.
        .timestamp_body("/created", TimestampUnit::Seconds)
        .tolerances(Tolerance::new(days(7), minutes(5)))
        .event_id("body:/id")
        .identity_basis("`/id` (provider's document)")
        .event_type("body:/type")
        .ack_deadline(seconds(10))
        .retries(Retries::After(vec![seconds(30), seconds(60)]))
        .evidence(Evidence::Docs)
        .note("`X-Delivery-ID` names a delivery attempt and is not signed: whoever replays a body only has to change it. The event's own id is `/id` in the body.")
        .note("`X-Event-Type` is not signed: the event's type is `/type` in the body.")
        .note("The secret is used as text, `whsec_` included.")
}
