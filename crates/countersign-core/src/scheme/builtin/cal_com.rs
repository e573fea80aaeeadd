//! Cal.com.

use super::{UNDATED, describe, seconds};
use crate::scheme::{Evidence, Identity, Retries, SchemeBuilder, SchemeField};

pub(super) fn scheme() -> SchemeBuilder {
    describe("cal.com", "Cal.com", "calcom/cal.com, packages/features/webhooks/lib/sendPayload.ts")
        .signature_header("X-Cal-Signature-256")
        .signed_payload("{body}")
        .fallback_identity(Identity::Unknown)
        .identity_basis("a body can be a user-defined template, and two bodies of one template can be equal (calcom/cal.com, sendPayload.ts)")
        .event_type("body:/triggerEvent")
        .ack_deadline(seconds(5))
        .retries(Retries::Never)
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
        .evidence(Evidence::SdkSource)
        .note("A webhook without a secret sends `no-secret-provided` instead of the signature, which is rejected. Configure a secret for the webhook.")
        .note("With a custom payload template, a body can be form-encoded or have any other format: then it has no event type.")
        .note("Nothing is retried, except delayed triggers, whose task can run again.")
        .note(UNDATED)
}
