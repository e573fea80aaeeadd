//! Polar: Standard Webhooks, with two ways of reading its secrets.

use super::standard_webhooks::family;
use super::{minutes, seconds};
use crate::scheme::{Cell, Evidence, Retries, SchemeBuilder, SecretFormat};

pub(super) fn scheme() -> SchemeBuilder {
    family("polar", "Polar", "webhook-", "polar-sdk 1.0.2 (PyPI), polar.webhooks; polarsource/polar, server/polar/webhook/tasks.py")
        .secret_format(SecretFormat::TextAndWhsec)
        .ack_deadline(seconds(2))
        // Nine more attempts, each at most twice as long after the one before: 2 s, 4 s, 8 s, …
        .retries(Retries::Within(minutes(35)))
        .unconfirmed([Cell::AckDeadline])
        .evidence(Evidence::SdkRun)
        .note("Secrets that were made before 8 September 2026 are used as text, `whsec_` or `polar_whs_` included; of later ones the key is the base64 behind `whsec_`. The secret does not say which it is, so a delivery may be signed with either key.")
        .note("The provider waits 10 s, and asks for an answer within 2 s.")
}
