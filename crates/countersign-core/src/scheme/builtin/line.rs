//! LINE's Messaging API.

use super::{UNDATED, describe, seconds};
use crate::scheme::{Cell, Encoding, Evidence, Retries, SchemeBuilder};

pub(super) fn scheme() -> SchemeBuilder {
    describe("line", "LINE", "line-bot-sdk-nodejs, test/validate-signature.spec.ts")
        .signature_header("x-line-signature")
        .encoding(Encoding::Base64)
        .signed("{body}")
        .ack_deadline(seconds(5))
        .retries(Retries::Unknown)
        .unconfirmed([Cell::AckDeadline, Cell::Retries])
        .evidence(Evidence::SdkRun)
        .note("The secret is the channel's secret, used as text.")
        .note("A delivery holds any number of events and has no type of its own: each has its `/events/N/type`, and is said to have a `webhookEventId`. The event's id is the digest of the body.")
        .note("The console's request to verify the URL is a signed delivery without events.")
        .note("Said to send again only where that is switched on.")
        .note(UNDATED)
}
