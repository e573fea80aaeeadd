//! GitHub.

use super::{days, describe, seconds};
use crate::scheme::{Evidence, Identity, Retries, SchemeBuilder, SchemeField};

pub(super) fn scheme() -> SchemeBuilder {
    describe("github", "GitHub", "@octokit/webhooks-methods 6.0.0, sign()")
        .signature_header("X-Hub-Signature-256")
        .signature_prefix("sha256=")
        .signed_payload("{body}")
        .fallback_identity(Identity::Unknown)
        .identity_basis("`workflow_dispatch`, `repository_dispatch`, `member`, `delete` and `watch` contain neither an id nor a time: two can be equal (@octokit/webhooks-types 7.6.1)")
        .event_type("header:X-GitHub-Event")
        .body_limit(25 * 1024 * 1024)
        .ack_deadline(seconds(10))
        .retries(Retries::Never)
        // A redelivery is requested manually, within three days, and can be recognised for as long.
        .retention(days(3))
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::BodyLimit])
        .evidence(Evidence::SdkRun)
        .note("`X-GitHub-Delivery` is not signed.")
        .note("`X-GitHub-Event` is not signed: do not interpret the body by this header alone.")
        .note("The legacy header `X-Hub-Signature` (SHA-1) is ignored.")
        .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
        .note("A redelivery is requested manually, within three days, and has the same body: the sender expects it to be handled again.")
}
