//! Trello.

use super::{UNDATED, describe, seconds};
use crate::crypto::algorithm::Algorithm;
use crate::crypto::algorithm::Encoding;
use crate::scheme::{Evidence, Handshake, Retries, SchemeBuilder, SchemeField};

pub(super) fn scheme() -> SchemeBuilder {
    describe("trello", "Trello", "third-party copies of Atlassian's sample, verifyTrelloWebhookRequest")
        .algorithm(Algorithm::HmacSha1)
        .signature_header("x-trello-webhook")
        .encoding(Encoding::Base64)
        .signed_payload("{body}{url}")
        // Trello creates a webhook only if a HEAD request gets a 200.
        .handshake(Handshake::unsigned("head").method("HEAD"))
        .event_id("body:/action/id")
        .identity_basis("`/action/id` (Trello, webhooks)")
        .event_type("body:/action/type")
        .retries(Retries::After(vec![seconds(30), seconds(60), seconds(120)]))
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventId])
        .evidence(Evidence::Secondary)
        .note("The body is signed first, followed by the callback URL as given when the webhook was created: configure exactly the same URL for the verifier.")
        .note("The secret is the app's secret (OAuth 1), used as text.")
        .note(UNDATED)
}
