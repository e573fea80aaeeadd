//! Asana.

use super::{UNDATED, describe, hours, seconds};
use crate::scheme::{Evidence, Handshake, Identity, Retries, SchemeBuilder};

pub(super) fn scheme() -> SchemeBuilder {
    describe("asana", "Asana", "Asana, webhooks guide: the handshake; third parties: the algorithm")
        .signature_header("X-Hook-Signature")
        .signed_payload("{body}")
        .handshake(
            Handshake::unsigned_in_window("x-hook-secret")
                .absent("header:X-Hook-Signature")
                .echo_header("X-Hook-Secret")
                .capture("header:X-Hook-Secret"),
        )
        .fallback_identity(Identity::Content)
        .identity_basis("every event contains its `created_at`; all heartbeats are equal (Asana, webhooks guide)")
        .ack_deadline(seconds(10))
        .retries(Retries::Within(hours(24)))
        .evidence(Evidence::Secondary)
        .note("The secret is the value of `X-Hook-Secret` in the handshake, used as text. Each webhook has a different secret.")
        .note("The handshake is unsigned, and each answered handshake replaces the key. So it is answered only while it is armed, and you must save the secret that it contains.")
        .note("A delivery contains any number of events and has no type: each event has its `/events/N/action`.")
        .note("A heartbeat is a signed delivery without events. All heartbeats are equal, so all but the first count as duplicates.")
        .note(UNDATED)
}
