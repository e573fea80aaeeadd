//! The generic scheme with `X-Webhook-Signature`.

use super::{days, describe, minutes, seconds};
use crate::scheme::{Evidence, Retries, SchemeBuilder};
use crate::time::tolerance::Tolerance;
use crate::time::unit::TimestampUnit;

pub(super) fn scheme() -> SchemeBuilder {
    describe(
        "x-webhook-signature",
        "Generic X-Webhook-Signature",
        "Working with Webhooks, generic guide",
    )
    .signature_header("X-Webhook-Signature")
    .signed_payload("{body}")
    // As with PerpsTracker, the tolerance of the body's time is limited to the retention.
    .timestamp_body("/created_at", TimestampUnit::Rfc3339)
    .tolerances(Tolerance::new(days(1), minutes(5)))
    .event_id("body:/id")
    .identity_basis("`/id` (provider's document)")
    .event_type("body:/type")
    .ack_deadline(seconds(5))
    .retries(Retries::After(vec![minutes(1), minutes(5), minutes(30), minutes(120)]))
    .evidence(Evidence::Docs)
    .note("After five failed attempts the service disables the webhook.")
    .note("The secret is used as text.")
}
