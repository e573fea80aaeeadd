//! Cloudflare Stream.

use super::{describe, seconds};
use crate::scheme::{Evidence, Identity, Retries, SchemeBuilder, SchemeField};
use crate::time::unit::TimestampUnit;

pub(super) fn scheme() -> SchemeBuilder {
    describe(
        "cloudflare-stream",
        "Cloudflare Stream",
        "webhook-verify, specification, which quotes Cloudflare's documentation",
    )
    .signature_header("Webhook-Signature")
    .signature_pairs(',', '=', "sig1")
    .signed_payload("{ts}.{body}")
    .timestamp_field("time", TimestampUnit::Seconds)
    .tolerance(seconds(300))
    .fallback_identity(Identity::Content)
    .identity_basis("the video, its state and its `modified` (Cloudflare Stream, using webhooks)")
    .ack_deadline(seconds(5))
    .retries(Retries::Unknown)
    .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::Tolerance, SchemeField::Identity])
    .evidence(Evidence::Secondary)
    .note("No source defines the maximum age of a timestamp: 300 s is our choice.")
    .note("`/uid` in the body is the id of a video, not of an event. The event's id is the digest of the body.")
}
