//! GitLab.

use super::standard_webhooks::family;
use super::{days, seconds};
use crate::scheme::{Cell, Evidence, Retries, SchemeBuilder};

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
