//! Standard Webhooks, with a shared secret and with a private key, and Svix,
//! where it originated.

use super::{describe, minutes, seconds};
use crate::crypto::algorithm::Algorithm;
use crate::crypto::algorithm::Encoding;
use crate::scheme::{Evidence, Retries, RetrySignature, SchemeBuilder};
use crate::secret::secret_format::SecretFormat;
use crate::time::unit::TimestampUnit;

pub(super) fn scheme() -> SchemeBuilder {
    family(
        "standardwebhooks",
        "Standard Webhooks",
        "webhook-",
        "Standard Webhooks specification; standardwebhooks 1.1.1",
    )
    .note(WHSEC)
    .note("Some providers display `v1,whsec_…`, or several secrets joined by `|` (Supabase): both are accepted.")
    .note("Many products sign this way but use their secrets as text, including the prefix (Composio, ImageKit, Whop): if a secret never verifies, it can be one of those.")
}

pub(super) fn svix() -> SchemeBuilder {
    family("svix", "Svix", "svix-", "svix 1.99.1")
        .alternate_header_prefix("svix-", "webhook-")
        .note(WHSEC)
        .note("Sent as `svix-*` or as `webhook-*`. If a request has signatures in both, the first set is used.")
}

pub(super) fn v1a() -> SchemeBuilder {
    specified(
        "standardwebhooks-v1a",
        "Standard Webhooks (v1a, a public key)",
        "webhook-",
        "Standard Webhooks specification; svix-server, tests of asymmetric keys",
    )
    .algorithm(Algorithm::Ed25519)
    .secret_format(SecretFormat::Whpk)
    .signature_pairs(' ', ',', "v1a")
    .evidence(Evidence::Docs)
    .note("The secret is the provider's public key: base64 after an optional `whpk_`. It needs the feature `asymmetric`.")
    .note("The reference libraries do not implement it, and the signature in the specification's example belongs to another message.")
}

/// The common part of all providers that sign with a shared secret as in the
/// specification; their headers start with `prefix`.
pub(super) fn family(name: &str, title: &str, prefix: &str, source: &str) -> SchemeBuilder {
    specified(name, title, prefix, source)
        .secret_format(SecretFormat::Whsec)
        .signature_pairs(' ', ',', "v1")
        .evidence(Evidence::SdkRun)
}

/// What the specification defines for both kinds of keys.
fn specified(name: &str, title: &str, prefix: &str, source: &str) -> SchemeBuilder {
    describe(name, title, source)
        .signature_header(format!("{prefix}signature"))
        .encoding(Encoding::Base64)
        .signed_payload("{id}.{ts}.{body}")
        .id_header(format!("{prefix}id"))
        .id_excluded_char('.')
        .timestamp_header(format!("{prefix}timestamp"), TimestampUnit::Seconds)
        .tolerance(seconds(300))
        .event_id(format!("header:{prefix}id"))
        .identity_basis("the id in the header, which is signed and the same in all attempts (Standard Webhooks)")
        .retry_signature(RetrySignature::New)
        .event_type("body:/type")
        .ack_deadline(seconds(15))
        // 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h.
        .retries(Retries::Within(minutes(4536)))
        .note("The timestamp is that of the attempt; the id is the same in all attempts.")
}

/// The note for schemes whose secrets follow the specification.
pub(super) const WHSEC: &str = "The secret is base64 after an optional `whsec_`.";
