//! DocuSign Connect.

use super::{UNDATED, days, describe, seconds};
use crate::crypto::algorithm::Encoding;
use crate::scheme::{Evidence, Identity, Retries, SchemeBuilder, SchemeField};

pub(super) fn scheme() -> SchemeBuilder {
    let scheme = describe(
        "docusign",
        "DocuSign Connect",
        "DocuSign, Connect documentation, validate HMAC signatures",
    )
    .signature_header("X-DocuSign-Signature-1");
    // The maximum number of signatures that are checked.
    let scheme = (2..=16).fold(scheme, |scheme, key| {
        scheme.fallback_signature_header(format!("X-DocuSign-Signature-{key}"))
    });
    scheme
        .encoding(Encoding::Base64)
        .signed_payload("{body}")
        .event_type("body:/event")
        .ack_deadline(seconds(100))
        .retries(Retries::Within(days(15)))
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
        .evidence(Evidence::Docs)
        .note("Each active key signs a separate header, numbered from 1: a match in any of them is enough.")
        .note("The signature includes the line endings of the body: proxies must not change them.")
        .note("An envelope can have the same event more than once, so `envelopeId` and `event` alone do not identify an event.")
        .note("A body can be XML: then it has no event type. If documents are included, it exceeds the limit: raise it.")
        .note(UNDATED)
    .event_id("body:/configurationId+/event+/data/envelopeId+/data/recipientId+/generatedDateTime")
    .event_id("body:/configurationId+/event+/data/envelopeId+/generatedDateTime")
    .fallback_identity(Identity::Content)
    .identity_basis("configuration, event, envelope, recipient and the time of the message; `retryCount` counts the attempts. Legacy formats contain none of these (DocuSign, Connect, JSON SIM)")
    .unconfirmed([SchemeField::EventId, SchemeField::Identity])
}
