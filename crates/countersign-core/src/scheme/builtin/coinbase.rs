//! Coinbase: the Developer Platform's first way of signing, and Commerce.

use super::{UNDATED, days, describe, seconds};
use crate::scheme::{Cell, Evidence, Identity, Retries, SchemeBuilder, TimestampUnit};

pub(super) fn cdp_v0() -> SchemeBuilder {
    describe(
        "coinbase-cdp-v0",
        "Coinbase Developer Platform (v0)",
        "Coinbase, CDP documentation, verify signatures",
    )
    .signature_header("X-Hook0-Signature")
    .signature_list(',', '=', "v0")
    .signed("{ts}.{body}")
    .timestamp_field("t", TimestampUnit::Seconds)
    .tolerance(seconds(300))
    .fallback_identity(Identity::Content)
    .identity_basis("`/id` is the checkout's, and the same whether it failed or succeeded (CDP, checkout webhooks): the body is told apart by `/eventType` and `/updatedAt`")
    .event_type("body:/eventType")
    .event_type("body:/type")
    .ack_deadline(seconds(5))
    .retries(Retries::Unknown)
    .unconfirmed([Cell::AckDeadline, Cell::Retries, Cell::Identity])
    .evidence(Evidence::Docs)
    .note("The secret is returned once, when the subscription is created.")
    .note("`v0` covers the timestamp and the body. `X-Event-Id` and `X-Event-Type` are not signed by it.")
    .note("The same header may hold a `v1`, which also covers the headers that `h` names: here it is ignored.")
    .note("`/id` in the body names what the event is about, such as a checkout, and not the event.")
}

pub(super) fn commerce() -> SchemeBuilder {
    describe(
        "coinbase-commerce",
        "Coinbase Commerce",
        "coinbase-commerce-node, test/testWebhook.spec.js",
    )
    .signature_header("X-CC-Webhook-Signature")
    .signed("{body}")
    // `/id` and `attempt_number` stand around it: the body is another one at every attempt.
    .event_id("body:/event/id")
    .identity_basis("`/event/id` (coinbase-commerce-node, types)")
    .retries(Retries::Within(days(3)))
    .event_type("body:/event/type")
    .ack_deadline(seconds(5))
    .unconfirmed([Cell::AckDeadline, Cell::Retries, Cell::EventId, Cell::EventType])
    .evidence(Evidence::SdkRun)
    .note("Said to have been closed on 2026-03-31.")
    .note("The event's id is `/event/id` in the body: `/id` is that of the notification, and `/attempt_number` tells its attempts apart.")
    .note(UNDATED)
}
