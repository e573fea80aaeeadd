//! Onfido.

use super::{UNDATED, describe};
use crate::scheme::{Cell, Evidence, SchemeBuilder};

pub(super) fn scheme() -> SchemeBuilder {
    describe("onfido", "Onfido", "@onfido/api 6.2.0, WebhookEventVerifier")
        .signature_header("X-SHA2-Signature")
        .signed("{body}")
        .event_type("body:/payload/action")
        .unconfirmed([Cell::AckDeadline, Cell::Retries, Cell::EventType])
        .evidence(Evidence::SdkRun)
        .note("There is no event id in the body: the event's id is the digest of the body.")
        .note(UNDATED)
}
