//! Cal.com.

use super::{UNDATED, describe, seconds};
use crate::scheme::{Cell, Evidence, Identity, Retries, SchemeBuilder};

pub(super) fn scheme() -> SchemeBuilder {
    describe("cal.com", "Cal.com", "calcom/cal.com, packages/features/webhooks/lib/sendPayload.ts")
        .signature_header("X-Cal-Signature-256")
        .signed("{body}")
        .fallback_identity(Identity::Unknown)
        .identity_basis("a body may be a template of the user's own, and two of one can be equal (calcom/cal.com, sendPayload.ts)")
        .event_type("body:/triggerEvent")
        .ack_deadline(seconds(5))
        .retries(Retries::Never)
        .unconfirmed([Cell::AckDeadline, Cell::Retries])
        .evidence(Evidence::SdkSource)
        .note("A webhook without a secret sends `no-secret-provided` in the place of the signature: it is refused. Give the webhook a secret.")
        .note("With a payload template of its own a body may be form-encoded, or anything: then it has no event type.")
        .note("Nothing is sent again, but for triggers that are delayed: those may be, as their task is.")
        .note(UNDATED)
}
