//! Stripe.

use super::{days, describe, seconds};
use crate::scheme::{Evidence, Retries, SchemeBuilder, SchemeField};
use crate::time::unit::TimestampUnit;

pub(super) fn scheme() -> SchemeBuilder {
    describe("stripe", "Stripe", "stripe-node 23.1.0, webhooks.generateTestHeaderString")
        .signature_header("Stripe-Signature")
        .signature_pairs(',', '=', "v1")
        .signed_payload("{ts}.{body}")
        .timestamp_field("t", TimestampUnit::Seconds)
        .tolerance(seconds(300))
        .event_id("body:/id")
        .identity_basis("`/id` (stripe-node 23.1.0)")
        .event_type("body:/type")
        .ack_deadline(seconds(10))
        .retries(Retries::Within(days(3)))
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventId])
        .evidence(Evidence::SdkRun)
        .note("The secret is used as text: `whsec_` is part of the key.")
        .note("The provider's SDK checks the age only; here a timestamp in the future is rejected, too.")
        .note("`v0` is a test scheme and is ignored.")
}
