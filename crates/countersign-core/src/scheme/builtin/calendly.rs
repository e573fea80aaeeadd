//! Calendly.

use super::{describe, hours, seconds};
use crate::scheme::{Evidence, Identity, Retries, SchemeBuilder, SchemeField};
use crate::time::unit::TimestampUnit;

pub(super) fn scheme() -> SchemeBuilder {
    describe(
        "calendly",
        "Calendly",
        "hookdeck and trigger.dev; Calendly, webhook signatures, in part",
    )
    .signature_header("Calendly-Webhook-Signature")
    .signature_pairs(',', '=', "v1")
    .signed_payload("{ts}.{body}")
    .timestamp_field("t", TimestampUnit::Seconds)
    .tolerance(seconds(180))
    .fallback_identity(Identity::Content)
    .identity_basis("`/created_at` and the invitee (Calendly, webhook payloads)")
    .event_type("body:/event")
    .ack_deadline(seconds(10))
    .retries(Retries::Within(hours(24)))
    .unconfirmed([
        SchemeField::AckDeadline,
        SchemeField::Retries,
        SchemeField::Tolerance,
        SchemeField::Identity,
    ])
    .evidence(Evidence::Secondary)
    .note("Reportedly, a retry has a new signature with a new `t`.")
}
