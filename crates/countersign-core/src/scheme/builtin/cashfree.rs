//! Cashfree.

use super::{describe, minutes};
use crate::crypto::algorithm::Encoding;
use crate::scheme::{Evidence, Identity, SchemeBuilder, SchemeField};
use crate::time::unit::TimestampUnit;

pub(super) fn scheme() -> SchemeBuilder {
    describe("cashfree", "Cashfree", "Cashfree, three pages of its webhook documentation")
        .signature_header("x-webhook-signature")
        .encoding(Encoding::Base64)
        .signed_payload("{ts}{body}")
        .timestamp_header("x-webhook-timestamp", TimestampUnit::Milliseconds)
        .tolerance(minutes(5))
        .fallback_identity(Identity::Content)
        .identity_basis("`/event_time` and the payment (Cashfree, webhook samples)")
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::Tolerance, SchemeField::Identity])
        // The provider's own pages contradict each other, so they are not better than third-party
        // sources.
        .evidence(Evidence::Secondary)
        .note("The provider's pages contradict each other: two sign `{ts}{body}`, as here, and a third signs `{ts}.{body}`. If genuine deliveries are rejected with `signature_mismatch`, define a custom scheme with the other template.")
        .note("The provider defines no tolerance: 300 s is our choice.")
}
