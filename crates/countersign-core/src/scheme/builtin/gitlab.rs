//! GitLab.

use super::standard_webhooks::{WHSEC, family};
use super::{TOKEN, days, describe, seconds};
use crate::crypto::algorithm::Algorithm;
use crate::scheme::{Evidence, Identity, Retries, SchemeBuilder, SchemeField};

/// The signing token of GitLab 19: Standard Webhooks.
pub(super) fn signing() -> SchemeBuilder {
    family("gitlab-signing", "GitLab (signing token)", "webhook-", "GitLab merge requests 230944 and 231325")
        .key_length(32)
        .note(WHSEC)
        .identity_basis("`webhook-id`, one for each execution (GitLab, WebHookService)")
        .event_type("body:/object_kind")
        .ack_deadline(seconds(10))
        .retries(Retries::Never)
        .retention(days(1))
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventType])
        .evidence(Evidence::SdkSource)
        .note("`X-Gitlab-Event` is not signed.")
        .note("A secret token (`X-Gitlab-Token`) can be set in addition to the signing token. It is not needed here.")
}

/// The secret token: nothing is signed.
pub(super) fn token() -> SchemeBuilder {
    describe("gitlab-token", "GitLab (secret token)", "GitLab, documentation of webhooks")
        .algorithm(Algorithm::Token)
        .signature_header("X-Gitlab-Token")
        .fallback_identity(Identity::Unknown)
        .identity_basis("a body can be a user-defined template, and a branch that is pushed back and forth has equal bodies (GitLab, WebHookService)")
        .event_type("header:X-Gitlab-Event")
        .ack_deadline(seconds(10))
        .retries(Retries::Never)
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
        .evidence(Evidence::Docs)
        .note("GitLab 19 can sign instead: prefer `gitlab-signing` if it is available.")
        .note("Reportedly, a webhook that fails repeatedly is disabled.")
        .note(TOKEN)
}
