//! QuickNode's streams.

use super::{describe, minutes};
use crate::scheme::{BodyView, Evidence, Identity, SchemeBuilder, SchemeField};
use crate::time::unit::TimestampUnit;

pub(super) fn scheme() -> SchemeBuilder {
    describe("quicknode", "QuickNode", "quicknode.com, streams-webhook-validate-signature")
        .signature_header("X-QN-Signature")
        .signed_payload("{header:X-QN-Nonce}{ts}{body}")
        .body_begins_with("{[")
        .timestamp_header("X-QN-Timestamp", TimestampUnit::Seconds)
        .tolerance(minutes(5))
        .body_view(BodyView::Decoded)
        .fallback_identity(Identity::Unknown)
        .identity_basis("a stream's filter is user code, and produces the body")
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::BodyLimit, SchemeField::Tolerance])
        .evidence(Evidence::Docs)
        .note("A body can be compressed with gzip, and the uncompressed body is signed: this needs the feature `compression`. The body limit applies to both.")
        .note("The provider defines no tolerance: 300 s is our choice.")
        .note("There is no delimiter between nonce, timestamp and body: a nonce with `{` or `[` is rejected, and so is a body that does not start with one of them.")
        .note("The nonce is signed, but it is not an event id.")
}
