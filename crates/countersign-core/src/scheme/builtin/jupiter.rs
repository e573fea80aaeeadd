//! Jupiter's developer platform.

use super::{days, describe, hours, minutes, seconds};
use crate::scheme::{Evidence, Retries, SchemeBuilder};

pub(super) fn scheme() -> SchemeBuilder {
    describe("jupiter", "Jupiter", "Jupiter, Building Real-Time Integrations with Webhooks")
        .signature_header("x-jup-signature")
        .signed_payload("{body}")
        .event_id("body:/event_id")
        .identity_basis("`/event_id` (provider's document)")
        .event_type("body:/type")
        .ack_deadline(seconds(5))
        .retries(Retries::After(vec![seconds(30), minutes(5), minutes(30), hours(2)]))
        // The provider's sample remembers events for this long.
        .retention(days(7))
        .evidence(Evidence::Docs)
        .note("The provider's sample hashes the body after parsing and serialising it: the signature covers the raw bytes.")
        .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
}
