//! Whop: Standard Webhooks, with secrets that are plain text.

use super::standard_webhooks::family;
use crate::scheme::{Evidence, Retries, SchemeBuilder, SchemeField};
use crate::secret::secret_format::SecretFormat;

pub(super) fn scheme() -> SchemeBuilder {
    family("whop", "Whop", "webhook-", "whop-sdk 2.6.0 (PyPI), whop_sdk.lib.verify_webhook")
        .source("docs.whop.com, developer/guides/webhooks")
        .secret_format(SecretFormat::Text)
        .retries(Retries::Unknown)
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
        .evidence(Evidence::SdkRun)
        .note("The secret (`ws_…`) is used as text, unlike in Standard Webhooks: that is why the provider's own examples encode it in base64 before passing it to a library.")
}
