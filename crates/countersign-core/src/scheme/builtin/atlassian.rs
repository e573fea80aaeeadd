//! Atlassian's clouds: Bitbucket and Jira.

use super::{UNDATED, describe, minutes, seconds};
use crate::scheme::{Cell, Evidence, Identity, Retries, SchemeBuilder};

pub(super) fn bitbucket() -> SchemeBuilder {
    family("bitbucket", "Bitbucket Cloud")
        .fallback_identity(Identity::Unknown)
        .identity_basis("a push that is undone and made again can have the same body: it states no time of its own")
        .event_type("header:X-Event-Key")
        .unconfirmed([Cell::Identity])
        .note("`X-Event-Key` is not signed: do not decide by it alone what the body means.")
        .note("`X-Request-UUID` is not signed.")
        .note("Said to send again twice, and no text at hand says when.")
}

pub(super) fn jira() -> SchemeBuilder {
    family("jira", "Jira Cloud")
        .fallback_identity(Identity::Content)
        .identity_basis("`/timestamp`, in milliseconds, and `/webhookEvent` (Jira, webhooks)")
        .retries(Retries::Within(minutes(30)))
        .event_type("body:/webhookEvent")
        .note("`X-Atlassian-Webhook-Identifier` is not signed.")
        .note("Said to send again five times within half an hour.")
}

fn family(name: &str, title: &str) -> SchemeBuilder {
    describe(name, title, "third parties who quote Atlassian's webhook pages; the pages' own example, computed again")
        .signature_header("X-Hub-Signature")
        .signature_prefix("sha256=")
        .signed("{body}")
        .ack_deadline(seconds(10))
        .retries(Retries::Unknown)
        .unconfirmed([Cell::AckDeadline, Cell::Retries, Cell::EventType])
        .evidence(Evidence::Secondary)
        .note("The header is `method=signature`, and Atlassian keeps the right to change the method: any but `sha256` is refused.")
        .note("Others sign by SHA-1 under the name `X-Hub-Signature`: here it is SHA-256.")
        .note(UNDATED)
}
