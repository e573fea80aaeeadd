//! Meta: the Graph API's webhooks, Messenger, WhatsApp and Instagram.

use super::{UNDATED, days, describe, seconds};
use crate::scheme::{Cell, Evidence, Handshake, Identity, Retries, SchemeBuilder};

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
        .fallback_identity(Identity::Content)
        .identity_basis("the entries of the batch, each with its time and its messages' own ids (Graph API, webhooks)")
        .event_type("body:/object")
        .ack_deadline(seconds(20))
        // Of WhatsApp; of the others, 36 hours.
        .retries(Retries::Within(days(7)))
        .unconfirmed([Cell::AckDeadline, Cell::Retries, Cell::Identity])
        .evidence(Evidence::Secondary)
        .note("The provider's samples check the legacy `X-Hub-Signature` (SHA-1), which is ignored here; the header of SHA-256 was read in third-party code only.")
        .note("Letters outside of ASCII come as `\\u00e4`, and are signed as they come: a body that was parsed and written out again no longer verifies.")
        .note("One delivery may hold several messages, each with an id of its own: deduplicate by that, since a batch may be cut anew when it is sent again.")
        .note("The secret is the app secret, used as text. The verify token of the handshake is another one, of your own choice.")
        .note(UNDATED)
}
