//! Discord's interactions and webhook events.

use super::{describe, minutes, seconds};
use crate::crypto::algorithm::Algorithm;
use crate::scheme::{
    Evidence, Handshake, Identity, Interactive, Retries, SchemeBuilder, SchemeField,
};
use crate::secret::secret_format::SecretFormat;
use crate::time::unit::TimestampUnit;

pub(super) fn scheme() -> SchemeBuilder {
    describe("discord", "Discord", "discord-interactions 4.4.0, verifyKey")
        .algorithm(Algorithm::Ed25519)
        .secret_format(SecretFormat::Hex)
        .signature_header("X-Signature-Ed25519")
        .signed_payload("{ts}{body}")
        .timestamp_header("X-Signature-Timestamp", TimestampUnit::Seconds)
        .tolerance(seconds(300))
        .handshake(
            Handshake::signed("interaction-ping")
                .when("body:/type", "1")
                // In a webhook event, type 1 is an event and type 0 is the ping.
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
        .unconfirmed([SchemeField::Tolerance])
        .evidence(Evidence::SdkRun)
        .note("The secret is the application's public key, in hexadecimal.")
        .note("Discord deliberately sends wrong signatures, and removes the URL unless the response is 401, as it is here.")
        .note("The provider's SDK does not check timestamps: 300 s is our choice.")
        .note("Only an interaction has an id.")
        .note("The provider reads the response to an interaction: it is shown to the user.")
}
