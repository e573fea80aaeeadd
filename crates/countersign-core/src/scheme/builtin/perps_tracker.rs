//! PerpsTracker's trade alerts.

use super::{days, describe, minutes, seconds};
use crate::scheme::{Evidence, Retries, SchemeBuilder};
use crate::time::tolerance::Tolerance;
use crate::time::unit::TimestampUnit;

pub(super) fn scheme() -> SchemeBuilder {
    describe("perps-tracker", "PerpsTracker", "PerpsTracker, webhook guide")
        .signature_header("X-Webhook-Signature")
        .signed_payload("{body}")
        // The body states when the event was created, and a retry has the same time. A timestamp
        // older than the retention could belong to a replay of an event that is no longer remembered.
        .timestamp_body("/created", TimestampUnit::Seconds)
        .tolerances(Tolerance::new(days(7), minutes(5)))
        .event_id("body:/id")
        .identity_basis("`/id` (provider's document)")
        .event_type("body:/type")
        .ack_deadline(seconds(10))
        .retries(Retries::After(vec![seconds(30), seconds(60)]))
        .evidence(Evidence::Docs)
        .note("`X-Delivery-ID` is the id of a delivery attempt and is not signed: anyone who replays a body can change it. The event's own id is `/id` in the body.")
        .note("`X-Event-Type` is not signed: the event's type is `/type` in the body.")
        .note("The secret is used as text, `whsec_` included.")
}
