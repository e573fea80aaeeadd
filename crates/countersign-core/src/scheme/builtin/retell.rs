//! Retell.

use super::{describe, minutes, seconds};
use crate::scheme::{Evidence, Identity, Interactive, Retries, SchemeBuilder, SchemeField};
use crate::time::unit::TimestampUnit;

pub(super) fn scheme() -> SchemeBuilder {
    describe("retell", "Retell", "@trigger.dev/core 4.8.3, webhook providers")
        .signature_header("x-retell-signature")
        .signature_pairs(',', '=', "d")
        .signed_payload("{body}{ts}")
        .timestamp_field("v", TimestampUnit::Milliseconds)
        .tolerance(minutes(5))
        .fallback_identity(Identity::Unknown)
        .identity_basis("`call_inbound` contains no call id: a second call from the same number has the same body (Retell, inbound call webhook)")
        .interactive(Interactive::Yes)
        .retries(Retries::After(vec![seconds(10), seconds(10), seconds(10)]))
        .event_type("body:/event")
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::Tolerance, SchemeField::EventType, SchemeField::Interactive])
        .evidence(Evidence::Secondary)
        .note("The body is signed first, followed by the timestamp.")
        .note("The provider reads the response to `call_inbound` and `chat_inbound`: it can select the agent and its variables.")
}
