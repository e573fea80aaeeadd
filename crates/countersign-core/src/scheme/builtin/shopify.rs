//! Shopify.

use super::{describe, hours, seconds};
use crate::scheme::{Cell, Encoding, Evidence, Retries, SchemeBuilder};

pub(super) fn scheme() -> SchemeBuilder {
    describe("shopify", "Shopify", "@shopify/shopify-api 13.1.0")
        .signature_header("X-Shopify-Hmac-Sha256")
        .encoding(Encoding::Base64)
        .signed("{body}")
        .event_type("header:X-Shopify-Topic")
        .ack_deadline(seconds(5))
        .retries(Retries::Within(hours(4)))
        .unconfirmed([Cell::AckDeadline])
        .evidence(Evidence::SdkRun)
        .note("`X-Shopify-Event-Id` and `X-Shopify-Webhook-Id` are not signed. `/id` in the body is the id of an order or a product, not of an event. The event's id is the digest of the body.")
        .note("`X-Shopify-Topic` is not signed: do not decide by it alone what the body means.")
        .note("`X-Shopify-Triggered-At` is not signed: no freshness can be read from it.")
        .note("The secret is the app's client secret, used as text.")
}
