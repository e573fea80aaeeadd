//! Standard Webhooks, by a shared secret and by a private key, and Svix, from
//! which it came.

use super::{describe, minutes, seconds};
use crate::scheme::{
    Algorithm, Encoding, Evidence, Retries, SchemeBuilder, SecretFormat, TimestampUnit,
};

pub(super) fn scheme() -> SchemeBuilder {
    family(
        "standardwebhooks",
        "Standard Webhooks",
        "webhook-",
        "Standard Webhooks specification; standardwebhooks 1.1.1",
    )
    .note("That their webhooks are of this scheme was read in texts of Liveblocks, Polar and Whop themselves; of Composio, Dodo, Granola, Loops, Recall.ai and Replicate, in those of third parties only.")
    .note("Liveblocks wants the `whsec_` of its secrets to be there; here it may be left out.")
}

pub(super) fn svix() -> SchemeBuilder {
    family("svix", "Svix", "svix-", "svix 1.99.1")
        .alternate_header_prefix("svix-", "webhook-")
        .note("That theirs are of this scheme was seen with Resend's own SDK and read in Clerk's; of Autumn and Brex no text at hand confirms it.")
        .note("Sent as `svix-*` or as `webhook-*`. Where a request has signatures in both, the first set counts.")
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
    .signature_list(' ', ',', "v1a")
    .evidence(Evidence::Docs)
    .note("The secret is the provider's public key: base64 behind an optional `whpk_`. It needs the feature `asymmetric`.")
    .note("The reference libraries do not implement it, and the signature in the specification's example of headers belongs to another message.")
}

/// What all providers share whose deliveries are signed with a shared secret, by
/// the specification; their headers begin with `prefix`.
pub(super) fn family(name: &str, title: &str, prefix: &str, source: &str) -> SchemeBuilder {
    specified(name, title, prefix, source)
        .secret_format(SecretFormat::Whsec)
        .signature_list(' ', ',', "v1")
        .evidence(Evidence::SdkRun)
        .note("The secret is base64 behind an optional `whsec_`.")
}

/// What the specification says of both kinds of key.
fn specified(name: &str, title: &str, prefix: &str, source: &str) -> SchemeBuilder {
    describe(name, title, source)
        .signature_header(format!("{prefix}signature"))
        .encoding(Encoding::Base64)
        .signed("{id}.{ts}.{body}")
        .id_header(format!("{prefix}id"))
        .id_forbids('.')
        .timestamp_header(format!("{prefix}timestamp"), TimestampUnit::Seconds)
        .tolerance(seconds(300))
        .event_id(format!("header:{prefix}id"))
        .event_type("body:/type")
        .ack_deadline(seconds(15))
        // 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h.
        .retries(Retries::Within(minutes(4536)))
        .note("The timestamp is that of the attempt; the id stays the same over all attempts.")
}
