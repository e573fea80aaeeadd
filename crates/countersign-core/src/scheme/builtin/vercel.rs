//! Vercel.

use super::{UNDATED, describe, hours, seconds};
use crate::crypto::algorithm::Algorithm;
use crate::scheme::{Evidence, Retries, SchemeBuilder, SchemeField};

pub(super) fn scheme() -> SchemeBuilder {
    describe("vercel", "Vercel", "hookdeck/webhook-skills and trigger.dev")
        .algorithm(Algorithm::HmacSha1)
        .signature_header("x-vercel-signature")
        .signed_payload("{body}")
        .event_id("body:/id")
        .identity_basis("`/id` (hookdeck/webhook-skills, Vercel)")
        .event_type("body:/type")
        .ack_deadline(seconds(30))
        .retries(Retries::Within(hours(24)))
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventId])
        .evidence(Evidence::Secondary)
        .note("The secret is that of the webhook or, for an integration's webhook, the integration's client secret. It is used as text.")
        .note(UNDATED)
}
