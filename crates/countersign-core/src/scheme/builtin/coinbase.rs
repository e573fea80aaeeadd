//! Coinbase: the Developer Platform's first signature format, and Commerce.

use super::{UNDATED, days, describe, seconds};
use crate::scheme::{Evidence, Identity, Retries, SchemeBuilder, SchemeField};
use crate::time::unit::TimestampUnit;

pub(super) fn cdp_v0() -> SchemeBuilder {
    describe(
        "coinbase-cdp-v0",
        "Coinbase Developer Platform (v0)",
        "Coinbase, CDP documentation, verify signatures",
    )
    .signature_header("X-Hook0-Signature")
    .signature_pairs(',', '=', "v0")
    .signed_payload("{ts}.{body}")
    .timestamp_field("t", TimestampUnit::Seconds)
    .tolerance(seconds(300))
    .fallback_identity(Identity::Content)
    .identity_basis("`/id` is the checkout's id, and the same for failure and success (CDP, checkout webhooks): bodies differ in `/eventType` and `/updatedAt`")
    .event_type("body:/eventType")
    .event_type("body:/type")
    .ack_deadline(seconds(5))
    .retries(Retries::Unknown)
    .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::Identity])
    .evidence(Evidence::Docs)
    .note("The secret is returned once, when the subscription is created.")
    .note("`v0` covers the timestamp and the body, but not `X-Event-Id` and `X-Event-Type`.")
    .note("The same header can contain a `v1`, which also covers the headers that `h` names: this scheme ignores it.")
    .note("`/id` in the body is the id of the object, such as a checkout, not of the event.")
}

pub(super) fn commerce() -> SchemeBuilder {
    describe(
        "coinbase-commerce",
        "Coinbase Commerce",
        "coinbase-commerce-node, test/testWebhook.spec.js",
    )
    .signature_header("X-CC-Webhook-Signature")
    .signed_payload("{body}")
    // `/id` and `attempt_number` are outside of it: so the body differs in every attempt.
    .event_id("body:/event/id")
    .identity_basis("`/event/id` (coinbase-commerce-node, types)")
    .retries(Retries::Within(days(3)))
    .event_type("body:/event/type")
    .ack_deadline(seconds(5))
    .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventId, SchemeField::EventType])
    .evidence(Evidence::SdkRun)
    .note("Reportedly closed on 2026-03-31.")
    .note("The event's id is `/event/id` in the body: `/id` is the id of the notification, and `/attempt_number` is the number of its attempt.")
    .note(UNDATED)
}
