//! Cal.com.

use super::{UNDATED, describe, seconds};
use crate::scheme::{Cell, Evidence, Retries, SchemeBuilder};

pub(super) fn scheme() -> SchemeBuilder {
    describe("cal.com", "Cal.com", "calcom/cal.com, packages/features/webhooks/lib/sendPayload.ts")
        .signature_header("X-Cal-Signature-256")
        .signed("{body}")
        .event_type("body:/triggerEvent")
        .ack_deadline(seconds(5))
        .retries(Retries::Never)
        .unconfirmed([Cell::AckDeadline])
        .evidence(Evidence::SdkSource)
        .note("A webhook without a secret sends `no-secret-provided` in the place of the signature: it is refused. Give the webhook a secret.")
        .note("With a payload template of its own a body may be form-encoded, or anything: then it has no event type.")
        .note("There is no event id: the event's id is the digest of the body.")
        .note(UNDATED)
}
