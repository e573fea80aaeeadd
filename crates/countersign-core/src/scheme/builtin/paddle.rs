//! Paddle Billing.

use super::{days, describe, seconds};
use crate::scheme::{Evidence, Retries, SchemeBuilder, SchemeField};
use crate::time::unit::TimestampUnit;

pub(super) fn scheme() -> SchemeBuilder {
    describe("paddle", "Paddle Billing", "@paddle/paddle-node-sdk 3.10.0; paddle-go-sdk")
        .signature_header("Paddle-Signature")
        .signature_pairs(';', '=', "h1")
        .signed_payload("{ts}:{body}")
        .timestamp_field("ts", TimestampUnit::Seconds)
        .tolerance(seconds(5))
        .event_id("body:/event_id")
        .identity_basis("`/event_id` (@paddle/paddle-node-sdk 3.10.0, Event)")
        .event_type("body:/event_type")
        .ack_deadline(seconds(5))
        .retries(Retries::Within(days(3)))
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
        .evidence(Evidence::SdkRun)
        .note("The tolerance of 5 s is that of the provider's own SDK: synchronise the clock, or increase the tolerance.")
        .note("During a rotation there are several `h1`, and any of them can match; the provider's Node SDK checks only the last.")
        .note("The secret is used as text, `pdl_ntfset_` included.")
}
