//! Notion.

use super::{UNDATED, describe, hours};
use crate::scheme::{Evidence, Handshake, Retries, SchemeBuilder, SchemeField};

pub(super) fn scheme() -> SchemeBuilder {
    describe("notion", "Notion", "@notionhq/client 5.26.0, signWebhookPayload; developers.notion.com, reference/webhooks")
        .signature_header("X-Notion-Signature")
        .signature_prefix("sha256=")
        .signed_payload("{body}")
        .handshake(
            // The token is the key of all later deliveries, so it is accepted only if the user
            // expects it.
            Handshake::unsigned_in_window("verification-token")
                .capture("body:/verification_token"),
        )
        .event_id("body:/id")
        .identity_basis("`/id`; `/attempt_number` counts the attempts (@notionhq/client 5.26.0)")
        .event_type("body:/type")
        .retries(Retries::Within(hours(24)))
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
        .evidence(Evidence::SdkRun)
        .note("Sources disagree whether the request that contains the token is signed with it: while the handshake is armed, both are accepted.")
        .note("The secret is the `verification_token` that the provider sends to a new endpoint: arm the handshake, save the token, and paste it into the provider's page.")
        .note(UNDATED)
}
