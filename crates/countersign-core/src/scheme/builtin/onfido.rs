//! Onfido.

use super::{UNDATED, describe};
use crate::scheme::{Evidence, Identity, SchemeBuilder, SchemeField};

pub(super) fn scheme() -> SchemeBuilder {
    describe("onfido", "Onfido", "@onfido/api 6.2.0, WebhookEventVerifier")
        .signature_header("X-SHA2-Signature")
        .signed_payload("{body}")
        .fallback_identity(Identity::Unknown)
        .identity_basis("times are optional: a check that is reopened twice can have the same body (@onfido/api 6.2.0, types)")
        .event_type("body:/payload/action")
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventType])
        .evidence(Evidence::SdkRun)
        .note(UNDATED)
}
