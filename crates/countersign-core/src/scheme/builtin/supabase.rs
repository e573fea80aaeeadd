//! Supabase's database webhooks.

use super::{TOKEN, describe};
use crate::crypto::algorithm::Algorithm;
use crate::scheme::{Evidence, Identity, Retries, SchemeBuilder, SchemeField};

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
    .identity_basis("a row that changes back and forth has equal bodies")
    .retries(Retries::Never)
    .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
    .evidence(Evidence::Secondary)
    .note("There are no retries: the database sends the request once (`pg_net`).")
    .note(TOKEN)
    .note("The body contains a row and its change, but no event id: two equal changes have the same body. So each delivery is handled.")
    .note("The secret is the text after `Bearer ` in the header that was configured for the webhook.")
}
