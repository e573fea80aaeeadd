//! Meta: the Graph API's webhooks, Messenger, WhatsApp and Instagram.

use super::{UNDATED, days, describe, seconds};
use crate::scheme::{Evidence, Handshake, Identity, Retries, SchemeBuilder, SchemeField};

pub(super) fn scheme() -> SchemeBuilder {
    describe("meta", "Meta (Graph, Messenger, WhatsApp, Instagram)", "fbsamples, app.js; of SHA-256, third-party code")
        .signature_header("X-Hub-Signature-256")
        .signature_prefix("sha256=")
        .signed_payload("{body}")
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
        // WhatsApp's window; the other products retry for 36 hours.
        .retries(Retries::Within(days(7)))
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::Identity])
        .evidence(Evidence::Secondary)
        .note("The provider's samples check the legacy `X-Hub-Signature` (SHA-1), which is ignored here; the SHA-256 header is documented only by third-party code.")
        .note("Non-ASCII letters are sent as `\\u00e4`, and signed in that form: a body that has been parsed and serialised no longer verifies.")
        .note("A delivery can contain several messages, each with its own id: deduplicate by that id, since a batch can be split differently on a retry.")
        .note("The secret is the app secret, used as text. The verify token of the handshake is a different one that you choose.")
        .note(UNDATED)
}
