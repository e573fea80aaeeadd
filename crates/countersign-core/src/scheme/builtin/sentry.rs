//! Sentry's integration platform.

use super::{describe, seconds};
use crate::scheme::{Cell, Evidence, Retries, SchemeBuilder};

pub(super) fn scheme() -> SchemeBuilder {
    describe("sentry", "Sentry", "getsentry/integration-platform-example, verifySentrySignature.ts")
        .signature_header("Sentry-Hook-Signature")
        .signed("{body}")
        .event_type("header:Sentry-Hook-Resource")
        .ack_deadline(seconds(1))
        .retries(Retries::Never)
        .unconfirmed([Cell::AckDeadline, Cell::Retries])
        .evidence(Evidence::Docs)
        .note("The provider's sample hashes the body after it was parsed and written out again: the raw bytes are what is signed.")
        .note("`Sentry-Hook-Timestamp` is not signed: no freshness can be read from it.")
        .note("`Sentry-Hook-Resource` is not signed: do not decide by it alone what the body means. What happened to the resource is `/action` in the body, which is.")
        .note("`Request-ID` is not signed. The event's id is the digest of the body.")
        .note("The secret is the integration's client secret, used as text.")
}
