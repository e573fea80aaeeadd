//! Hookdeck, a relay.

use super::{UNDATED, describe, seconds};
use crate::crypto::algorithm::Encoding;
use crate::scheme::{Evidence, Identity, Retries, SchemeBuilder, SchemeField};

pub(super) fn scheme() -> SchemeBuilder {
    describe("hookdeck", "Hookdeck", "Hookdeck, documentation; trigger.dev; hookdeck/webhook-skills")
        .signature_header("x-hookdeck-signature")
        .fallback_signature_header("x-hookdeck-signature-2")
        .encoding(Encoding::Base64)
        .signed_payload("{body}")
        .fallback_identity(Identity::Unknown)
        .identity_basis("it forwards bodies of any provider, and signs no id")
        .ack_deadline(seconds(5))
        .retries(Retries::Unknown)
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
        .evidence(Evidence::Docs)
        .note("During a secret rotation there are two headers, and a match in either is enough.")
        .note("`x-hookdeck-eventid` is not signed.")
        .note("The original sender's signature is forwarded, but its timestamp is stale on a retry: verify Hookdeck's.")
        .note("You configure the retries at Hookdeck: set a retention that is a quarter longer than their window.")
        .note(UNDATED)
}
