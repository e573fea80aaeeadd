//! Retell.

use super::{describe, minutes};
use crate::scheme::{Cell, Evidence, SchemeBuilder, TimestampUnit};

pub(super) fn scheme() -> SchemeBuilder {
    describe("retell", "Retell", "@trigger.dev/core 4.8.3, webhook providers")
        .signature_header("x-retell-signature")
        .signature_list(',', '=', "d")
        .signed("{body}{ts}")
        .timestamp_field("v", TimestampUnit::Milliseconds)
        .tolerance(minutes(5))
        .event_type("body:/event")
        .unconfirmed([Cell::AckDeadline, Cell::Retries, Cell::Tolerance, Cell::EventType])
        .evidence(Evidence::Secondary)
        .note("The body is signed first and the timestamp behind it.")
}
