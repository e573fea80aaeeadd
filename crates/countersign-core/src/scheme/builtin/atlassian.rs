//! Atlassian's cloud products: Bitbucket and Jira.

use super::{UNDATED, describe, minutes, seconds};
use crate::scheme::{Evidence, Identity, Retries, SchemeBuilder, SchemeField};

pub(super) fn bitbucket() -> SchemeBuilder {
    family("bitbucket", "Bitbucket Cloud")
        .fallback_identity(Identity::Unknown)
        .identity_basis(
            "a push that is undone and repeated can have the same body, which contains no time",
        )
        .event_type("header:X-Event-Key")
        .unconfirmed([SchemeField::Identity])
        .note("`X-Event-Key` is not signed: do not interpret the body by this header alone.")
        .note("`X-Request-UUID` is not signed.")
        .note("Reportedly retries twice; no source says when.")
}

pub(super) fn jira() -> SchemeBuilder {
    family("jira", "Jira Cloud")
        .fallback_identity(Identity::Content)
        .identity_basis("`/timestamp`, in milliseconds, and `/webhookEvent` (Jira, webhooks)")
        .retries(Retries::Within(minutes(30)))
        .event_type("body:/webhookEvent")
        .note("`X-Atlassian-Webhook-Identifier` is not signed.")
        .note("Reportedly retries five times within half an hour.")
}

fn family(name: &str, title: &str) -> SchemeBuilder {
    describe(name, title, "third parties who quote Atlassian's webhook pages; the example on those pages was recomputed")
        .signature_header("X-Hub-Signature")
        .signature_prefix("sha256=")
        .signed_payload("{body}")
        .ack_deadline(seconds(10))
        .retries(Retries::Unknown)
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventType])
        .evidence(Evidence::Secondary)
        .note("The header is `method=signature`, and Atlassian reserves the right to change the method: all methods except `sha256` are rejected.")
        .note("Other providers use the header `X-Hub-Signature` with SHA-1: here it is SHA-256.")
        .note(UNDATED)
}
