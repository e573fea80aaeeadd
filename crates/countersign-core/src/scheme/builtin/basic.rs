//! Chargebee and Postmark, which send a user and a password that the receiver chose, RFC 7617.

use super::{TOKEN, describe, hours, minutes};
use crate::crypto::algorithm::Algorithm;
use crate::scheme::{Evidence, Identity, Retries, SchemeBuilder, SchemeField};
use crate::secret::secret_format::SecretFormat;

pub(super) fn chargebee() -> SchemeBuilder {
    basic("chargebee", "Chargebee")
        .event_id("body:/id")
        .fallback_identity(Identity::Unknown)
        .identity_basis("`/id`, which the provider recommends for deduplication; nothing is signed (Chargebee, events)")
        .event_type("body:/event_type")
        .retries(Retries::Within(hours(79)))
}

pub(super) fn postmark() -> SchemeBuilder {
    basic("postmark", "Postmark")
        .fallback_identity(Identity::Content)
        .identity_basis("the message and the time of its event (Postmark, webhooks)")
        .retries(Retries::Within(minutes(630)))
        .unconfirmed([SchemeField::Identity])
}

fn basic(name: &str, title: &str) -> SchemeBuilder {
    describe(name, title, "third-party code or documentation")
        .algorithm(Algorithm::Token)
        .signature_header("Authorization")
        .signature_prefix("Basic ")
        .secret_format(SecretFormat::Basic)
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
        .evidence(Evidence::Secondary)
        .note("The secret is user and password, `user:password`, as entered at the provider for this endpoint.")
        .note(TOKEN)
        .note("The provider also supports a token in the URL. URLs appear in logs: use user and password instead.")
}
