//! Telegram's Bot API.

use super::{TOKEN, describe, hours, seconds};
use crate::crypto::algorithm::Algorithm;
use crate::scheme::{Evidence, Identity, Interactive, Retries, SchemeBuilder, SchemeField};

pub(super) fn scheme() -> SchemeBuilder {
    describe("telegram", "Telegram", "Telegram, Bot API, setWebhook")
    .algorithm(Algorithm::Token)
    .signature_header("X-Telegram-Bot-Api-Secret-Token")
    .event_id("body:/update_id")
    .fallback_identity(Identity::Content)
    .identity_basis("`/update_id`; nothing is signed (Telegram, Bot API, Update)")
    .interactive(Interactive::Yes)
    .ack_deadline(seconds(60))
    .retries(Retries::Within(hours(24)))
    .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
    .evidence(Evidence::Docs)
    .note(TOKEN)
    .note("The secret is the `secret_token` that was passed to `setWebhook`: 1 to 256 letters, digits, `_` and `-`.")
    .note("The response can be a call of the Bot API. If yours never is, suppress duplicates: `Repeats::Suppress`.")
}
