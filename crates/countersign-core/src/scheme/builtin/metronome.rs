//! Metronome.

use super::{describe, hours, minutes};
use crate::scheme::{Evidence, Retries, SchemeBuilder, SchemeField};
use crate::time::unit::TimestampUnit;

pub(super) fn scheme() -> SchemeBuilder {
    describe("metronome", "Metronome", "@trigger.dev/core 4.8.3, webhook providers")
        .signature_header("Metronome-Webhook-Signature")
        .signed_payload("{ts}\n{body}")
        .timestamp_header("X-Metronome-Date", TimestampUnit::HttpDate)
        .tolerance(minutes(5))
        .event_id("body:/id")
        .identity_basis("`/id`, which the provider recommends for deduplication (Metronome, webhooks)")
        .retries(Retries::Within(hours(48)))
        .event_type("body:/type")
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Tolerance, SchemeField::EventType])
        .evidence(Evidence::Secondary)
        .note("The timestamp is an HTTP date. Third-party code falls back to `Date` if `X-Metronome-Date` is absent; here the delivery is rejected.")
}
