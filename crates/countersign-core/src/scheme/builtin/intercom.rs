//! Intercom.

use super::{UNDATED, describe, minutes, seconds};
use crate::crypto::algorithm::Algorithm;
use crate::scheme::{Evidence, Retries, SchemeBuilder, SchemeField};

pub(super) fn scheme() -> SchemeBuilder {
    describe("intercom", "Intercom", "hookdeck and trigger.dev")
        .algorithm(Algorithm::HmacSha1)
        .signature_header("X-Hub-Signature")
        .signature_prefix("sha1=")
        .signed_payload("{body}")
        .event_id("body:/id")
        .identity_basis(
            "`/id`, `notif_…`; `delivery_attempts` counts the attempts (a captured payload)",
        )
        .event_type("body:/topic")
        .ack_deadline(seconds(5))
        .retries(Retries::After(vec![minutes(1)]))
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventId])
        .evidence(Evidence::Secondary)
        .note("The secret is the app's `client_secret`, used as text.")
        .note("Other providers use the header `X-Hub-Signature` with SHA-256: here it is SHA-1.")
        .note(
            "Reportedly checks the endpoint with a HEAD request, and with an event of the topic `ping`.",
        )
        .note(UNDATED)
}
