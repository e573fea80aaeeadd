//! X, formerly Twitter: the Account Activity API.

use super::{UNDATED, describe, seconds};
use crate::crypto::algorithm::Encoding;
use crate::scheme::{Evidence, Handshake, Identity, SchemeBuilder, SchemeField};

pub(super) fn scheme() -> SchemeBuilder {
    describe("x-twitter", "X (Twitter)", "docs.x.com, webhooks quickstart and introduction")
        .signature_header("x-twitter-webhooks-signature")
        .signature_prefix("sha256=")
        .encoding(Encoding::Base64)
        .signed_payload("{body}")
        .handshake(Handshake::unsigned("crc").method("GET").json_hmac(
            "response_token",
            "query:crc_token",
            Encoding::Base64,
            "sha256=",
        ))
        .fallback_identity(Identity::Content)
        .identity_basis("each kind of event contains its own id or time (docs.x.com, account activity)")
        .ack_deadline(seconds(10))
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::Identity])
        .evidence(Evidence::Docs)
        .note("The value after `sha256=` is base64, not hexadecimal.")
        .note("The secret is the app's consumer secret, used as text.")
        .note("The CRC is sent when the webhook is registered. After that, the provider's pages contradict each other: every hour, or every 30 minutes if it was not answered for 24 hours.")
        .note("The kind of an event is the name of a member of the body, and the location of its id depends on the kind.")
        .note("The webhook's URL must not contain a port.")
        .note(UNDATED)
}
