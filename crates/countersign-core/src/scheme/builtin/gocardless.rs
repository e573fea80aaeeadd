//! GoCardless.

use super::{UNDATED, describe, seconds};
use crate::scheme::{Evidence, Identity, Retries, SchemeBuilder, SchemeField};

pub(super) fn scheme() -> SchemeBuilder {
    describe("gocardless", "GoCardless", "gocardless-nodejs, src/webhooks.test.ts")
        .signature_header("Webhook-Signature")
        .signed_payload("{body}")
        .event_id("body:/events/*/id")
        .event_id("body:/meta/webhook_id")
        .fallback_identity(Identity::Content)
        .identity_basis("the ids of the events (gocardless-nodejs, Event)")
        .ack_deadline(seconds(5))
        .retries(Retries::Unknown)
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
        .evidence(Evidence::SdkRun)
        .note("A delivery contains any number of events and has no type: each event has its `/events/N/id`, `resource_type` and `action`.")
        .note("Reportedly retries eight times; no source says when.")
        .note("Reportedly, GoCardless expects the status 498 if the signature is wrong. Here it is 401, as for all providers.")
        .note(UNDATED)
}
