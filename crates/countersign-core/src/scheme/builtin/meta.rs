//! Meta: the Graph API's webhooks, Messenger, WhatsApp and Instagram.

use super::{UNDATED, days, describe, seconds};
use crate::scheme::{Cell, Evidence, Handshake, Retries, SchemeBuilder};

pub(super) fn scheme() -> SchemeBuilder {
    describe("meta", "Meta (Graph, Messenger, WhatsApp, Instagram)", "fbsamples, app.js; of SHA-256, third-party code")
        .signature_header("X-Hub-Signature-256")
        .signature_prefix("sha256=")
        .signed("{body}")
        .handshake(
            Handshake::unsigned("subscribe")
                .method("GET")
                .when("query:hub.mode", "subscribe")
                .verify_token("query:hub.verify_token")
                .text("query:hub.challenge"),
        )
        .event_type("body:/object")
        .ack_deadline(seconds(20))
        // Of WhatsApp; of the others, 36 hours.
        .retries(Retries::Within(days(7)))
        .unconfirmed([Cell::AckDeadline, Cell::Retries])
        .evidence(Evidence::Secondary)
        .note("The provider's samples check the legacy `X-Hub-Signature` (SHA-1), which is ignored here; the header of SHA-256 was read in third-party code only.")
        .note("Letters outside of ASCII come as `\\u00e4`, and are signed as they come: a body that was parsed and written out again no longer verifies.")
        .note("One delivery may hold several messages, each with an id of its own: the event's id is the digest of the body.")
        .note("The secret is the app secret, used as text. The verify token of the handshake is another one, of your own choice.")
        .note(UNDATED)
}
