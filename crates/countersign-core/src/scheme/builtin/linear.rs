//! Linear.

use super::{describe, hours, minutes, seconds};
use crate::scheme::{Cell, Evidence, Retries, SchemeBuilder, TimestampUnit};

pub(super) fn scheme() -> SchemeBuilder {
    describe("linear", "Linear", "@linear/sdk 98.0.0")
        .signature_header("Linear-Signature")
        .signed("{body}")
        .timestamp_body("/webhookTimestamp", TimestampUnit::Milliseconds)
        .tolerance(seconds(60))
        .event_type("body:/type")
        .ack_deadline(seconds(5))
        .retries(Retries::After(vec![minutes(1), hours(1), hours(6)]))
        .unconfirmed([Cell::AckDeadline, Cell::Retries])
        .evidence(Evidence::SdkRun)
        .note("`Linear-Timestamp` is not signed: freshness is read from `/webhookTimestamp` in the body.")
        .note("`Linear-Delivery` is not signed, and `/webhookId` is the id of the subscription. The event's id is the digest of the body: an attempt whose body carries a newer `webhookTimestamp` counts as another event.")
}
