//! Telegram's Bot API.

use super::{TOKEN, describe, hours, seconds};
use crate::scheme::{Algorithm, Cell, Evidence, Retries, SchemeBuilder};

pub(super) fn scheme() -> SchemeBuilder {
    describe("telegram", "Telegram", "Telegram, Bot API, setWebhook")
    .algorithm(Algorithm::Token)
    .signature_header("X-Telegram-Bot-Api-Secret-Token")
    .ack_deadline(seconds(60))
    .retries(Retries::Within(hours(24)))
    .unconfirmed([Cell::AckDeadline, Cell::Retries])
    .evidence(Evidence::Docs)
    .note(TOKEN)
    .note("The secret is the `secret_token` that was given to `setWebhook`: 1 to 256 letters, digits, `_` and `-`.")
    .note("`/update_id` in the body is not signed: the event's id is the digest of the body.")
}
