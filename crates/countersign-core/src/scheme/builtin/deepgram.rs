//! Deepgram.

use super::{TOKEN, describe};
use crate::scheme::{Algorithm, Cell, Evidence, SchemeBuilder};

pub(super) fn scheme() -> SchemeBuilder {
    describe("deepgram", "Deepgram", "third-party code or documentation")
        .algorithm(Algorithm::Token)
        .signature_header("dg-token")
        .unconfirmed([Cell::AckDeadline, Cell::Retries])
        .evidence(Evidence::Secondary)
        .note(TOKEN)
}
