//! Dropbox.

use super::{UNDATED, describe, seconds};
use crate::scheme::{Cell, Evidence, Handshake, Retries, SchemeBuilder};

pub(super) fn scheme() -> SchemeBuilder {
    describe("dropbox", "Dropbox", "dropbox/mdwebhook, app.py")
        .signature_header("X-Dropbox-Signature")
        .signed("{body}")
        .handshake(Handshake::unsigned("challenge").method("GET").text("query:challenge"))
        .ack_deadline(seconds(10))
        .retries(Retries::Unknown)
        // It says whose files have changed and not what has: the next change of the same account is
        // the same body, and must not be taken for a duplicate.
        .retention(seconds(1))
        .dangerous_with_duplicates()
        .unconfirmed([Cell::AckDeadline, Cell::Retries])
        .evidence(Evidence::Docs)
        .note("The secret is the app's secret, used as text.")
        .note("A notification names the accounts whose files have changed, and nothing else: two changes have the same body. So one is remembered for a second only, and a retry is handled again: ask Dropbox what is new, which is the same however often it is done.")
        .note(UNDATED)
}
