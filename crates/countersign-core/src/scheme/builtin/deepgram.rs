//! Deepgram.

use super::{TOKEN, describe};
use crate::crypto::algorithm::Algorithm;
use crate::scheme::{Evidence, Identity, SchemeBuilder, SchemeField};

pub(super) fn scheme() -> SchemeBuilder {
    describe("deepgram", "Deepgram", "third-party code or documentation")
        .algorithm(Algorithm::Token)
        .signature_header("dg-token")
        .fallback_identity(Identity::Content)
        .identity_basis(
            "the result of one request, with its times: a stream has many results with one request id",
        )
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::Identity])
        .evidence(Evidence::Secondary)
        .note(TOKEN)
}
