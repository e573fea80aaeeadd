//! Asana.

use super::{UNDATED, describe, hours, seconds};
use crate::scheme::{Evidence, Handshake, Identity, Retries, SchemeBuilder};

pub(super) fn scheme() -> SchemeBuilder {
    describe("asana", "Asana", "Asana, webhooks guide: the handshake; third parties: the algorithm")
        .signature_header("X-Hook-Signature")
        .signed("{body}")
        .handshake(
            Handshake::unsigned_while_armed("x-hook-secret")
                .absent("header:X-Hook-Signature")
                .echo_header("X-Hook-Secret")
                .capture("header:X-Hook-Secret"),
        )
        .fallback_identity(Identity::Content)
        .identity_basis("every event states its `created_at`; heartbeats are all alike (Asana, webhooks guide)")
        .ack_deadline(seconds(10))
        .retries(Retries::Within(hours(24)))
        .evidence(Evidence::Secondary)
        .note("The secret is the value of `X-Hook-Secret` in the handshake, used as text. Each webhook has its own.")
        .note("The handshake is unsigned: whoever is answered replaces the key. It is answered only while it is armed, and the secret that it hands over has to be kept.")
        .note("A delivery holds any number of events and has no type of its own: each has its `/events/N/action`.")
        .note("A heartbeat is a signed delivery without events. All are alike, and all but the first count as duplicates.")
        .note(UNDATED)
}
