//! Deepgram.

use super::{TOKEN, describe};
use crate::scheme::{Algorithm, Cell, Evidence, Identity, SchemeBuilder};

pub(super) fn scheme() -> SchemeBuilder {
    describe("deepgram", "Deepgram", "third-party code or documentation")
        .algorithm(Algorithm::Token)
        .signature_header("dg-token")
        .fallback_identity(Identity::Content)
        .identity_basis(
            "the result of one request, with its times: a stream has many results with one request id",
        )
        .unconfirmed([Cell::AckDeadline, Cell::Retries, Cell::Identity])
        .evidence(Evidence::Secondary)
        .note(TOKEN)
}
