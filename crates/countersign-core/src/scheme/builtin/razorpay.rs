//! Razorpay.

use super::{UNDATED, describe, hours, seconds};
use crate::scheme::{Evidence, Identity, Retries, SchemeBuilder, SchemeField};

pub(super) fn scheme() -> SchemeBuilder {
    describe("razorpay", "Razorpay", "razorpay 2.9.8 (npm), validateWebhookSignature")
        .signature_header("X-Razorpay-Signature")
        .signed_payload("{body}")
        .fallback_identity(Identity::Content)
        .identity_basis("the entities with their times, the event's name and `/created_at` (Razorpay, webhook payloads)")
        .event_type("body:/event")
        .ack_deadline(seconds(5))
        .retries(Retries::Within(hours(24)))
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::Identity])
        .evidence(Evidence::SdkRun)
        .note("`x-razorpay-event-id` is not signed.")
        .note(UNDATED)
}
