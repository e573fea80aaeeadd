//! Webflow.

use super::{describe, minutes};
use crate::scheme::{Cell, Evidence, SchemeBuilder, TimestampUnit};

pub(super) fn scheme() -> SchemeBuilder {
    describe("webflow", "Webflow", "webflow-api 3.3.4, webhooks.verifySignature")
        .signature_header("x-webflow-signature")
        .signed("{ts}:{body}")
        .timestamp_header("x-webflow-timestamp", TimestampUnit::Milliseconds)
        .tolerance(minutes(5))
        .event_type("body:/triggerType")
        .unconfirmed([Cell::AckDeadline, Cell::Retries, Cell::Tolerance, Cell::EventType])
        .evidence(Evidence::SdkRun)
        .note("The timestamp counts milliseconds.")
        .note("There is no event id in the body: the event's id is the digest of the body.")
}
