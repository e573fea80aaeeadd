//! Twitch EventSub.

use super::{describe, seconds};
use crate::scheme::{Evidence, Handshake, Retries, SchemeBuilder, SchemeField};
use crate::time::unit::TimestampUnit;

pub(super) fn scheme() -> SchemeBuilder {
    describe("twitch", "Twitch EventSub", "twurple and tesjs; Twitch, Handling webhook events")
        .signature_header("Twitch-Eventsub-Message-Signature")
        .signature_prefix("sha256=")
        .signed_payload("{id}{ts}{body}")
        .id_header("Twitch-Eventsub-Message-Id")
        .timestamp_header("Twitch-Eventsub-Message-Timestamp", TimestampUnit::Rfc3339)
        .tolerance(seconds(600))
        .handshake(
            // `Twitch-Eventsub-Message-Type` contains it too, but is not signed.
            Handshake::signed("callback-verification")
                .when("body:/subscription/status", "webhook_callback_verification_pending")
                .text("body:/challenge"),
        )
        .event_id("header:Twitch-Eventsub-Message-Id")
        .identity_basis("the message's id, which is signed and the same in all attempts (Twitch, EventSub)")
        .event_type("body:/subscription/type")
        .ack_deadline(seconds(5))
        .retries(Retries::Unknown)
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
        .evidence(Evidence::Secondary)
        .note("The timestamp has nine fractional digits, and is signed as it was sent.")
        .note("`Twitch-Eventsub-Message-Type` and `Twitch-Eventsub-Subscription-Type` are not signed: a callback verification is detected by its signed body.")
}
