//! PagerDuty, webhooks of version 3.

use super::{describe, hours, seconds};
use crate::scheme::{Evidence, Retries, SchemeBuilder, SchemeField};

pub(super) fn scheme() -> SchemeBuilder {
    describe(
        "pagerduty",
        "PagerDuty",
        "PagerDuty, Verifying Signatures; go-pagerduty, webhook tests",
    )
    .signature_header("X-PagerDuty-Signature")
    .signature_pairs(',', '=', "v1")
    .signed_payload("{body}")
    .event_id("body:/event/id")
    .identity_basis("`/event/id` (PagerDuty, webhooks v3)")
    .event_type("body:/event/event_type")
    .ack_deadline(seconds(5))
    .retries(Retries::Within(hours(48)))
    .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
    .evidence(Evidence::Docs)
    .note("The secret looks like base64 but is used as text.")
    .note(
        "No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.",
    )
}
