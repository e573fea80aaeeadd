//! Shopify.

use super::{UNDATED, describe, hours, seconds};
use crate::crypto::algorithm::Encoding;
use crate::scheme::{Evidence, Identity, Retries, SchemeBuilder, SchemeField};

pub(super) fn scheme() -> SchemeBuilder {
    family("shopify", "Shopify", "X-Shopify-")
}

/// The newer headers, without the `X-`.
pub(super) fn events() -> SchemeBuilder {
    family("shopify-events", "Shopify (events)", "Shopify-")
        .note("Only the names of the headers differ from the scheme `shopify`.")
}

fn family(name: &str, title: &str, prefix: &str) -> SchemeBuilder {
    describe(name, title, "@shopify/shopify-api 13.1.0")
        .signature_header(format!("{prefix}Hmac-Sha256"))
        .encoding(Encoding::Base64)
        .signed_payload("{body}")
        .fallback_identity(Identity::Unknown)
        .identity_basis("the topic is an unsigned header: two topics of one resource can have the same body, and a deletion is `{\"id\":N}` (@shopify/shopify-api 13.1.0)")
        .event_type(format!("header:{prefix}Topic"))
        .ack_deadline(seconds(5))
        .retries(Retries::Within(hours(4)))
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Interactive])
        .evidence(Evidence::SdkRun)
        .note(format!("`{prefix}Event-Id` and `{prefix}Webhook-Id` are not signed. `/id` in the body is the id of an order or a product, not of an event."))
        .note(format!("`{prefix}Topic` is not signed: do not interpret the body by this header alone."))
        .note(format!("`{prefix}Triggered-At` is not signed, so it cannot prevent replays."))
        .note("The secret is the app's client secret, used as text.")
        .note("Carrier services and Flow read the response: handle redeliveries of theirs, which is the default.")
        .note(UNDATED)
}
