//! WooCommerce.

use super::{UNDATED, describe, seconds};
use crate::crypto::algorithm::Encoding;
use crate::scheme::{Evidence, Identity, Retries, SchemeBuilder};
use crate::secret::secret_format::SecretFormat;

pub(super) fn scheme() -> SchemeBuilder {
    describe("woocommerce", "WooCommerce", "woocommerce, class-wc-webhook.php, generate_signature")
        .secret_format(SecretFormat::HtmlEntities)
        .signature_header("X-WC-Webhook-Signature")
        .encoding(Encoding::Base64)
        .signed_payload("{body}")
        .fallback_identity(Identity::Unknown)
        .identity_basis("the topic is an unsigned header, and a custom action sends only `action` and `arg` (woocommerce, WC_Webhook::build_payload)")
        .event_type("header:X-WC-Webhook-Topic")
        .ack_deadline(seconds(60))
        .retries(Retries::Never)
        .evidence(Evidence::SdkSource)
        .note("HTML entities in the secret are decoded to their characters (`&amp;` to `&`), because the shop stores it in that form.")
        .note("The ping of a new webhook is `webhook_id=N`, form-encoded and not signed, so it is rejected.")
        .note("There are no retries, and after more than five failures in a row the shop disables the webhook. Redirects are not followed.")
        .note("`X-WC-Webhook-Delivery-ID` and `X-WC-Webhook-Topic` are not signed.")
        .note("A shop can be configured to use another algorithm than SHA-256: its deliveries are rejected.")
        .note(UNDATED)
}
