//! WorkOS.

use super::{describe, seconds};
use crate::scheme::{Evidence, Retries, SchemeBuilder, SchemeField};
use crate::time::unit::TimestampUnit;

pub(super) fn scheme() -> SchemeBuilder {
    describe("workos", "WorkOS", "@workos-inc/node 8.13.0; workos-python")
        .signature_header("WorkOS-Signature")
        .signature_pairs_with_spaces(',', '=', "v1")
        .signed_payload("{ts}.{body}")
        .timestamp_field("t", TimestampUnit::Milliseconds)
        .tolerance(seconds(180))
        .event_id("body:/id")
        .identity_basis("`/id` (@workos-inc/node 8.13.0, EventBase)")
        .event_type("body:/event")
        .ack_deadline(seconds(5))
        .retries(Retries::Unknown)
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventId, SchemeField::EventType])
        .evidence(Evidence::SdkRun)
        .note("The provider's node SDK hashes the body after it was parsed and written out again: the raw bytes are what is signed.")
}
