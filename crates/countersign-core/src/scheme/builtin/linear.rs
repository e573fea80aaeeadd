//! Linear.

use super::{describe, hours, minutes, seconds};
use crate::scheme::{Evidence, Identity, Retries, SchemeBuilder, SchemeField};
use crate::time::tolerance::Tolerance;
use crate::time::unit::TimestampUnit;

pub(super) fn scheme() -> SchemeBuilder {
    describe("linear", "Linear", "@linear/sdk 98.0.0")
        .signature_header("Linear-Signature")
        .signed_payload("{body}")
        .timestamp_body("/webhookTimestamp", TimestampUnit::Milliseconds)
        .fallback_identity(Identity::Content)
        .identity_basis("the body contains the time of sending and what has changed (@linear/sdk 98.0.0)")
        .tolerances(Tolerance::new(hours(8), seconds(60)))
        .event_type("body:/type")
        .ack_deadline(seconds(5))
        .retries(Retries::After(vec![minutes(1), hours(1), hours(6)]))
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::Tolerance])
        .evidence(Evidence::SdkRun)
        .note("`Linear-Timestamp` is not signed: the timestamp is read from `/webhookTimestamp` in the body.")
        .note("`Linear-Delivery` is not signed, and `/webhookId` is the id of the subscription.")
        .note("It is not known whether a retry keeps its `webhookTimestamp`. If it does, the provider's own limit of 60 s would reject every retry. So timestamps are accepted for 8 h, longer than the retry window, and events are remembered longer than that. If it does not, a retry counts as another event, and is handled again.")
}
