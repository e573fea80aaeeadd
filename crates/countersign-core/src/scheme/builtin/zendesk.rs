//! Zendesk.

use super::{describe, minutes, seconds};
use crate::crypto::algorithm::Encoding;
use crate::scheme::{Evidence, Identity, SchemeBuilder, SchemeField};
use crate::time::unit::TimestampUnit;

pub(super) fn scheme() -> SchemeBuilder {
    describe("zendesk", "Zendesk", "developer.zendesk.com, documentation/webhooks/verifying")
        .signature_header("X-Zendesk-Webhook-Signature")
        .encoding(Encoding::Base64)
        .signed_payload("{ts}{body}")
        .timestamp_header("X-Zendesk-Webhook-Signature-Timestamp", TimestampUnit::Rfc3339)
        .tolerance(minutes(5))
        .event_id("body:/zendesk_event_version+/type+/id")
        .fallback_identity(Identity::Unknown)
        .identity_basis("id of event webhooks (Zendesk, event schemas); the bodies of triggers and automations are defined by the admin, and can be equal")
        .event_type("body:/type")
        .ack_deadline(seconds(12))
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::Tolerance])
        .evidence(Evidence::Docs)
        .note("The secret looks like base64 but is used as text.")
        .note("The provider defines no tolerance: 300 s is our choice.")
        .note("`X-Zendesk-Webhook-Invocation-Id` is not signed.")
        .note("`/id` alone can be a ticket's, in a body that the admin defined: it is used only together with `/zendesk_event_version` and `/type`.")
}
