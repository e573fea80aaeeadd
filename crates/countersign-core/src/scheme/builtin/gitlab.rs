//! GitLab.

use super::standard_webhooks::family;
use super::{TOKEN, days, describe, seconds};
use crate::scheme::{Algorithm, Cell, Evidence, Retries, SchemeBuilder};

/// The signing token of GitLab 19: Standard Webhooks.
pub(super) fn signing() -> SchemeBuilder {
    family("gitlab-signing", "GitLab (signing token)", "webhook-", "GitLab merge requests 230944 and 231325")
        .key_length(32)
        .event_type("body:/object_kind")
        .ack_deadline(seconds(10))
        .retries(Retries::Never)
        .retention(days(1))
        .unconfirmed([Cell::AckDeadline, Cell::Retries, Cell::EventType])
        .evidence(Evidence::SdkSource)
        .note("`X-Gitlab-Event` is not signed.")
        .note("A secret token (`X-Gitlab-Token`) may be set beside the signing token; it is not needed here.")
}

/// The secret token: nothing is signed.
pub(super) fn token() -> SchemeBuilder {
    describe("gitlab-token", "GitLab (secret token)", "GitLab, documentation of webhooks")
        .algorithm(Algorithm::Token)
        .signature_header("X-Gitlab-Token")
        .event_type("header:X-Gitlab-Event")
        .ack_deadline(seconds(10))
        .retries(Retries::Never)
        .unconfirmed([Cell::AckDeadline, Cell::Retries])
        .evidence(Evidence::Docs)
        .note("GitLab 19 can sign instead: prefer `gitlab-signing` where you can choose.")
        .note("A webhook that fails again and again is said to be disabled.")
        .note(TOKEN)
}
