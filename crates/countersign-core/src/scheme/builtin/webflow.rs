//! Webflow.

use super::{describe, minutes};
use crate::scheme::{Evidence, Identity, Retries, SchemeBuilder, SchemeField};
use crate::time::unit::TimestampUnit;

pub(super) fn scheme() -> SchemeBuilder {
    describe("webflow", "Webflow", "webflow-api 3.3.4, webhooks.verifySignature")
        .signature_header("x-webflow-signature")
        .signed_payload("{ts}:{body}")
        .timestamp_header("x-webflow-timestamp", TimestampUnit::Milliseconds)
        .tolerance(minutes(5))
        .fallback_identity(Identity::Unknown)
        .identity_basis("times are optional, and an item that is unpublished twice can have the same body (webflow-api 3.3.4, types)")
        .retries(Retries::After(vec![minutes(10), minutes(10)]))
        .event_type("body:/triggerType")
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Tolerance, SchemeField::EventType])
        .evidence(Evidence::SdkRun)
        .note("The timestamp is in milliseconds.")
}
