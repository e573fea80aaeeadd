//! LINE's Messaging API.

use super::{UNDATED, describe, seconds};
use crate::crypto::algorithm::Encoding;
use crate::scheme::{Evidence, Identity, Retries, SchemeBuilder, SchemeField};

pub(super) fn scheme() -> SchemeBuilder {
    describe("line", "LINE", "line-bot-sdk-nodejs, test/validate-signature.spec.ts")
        .signature_header("x-line-signature")
        .encoding(Encoding::Base64)
        .signed_payload("{body}")
        .event_id("body:/events/*/webhookEventId")
        .fallback_identity(Identity::Content)
        .identity_basis("`webhookEventId` of every event; `isRedelivery` changes (@line/bot-sdk 11.0.0)")
        .ack_deadline(seconds(5))
        .retries(Retries::Unknown)
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
        .evidence(Evidence::SdkRun)
        .note("The secret is the channel's secret, used as text.")
        .note("A delivery contains any number of events and has no type: each event has its `/events/N/type` and its `webhookEventId`. Deduplicate by that id if batches can be split differently on a retry.")
        .note("The console's request to verify the URL is a signed delivery without events.")
        .note("Reportedly retries only if redelivery is enabled.")
        .note(UNDATED)
}
