//! Supabase's database webhooks.

use super::{TOKEN, describe, seconds};
use crate::scheme::{Algorithm, Cell, Evidence, SchemeBuilder};

pub(super) fn scheme() -> SchemeBuilder {
    describe(
        "supabase",
        "Supabase (database webhooks)",
        "third-party code or documentation",
    )
    .algorithm(Algorithm::Token)
    .signature_header("Authorization")
    .signature_prefix("Bearer ")
    // A row that changes to and fro sends the same body again, and the second change must not be
    // taken for a duplicate.
    .retention(seconds(1))
    .dangerous_with_duplicates()
    .unconfirmed([Cell::AckDeadline, Cell::Retries])
    .evidence(Evidence::Secondary)
    .note(TOKEN)
    .note("The body tells a row and its change, and no event's id: two equal changes have the same body. So one is remembered for a second only, and a repeat is handled again.")
    .note("The secret is what stands behind `Bearer ` in the header that was set for the webhook.")
}
