//! Supabase's database webhooks.

use super::{TOKEN, describe};
use crate::scheme::{Algorithm, Cell, Evidence, Identity, Retries, SchemeBuilder};

pub(super) fn scheme() -> SchemeBuilder {
    describe(
        "supabase",
        "Supabase (database webhooks)",
        "third-party code or documentation",
    )
    .algorithm(Algorithm::Token)
    .signature_header("Authorization")
    .signature_prefix("Bearer ")
    .fallback_identity(Identity::Unknown)
    .identity_basis("a row that changes to and fro has the same body again")
    .retries(Retries::Never)
    .unconfirmed([Cell::AckDeadline, Cell::Retries])
    .evidence(Evidence::Secondary)
    .note("Nothing is sent again: the request is made once, by the database (`pg_net`).")
    .note(TOKEN)
    .note("The body tells a row and its change, and no event's id: two equal changes have the same body. So each is handled.")
    .note("The secret is what stands behind `Bearer ` in the header that was set for the webhook.")
}
