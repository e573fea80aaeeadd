//! Standard Webhooks, and Svix, from which it came.

use super::{describe, minutes, seconds};
use crate::scheme::{Encoding, Evidence, Retries, SchemeBuilder, SecretFormat, TimestampUnit};

pub(super) fn scheme() -> SchemeBuilder {
    family(
        "standardwebhooks",
        "Standard Webhooks",
        "webhook-",
        "Standard Webhooks specification; standardwebhooks 1.1.1",
    )
}

pub(super) fn svix() -> SchemeBuilder {
    family("svix", "Svix", "svix-", "svix 1.99.1")
        .alternate_header_prefix("svix-", "webhook-")
        .note("Sent as `svix-*` or as `webhook-*`. Where a request has signatures in both, the first set counts.")
}

/// What all providers share whose deliveries follow the specification; their
/// headers begin with `prefix`.
pub(super) fn family(name: &str, title: &str, prefix: &str, source: &str) -> SchemeBuilder {
    describe(name, title, source)
        .secret_format(SecretFormat::Whsec)
        .signature_header(format!("{prefix}signature"))
        .signature_list(' ', ',', "v1")
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
        .evidence(Evidence::SdkRun)
        .note("The timestamp is that of the attempt; the id stays the same over all attempts.")
        .note("The secret is base64 behind an optional `whsec_`.")
}
