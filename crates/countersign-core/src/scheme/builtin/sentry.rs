//! Sentry's integration platform.

use super::{describe, minutes, seconds};
use crate::scheme::{Evidence, Identity, Retries, SchemeBuilder, SchemeField};

pub(super) fn scheme() -> SchemeBuilder {
    describe("sentry", "Sentry", "getsentry/integration-platform-example, verifySentrySignature.ts")
        .signature_header("Sentry-Hook-Signature")
        .signed_payload("{body}")
        .fallback_identity(Identity::Unknown)
        .identity_basis("a body is action, installation, data and actor: assigned, unassigned and assigned again can be equal (getsentry/sentry, app_platform_event.py)")
        .retries(Retries::After(vec![minutes(5), minutes(5), minutes(5)]))
        .event_type("header:Sentry-Hook-Resource")
        .ack_deadline(seconds(1))
        .unconfirmed([SchemeField::AckDeadline])
        .evidence(Evidence::Docs)
        .note("The provider's sample hashes the body after parsing and serialising it: the signature covers the raw bytes.")
        .note("`Sentry-Hook-Timestamp` is not signed, so it cannot prevent replays.")
        .note("`Sentry-Hook-Resource` is not signed: do not interpret the body by this header alone. The action is `/action` in the body, which is signed.")
        .note("`Request-ID` is not signed.")
        .note("The secret is the integration's client secret, used as text.")
        .note("It retries after a timeout, 503 or 504, and after no other response (getsentry/sentry, sentry_apps/tasks).")
}
