//! GoCardless.

use super::{UNDATED, describe, seconds};
use crate::scheme::{Cell, Evidence, Identity, Retries, SchemeBuilder};

pub(super) fn scheme() -> SchemeBuilder {
    describe("gocardless", "GoCardless", "gocardless-nodejs, src/webhooks.test.ts")
        .signature_header("Webhook-Signature")
        .signed("{body}")
        .event_id("body:/events/*/id")
        .event_id("body:/meta/webhook_id")
        .fallback_identity(Identity::Content)
        .identity_basis("the ids of the events (gocardless-nodejs, Event)")
        .ack_deadline(seconds(5))
        .retries(Retries::Unknown)
        .unconfirmed([Cell::AckDeadline, Cell::Retries])
        .evidence(Evidence::SdkRun)
        .note("A delivery holds any number of events and has no type of its own: each has its `/events/N/id`, `resource_type` and `action`.")
        .note("Said to be sent again eight times, and no text at hand says when.")
        .note("GoCardless is said to ask for the status 498 where the signature is wrong: here it is 401, as for all.")
        .note(UNDATED)
}
