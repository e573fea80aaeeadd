//! Atlassian's clouds: Bitbucket and Jira.

use super::{UNDATED, describe, seconds};
use crate::scheme::{Cell, Evidence, Retries, SchemeBuilder};

pub(super) fn bitbucket() -> SchemeBuilder {
    family("bitbucket", "Bitbucket Cloud")
        .event_type("header:X-Event-Key")
        .note("`X-Event-Key` is not signed: do not decide by it alone what the body means.")
        .note("`X-Request-UUID` is not signed: whoever replays a body only has to change it. The event's id is the digest of the body.")
        .note("Said to send again twice, and no text at hand says when.")
}

pub(super) fn jira() -> SchemeBuilder {
    family("jira", "Jira Cloud")
        .event_type("body:/webhookEvent")
        .note("`X-Atlassian-Webhook-Identifier` is not signed: whoever replays a body only has to change it. The event's id is the digest of the body.")
        .note("Said to send again five times over some hours, and no text at hand says when.")
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
