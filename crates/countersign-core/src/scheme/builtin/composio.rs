//! Composio: Standard Webhooks, with secrets that are plain text.

use super::standard_webhooks::family;
use crate::scheme::{Evidence, Retries, SchemeBuilder, SchemeField};
use crate::secret::secret_format::SecretFormat;

pub(super) fn scheme() -> SchemeBuilder {
    family(
        "composio",
        "Composio",
        "webhook-",
        "@composio/core 0.17.0, triggers.verifyWebhook; composio 0.30.0 (PyPI)",
    )
    .secret_format(SecretFormat::Text)
    .retries(Retries::Unknown)
    .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
    .evidence(Evidence::SdkRun)
    .note("The secret is used as text, unlike in Standard Webhooks.")
}
