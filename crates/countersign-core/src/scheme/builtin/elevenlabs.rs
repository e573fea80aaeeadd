//! ElevenLabs.

use super::{describe, minutes, seconds};
use crate::scheme::{Evidence, Identity, Retries, SchemeBuilder, SchemeField};
use crate::time::tolerance::Tolerance;
use crate::time::unit::TimestampUnit;

pub(super) fn scheme() -> SchemeBuilder {
    describe(
        "elevenlabs",
        "ElevenLabs",
        "@elevenlabs/elevenlabs-js 2.73.0, webhooks.constructEvent",
    )
    .signature_header("ElevenLabs-Signature")
    .signature_pairs(',', '=', "v0")
    .signed_payload("{ts}.{body}")
    .timestamp_field("t", TimestampUnit::Seconds)
    .tolerances(Tolerance::new(minutes(30), minutes(5)))
    .fallback_identity(Identity::Content)
    .identity_basis("`/event_timestamp` and the conversation; \"dispatched only once\" (ElevenLabs, post-call webhooks)")
    .retries(Retries::Never)
    .event_type("body:/type")
    .ack_deadline(seconds(5))
    .unconfirmed([SchemeField::AckDeadline, SchemeField::EventType])
    .evidence(Evidence::SdkRun)
    .note(
        "The tolerance of 30 min is that of the provider's own SDK. 5 min into the future is our choice.",
    )
    .note("The provider's SDK checks the first `v0` only: here any of them can match.")
    .note("No source defines an event id.")
}
