//! Zendesk.

use super::{describe, minutes, seconds};
use crate::scheme::{Cell, Encoding, Evidence, SchemeBuilder, TimestampUnit};

pub(super) fn scheme() -> SchemeBuilder {
    describe("zendesk", "Zendesk", "developer.zendesk.com, documentation/webhooks/verifying")
        .signature_header("X-Zendesk-Webhook-Signature")
        .encoding(Encoding::Base64)
        .signed("{ts}{body}")
        .timestamp_header("X-Zendesk-Webhook-Signature-Timestamp", TimestampUnit::Rfc3339)
        .tolerance(minutes(5))
        .event_type("body:/type")
        .ack_deadline(seconds(12))
        .unconfirmed([Cell::AckDeadline, Cell::Retries, Cell::Tolerance])
        .evidence(Evidence::Docs)
        .note("The secret looks like base64 and is used as text.")
        .note("The provider states no tolerance: the 300 s are ours.")
        .note("`X-Zendesk-Webhook-Invocation-Id` is not signed. The event's id is the digest of the body; of a webhook by GET or DELETE, which has no body, it is the digest of the timestamp.")
}
