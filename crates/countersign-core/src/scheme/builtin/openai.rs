//! OpenAI.

use super::standard_webhooks::family;
use super::{hours, seconds};
use crate::scheme::{Retries, SchemeBuilder, SchemeField};
use crate::secret::secret_format::SecretFormat;

pub(super) fn scheme() -> SchemeBuilder {
    family("openai", "OpenAI", "webhook-", "openai-node 6.49.0, webhooks.verifySignature")
        .secret_format(SecretFormat::WhsecOrText)
        .ack_deadline(seconds(20))
        .retries(Retries::Within(hours(72)))
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
        .note("The secret is base64 after `whsec_`; a secret without that prefix is used as text, unlike in Standard Webhooks.")
        .note(
            "The provider's SDK also accepts signatures without `v1,`; here the prefix is required.",
        )
}
