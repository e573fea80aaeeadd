//! Dropbox.

use super::{UNDATED, describe, seconds};
use crate::scheme::{Evidence, Handshake, Identity, Retries, SchemeBuilder, SchemeField};

pub(super) fn scheme() -> SchemeBuilder {
    describe("dropbox", "Dropbox", "dropbox/mdwebhook, app.py")
        .signature_header("X-Dropbox-Signature")
        .signed_payload("{body}")
        .handshake(Handshake::unsigned("challenge").method("GET").text("query:challenge"))
        .fallback_identity(Identity::Unknown)
        .identity_basis("it contains accounts and not what has changed: the next change of the same account has the same body (Dropbox, webhooks)")
        .ack_deadline(seconds(10))
        .retries(Retries::Unknown)
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
        .evidence(Evidence::Docs)
        .note("The secret is the app's secret, used as text.")
        .note("A notification contains only the accounts whose files have changed: two changes have the same body. So each delivery is handled: fetch the changes from Dropbox, which is safe to repeat.")
        .note(UNDATED)
}
