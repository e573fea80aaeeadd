//! DocuSign Connect.

use super::{UNDATED, days, describe, seconds};
use crate::scheme::{Cell, Encoding, Evidence, Retries, SchemeBuilder};

pub(super) fn scheme() -> SchemeBuilder {
    let scheme = describe(
        "docusign",
        "DocuSign Connect",
        "DocuSign, Connect documentation, validate HMAC signatures",
    )
    .signature_header("X-DocuSign-Signature-1");
    // No more signatures than these are considered.
    let scheme =
        (2..=16).fold(scheme, |scheme, key| scheme.also_in(format!("X-DocuSign-Signature-{key}")));
    scheme
        .encoding(Encoding::Base64)
        .signed("{body}")
        .event_type("body:/event")
        .ack_deadline(seconds(100))
        .retries(Retries::Within(days(15)))
        .unconfirmed([Cell::AckDeadline, Cell::Retries])
        .evidence(Evidence::Docs)
        .note("Each active key signs in a header of its own, numbered from 1: a match in any is enough.")
        .note("The line endings of the body are signed with it: nothing on the way may change them.")
        .note("An envelope can have the same event more than once, so `envelopeId` and `event` name no event. The event's id is the digest of the body.")
        .note("A body may be XML: then it has no event type. Where documents are sent along, it is larger than the limit: raise it.")
        .note(UNDATED)
}
