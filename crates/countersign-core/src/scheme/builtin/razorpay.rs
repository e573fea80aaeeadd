//! Razorpay.

use super::{UNDATED, describe, hours, seconds};
use crate::scheme::{Cell, Evidence, Retries, SchemeBuilder};

pub(super) fn scheme() -> SchemeBuilder {
    describe("razorpay", "Razorpay", "razorpay 2.9.8 (npm), validateWebhookSignature")
        .signature_header("X-Razorpay-Signature")
        .signed("{body}")
        .event_type("body:/event")
        .ack_deadline(seconds(5))
        .retries(Retries::Within(hours(24)))
        .unconfirmed([Cell::AckDeadline, Cell::Retries])
        .evidence(Evidence::SdkRun)
        .note("`x-razorpay-event-id` is not signed: whoever replays a body only has to change it. The event's id is the digest of the body.")
        .note(UNDATED)
}
