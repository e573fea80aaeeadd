//! Mux.

use super::{describe, seconds};
use crate::scheme::{Cell, Evidence, SchemeBuilder, TimestampUnit};

pub(super) fn scheme() -> SchemeBuilder {
    describe("mux", "Mux", "@mux/mux-node 15.3.0, webhooks.verifySignature")
        .signature_header("Mux-Signature")
        .signature_list(',', '=', "v1")
        .signed("{ts}.{body}")
        .timestamp_field("t", TimestampUnit::Seconds)
        .tolerance(seconds(300))
        .event_id("body:/id")
        .identity_basis("`/id`; `/attempts` changes (@mux/mux-node 15.3.0, BaseWebhookEvent)")
        .event_type("body:/type")
        .unconfirmed([Cell::AckDeadline, Cell::Retries, Cell::EventId, Cell::EventType])
        .evidence(Evidence::SdkRun)
        .note("The provider's SDK checks the age only; here a timestamp in the future is rejected, too.")
}
