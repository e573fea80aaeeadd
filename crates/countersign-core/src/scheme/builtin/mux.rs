//! Mux.

use super::{describe, seconds};
use crate::scheme::{Evidence, SchemeBuilder, SchemeField};
use crate::time::unit::TimestampUnit;

pub(super) fn scheme() -> SchemeBuilder {
    describe("mux", "Mux", "@mux/mux-node 15.3.0, webhooks.verifySignature")
        .signature_header("Mux-Signature")
        .signature_pairs(',', '=', "v1")
        .signed_payload("{ts}.{body}")
        .timestamp_field("t", TimestampUnit::Seconds)
        .tolerance(seconds(300))
        .event_id("body:/id")
        .identity_basis("`/id`; `/attempts` changes (@mux/mux-node 15.3.0, BaseWebhookEvent)")
        .event_type("body:/type")
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventId, SchemeField::EventType])
        .evidence(Evidence::SdkRun)
        .note("The provider's SDK checks the age only; here a timestamp in the future is rejected, too.")
}
