//! Venum's transaction events.

use super::{days, describe, minutes, seconds};
use crate::scheme::{Evidence, Retries, SchemeBuilder};
use crate::time::unit::TimestampUnit;
use std::time::Duration;

pub(super) fn scheme() -> SchemeBuilder {
    describe("venum", "Venum", "Venum, Webhooks reference")
        .signature_header("X-Venum-Signature")
        .signature_pairs(',', '=', "v1")
        .signed_payload("{ts}.{body}")
        .timestamp_field("t", TimestampUnit::Milliseconds)
        .tolerance(minutes(5))
        // One transaction has several events: with the signature alone as id, `finalized` would be
        // a duplicate of `processed`.
        .event_id("body:/signature+/type")
        .identity_basis("`/signature` and `/type`: \"The same (signature, type) pair will not be delivered more than once\" (Venum, webhooks)")
        .event_type("body:/type")
        .ack_deadline(seconds(5))
        .retries(Retries::After(vec![Duration::from_millis(500), seconds(1), seconds(2)]))
        .retention(days(1))
        .evidence(Evidence::Docs)
        .note("The provider recommends the transaction signature as idempotency key. Several events share it, so it is combined with the type.")
        .note("The secret is used as text, `whsec_` included.")
}
