//! Xero.

use super::{UNDATED, describe, hours, seconds};
use crate::crypto::algorithm::Encoding;
use crate::scheme::{Evidence, Handshake, Identity, Retries, SchemeBuilder, SchemeField};

pub(super) fn scheme() -> SchemeBuilder {
    describe("xero", "Xero", "webhook-verify, its specification, which quotes Xero")
        .signature_header("x-xero-signature")
        .encoding(Encoding::Base64)
        .signed_payload("{body}")
        .handshake(
            // Unlike other deliveries, it contains no events.
            Handshake::signed("intent-to-receive")
                .when("body:/firstEventSequence", "0")
                .when("body:/lastEventSequence", "0")
                .present("body:/events")
                .absent("body:/events/0"),
        )
        .fallback_identity(Identity::Content)
        .identity_basis("`entropy` and the numbers of the events in it; a retry is identical (Xero, configuring your server)")
        .retries(Retries::Within(hours(24)))
        .ack_deadline(seconds(5))
        .unconfirmed([SchemeField::AckDeadline])
        .evidence(Evidence::Secondary)
        .note("The provider checks an endpoint with correct and wrong signatures, and expects 200 and 401.")
        .note("A delivery can contain several events: each has its own resource, type and time.")
        .note(UNDATED)
}
