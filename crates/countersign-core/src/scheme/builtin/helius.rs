//! Helius.

use super::{TOKEN, describe, seconds};
use crate::crypto::algorithm::Algorithm;
use crate::scheme::{Evidence, Identity, Retries, SchemeBuilder, SchemeField};

pub(super) fn scheme() -> SchemeBuilder {
    describe("helius", "Helius", "third parties' code, authHeader")
        .algorithm(Algorithm::Token)
        .signature_header("Authorization")
        .fallback_identity(Identity::Content)
        .identity_basis("the transactions of the delivery, each with its `signature` (Helius, webhooks FAQ)")
        .ack_deadline(seconds(1))
        .retries(Retries::After(vec![seconds(1), seconds(1), seconds(1)]))
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::Identity])
        .evidence(Evidence::Secondary)
        .note("The secret is the whole value that you configured as `authHeader`, including `Bearer` if you entered it.")
        .note(TOKEN)
}
