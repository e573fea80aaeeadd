//! Helius.

use super::{TOKEN, describe, seconds};
use crate::scheme::{Algorithm, Cell, Evidence, Retries, SchemeBuilder};

pub(super) fn scheme() -> SchemeBuilder {
    describe("helius", "Helius", "third parties' code, authHeader")
        .algorithm(Algorithm::Token)
        .signature_header("Authorization")
        .ack_deadline(seconds(5))
        .retries(Retries::Unknown)
        .unconfirmed([Cell::AckDeadline, Cell::Retries])
        .evidence(Evidence::Secondary)
        .note("The secret is the whole value that you have given as `authHeader`, with `Bearer` in front if you have put it there.")
        .note(TOKEN)
}
