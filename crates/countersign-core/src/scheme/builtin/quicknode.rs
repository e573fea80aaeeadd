//! QuickNode's streams.

use super::{describe, minutes};
use crate::scheme::{BodyView, Cell, Evidence, Identity, SchemeBuilder, TimestampUnit};

pub(super) fn scheme() -> SchemeBuilder {
    describe("quicknode", "QuickNode", "quicknode.com, streams-webhook-validate-signature")
        .signature_header("X-QN-Signature")
        .signed("{header:X-QN-Nonce}{ts}{body}")
        .body_begins_with("{[")
        .timestamp_header("X-QN-Timestamp", TimestampUnit::Seconds)
        .tolerance(minutes(5))
        .body_view(BodyView::Decoded)
        .fallback_identity(Identity::Unknown)
        .identity_basis("a stream's filter is the user's code, and writes the body")
        .unconfirmed([Cell::AckDeadline, Cell::Retries, Cell::BodyLimit, Cell::Tolerance])
        .evidence(Evidence::Docs)
        .note("A body may come gzipped, and is signed as it was before: this needs the feature `compression`. The limit holds for both.")
        .note("The provider states no tolerance: the 300 s are ours.")
        .note("Nothing stands between nonce, timestamp and body: a nonce with `{` or `[` is rejected, and so is a body that does not begin with one of them.")
        .note("The nonce is signed, and it is no event's id.")
}
