//! Discord's interactions and webhook events.

use super::{describe, minutes, seconds};
use crate::scheme::{
    Algorithm, Cell, Evidence, Handshake, Identity, Interactive, Retries, SchemeBuilder,
    SecretFormat, TimestampUnit,
};

pub(super) fn scheme() -> SchemeBuilder {
    describe("discord", "Discord", "discord-interactions 4.4.0, verifyKey")
        .algorithm(Algorithm::Ed25519)
        .secret_format(SecretFormat::Hex)
        .signature_header("X-Signature-Ed25519")
        .signed("{ts}{body}")
        .timestamp_header("X-Signature-Timestamp", TimestampUnit::Seconds)
        .tolerance(seconds(300))
        .handshake(
            Handshake::signed("interaction-ping")
                .when("body:/type", "1")
                // Of a webhook event, type 1 is an event and 0 the ping.
                .absent("body:/event")
                .json_number("type", 1),
        )
        .handshake(
            Handshake::signed("event-ping")
                .when("body:/type", "0")
                .absent("body:/event")
                .status(204),
        )
        .event_id("body:/id")
        .fallback_identity(Identity::Content)
        .identity_basis("`/id` of an interaction; an event has only `/event/timestamp` (Discord, interactions and webhook events)")
        .interactive(Interactive::WithId)
        .event_type("body:/event/type")
        .event_type("body:/type")
        .ack_deadline(seconds(3))
        .retries(Retries::Within(minutes(10)))
        .unconfirmed([Cell::Tolerance])
        .evidence(Evidence::SdkRun)
        .note("In the place of the secret stands the application's public key, in hexadecimal.")
        .note("Discord sends wrong signatures on purpose, and takes the URL away unless they are answered 401, as they are here.")
        .note("The provider's SDK does not check the clock: 300 s are a choice.")
        .note("Only an interaction has an id.")
        .note("The answer to an interaction is read: it is what the user sees.")
}
