//! ImageKit: Standard Webhooks, with secrets that are plain text.

use super::standard_webhooks::family;
use crate::scheme::{Evidence, Retries, SchemeBuilder, SchemeField};
use crate::secret::secret_format::SecretFormat;

pub(super) fn scheme() -> SchemeBuilder {
    family(
        "imagekit",
        "ImageKit",
        "webhook-",
        "@imagekit/nodejs 7.11.0, webhooks.unwrap; imagekitio 5.11.0 (PyPI)",
    )
    .secret_format(SecretFormat::Text)
    .retries(Retries::Unknown)
    .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
    .evidence(Evidence::SdkRun)
    .note("The secret is used as text, `whsec_` included, unlike in Standard Webhooks.")
    .note("The header `x-ik-signature` of older webhooks is not read.")
}
