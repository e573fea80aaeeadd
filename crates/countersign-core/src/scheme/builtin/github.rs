//! GitHub.

use super::{days, describe, seconds};
use crate::scheme::{Cell, Evidence, Retries, SchemeBuilder};

pub(super) fn scheme() -> SchemeBuilder {
    describe("github", "GitHub", "@octokit/webhooks-methods 6.0.0, sign()")
        .signature_header("X-Hub-Signature-256")
        .signature_prefix("sha256=")
        .signed("{body}")
        .event_type("header:X-GitHub-Event")
        .body_limit(25 * 1024 * 1024)
        .ack_deadline(seconds(10))
        .retries(Retries::Never)
        // A redelivery is asked for by hand, within three days.
        .retention(days(3))
        .unconfirmed([Cell::AckDeadline, Cell::Retries, Cell::BodyLimit])
        .evidence(Evidence::SdkRun)
        .note("`X-GitHub-Delivery` is not signed: whoever replays a body only has to change it. The event's id is the digest of the body.")
        .note("`X-GitHub-Event` is not signed: do not decide by it alone what the body means.")
        .note("The legacy header `X-Hub-Signature` (SHA-1) is ignored.")
        .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
}
