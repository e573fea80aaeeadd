//! Dropbox.

use super::{UNDATED, describe, seconds};
use crate::scheme::{Cell, Evidence, Handshake, Identity, Retries, SchemeBuilder};

pub(super) fn scheme() -> SchemeBuilder {
    describe("dropbox", "Dropbox", "dropbox/mdwebhook, app.py")
        .signature_header("X-Dropbox-Signature")
        .signed("{body}")
        .handshake(Handshake::unsigned("challenge").method("GET").text("query:challenge"))
        .fallback_identity(Identity::Unknown)
        .identity_basis("it names accounts and not what has changed: the next change of the same account has the same body (Dropbox, webhooks)")
        .ack_deadline(seconds(10))
        .retries(Retries::Unknown)
        .unconfirmed([Cell::AckDeadline, Cell::Retries])
        .evidence(Evidence::Docs)
        .note("The secret is the app's secret, used as text.")
        .note("A notification names the accounts whose files have changed, and nothing else: two changes have the same body. So each is handled: ask Dropbox what is new, which is the same however often it is done.")
        .note(UNDATED)
}
