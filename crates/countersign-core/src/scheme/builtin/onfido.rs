//! Onfido.

use super::{UNDATED, describe};
use crate::scheme::{Cell, Evidence, Identity, SchemeBuilder};

pub(super) fn scheme() -> SchemeBuilder {
    describe("onfido", "Onfido", "@onfido/api 6.2.0, WebhookEventVerifier")
        .signature_header("X-SHA2-Signature")
        .signed("{body}")
        .fallback_identity(Identity::Unknown)
        .identity_basis("times are optional: a check that is reopened twice can have the same body (@onfido/api 6.2.0, types)")
        .event_type("body:/payload/action")
        .unconfirmed([Cell::AckDeadline, Cell::Retries, Cell::EventType])
        .evidence(Evidence::SdkRun)
        .note(UNDATED)
}
