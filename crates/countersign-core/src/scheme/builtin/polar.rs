//! Polar: Standard Webhooks, with two ways to decode its secrets.

use super::standard_webhooks::family;
use super::{minutes, seconds};
use crate::scheme::{Evidence, Retries, SchemeBuilder, SchemeField};
use crate::secret::secret_format::SecretFormat;

pub(super) fn scheme() -> SchemeBuilder {
    family("polar", "Polar", "webhook-", "polar-sdk 1.0.2 (PyPI), polar.webhooks; polarsource/polar, server/polar/webhook/tasks.py")
        .secret_format(SecretFormat::TextAndWhsec)
        .ack_deadline(seconds(2))
        // Nine more attempts, with delays that at most double: 2 s, 4 s, 8 s, …
        .retries(Retries::Within(minutes(35)))
        .unconfirmed([SchemeField::AckDeadline])
        .evidence(Evidence::SdkRun)
        .note("Secrets created before 8 September 2026 are used as text, including `whsec_` or `polar_whs_`. For later ones, the key is the base64 after `whsec_`. The format does not identify which one it is, so a delivery can be signed with either key.")
        .note("The provider waits 10 s, and recommends a response within 2 s.")
}
