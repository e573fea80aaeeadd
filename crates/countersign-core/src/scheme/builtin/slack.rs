//! Slack's Events API, slash commands and interactivity.

use super::{describe, minutes, seconds};
use crate::scheme::{
    Evidence, Handshake, Identity, Interactive, Retries, SchemeBuilder, SchemeField,
};
use crate::time::unit::TimestampUnit;

pub(super) fn scheme() -> SchemeBuilder {
    describe("slack", "Slack", "@slack/bolt 5.1.0 and slack_sdk; Slack, Verifying requests from Slack")
        .signature_header("X-Slack-Signature")
        .signature_prefix("v0=")
        .signed_payload("v0:{ts}:{body}")
        .timestamp_header("X-Slack-Request-Timestamp", TimestampUnit::Seconds)
        .tolerance(seconds(300))
        .handshake(
            Handshake::signed("url-verification")
                .when("body:/type", "url_verification")
                .text("body:/challenge"),
        )
        .event_id("body:/event_id")
        .fallback_identity(Identity::Content)
        .identity_basis("`/event_id` of an event; commands and interactions have a `trigger_id` (Slack, Events API and interactivity)")
        .interactive(Interactive::WithoutId)
        .event_type("body:/event/type")
        .event_type("body:/type")
        .ack_deadline(seconds(3))
        .retries(Retries::After(vec![seconds(0), minutes(1), minutes(5)]))
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
        .evidence(Evidence::SdkRun)
        .note("Slash commands and interactivity are form-encoded: they have no event id. The provider reads their response: it is shown to the user.")
}
