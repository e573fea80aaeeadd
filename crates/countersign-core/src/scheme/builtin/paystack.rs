//! Paystack.

use super::{UNDATED, describe};
use crate::crypto::algorithm::Algorithm;
use crate::scheme::{Evidence, Identity, SchemeBuilder, SchemeField};

pub(super) fn scheme() -> SchemeBuilder {
    describe("paystack", "Paystack", "third-party code or documentation")
        .signature_header("x-paystack-signature")
        .algorithm(Algorithm::HmacSha512)
        .signed_payload("{body}")
        .fallback_identity(Identity::Content)
        .identity_basis("the object with its times, and the event's name")
        .event_type("body:/event")
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventType, SchemeField::Identity])
        .evidence(Evidence::Secondary)
        .note("The secret is the API's secret key (`sk_…`), used as text: there is no separate secret for webhooks.")
        .note("`/data/id` in the body is the id of a transaction, not of an event.")
        .note(UNDATED)
}
