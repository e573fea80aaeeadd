//! Hookdeck, the relay.

use super::{UNDATED, describe, seconds};
use crate::scheme::{Cell, Encoding, Evidence, Identity, Retries, SchemeBuilder};

pub(super) fn scheme() -> SchemeBuilder {
    describe("hookdeck", "Hookdeck", "Hookdeck, documentation; trigger.dev; hookdeck/webhook-skills")
        .signature_header("x-hookdeck-signature")
        .also_in("x-hookdeck-signature-2")
        .encoding(Encoding::Base64)
        .signed("{body}")
        .fallback_identity(Identity::Unknown)
        .identity_basis("it passes on the bodies of any provider, and signs no id")
        .ack_deadline(seconds(5))
        .retries(Retries::Unknown)
        .unconfirmed([Cell::AckDeadline, Cell::Retries])
        .evidence(Evidence::Docs)
        .note("While a secret rotates there are two headers, and a match in either is enough.")
        .note("`x-hookdeck-eventid` is not signed.")
        .note("The first sender's own signature is passed on, but on a retry its timestamp is stale: verify Hookdeck's.")
        .note("When it sends again is yours to configure there: give a retention that is a quarter longer.")
        .note(UNDATED)
}
