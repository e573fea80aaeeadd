//! Adyen's webhooks for platforms and for management.

use super::{UNDATED, describe, seconds};
use crate::scheme::{Cell, Encoding, Evidence, Retries, SchemeBuilder, SecretFormat};

pub(super) fn scheme() -> SchemeBuilder {
    describe(
        "adyen-platform",
        "Adyen (platform and management)",
        "@adyen/api-library 32.1.0, validateHMACSignature",
    )
    .secret_format(SecretFormat::Hex)
    .signature_header("HmacSignature")
    .encoding(Encoding::Base64)
    .signed("{body}")
    .event_type("body:/type")
    .ack_deadline(seconds(10))
    .retries(Retries::Unknown)
    .unconfirmed([Cell::AckDeadline, Cell::Retries, Cell::EventType])
    .evidence(Evidence::SdkRun)
    .note("The secret is hexadecimal, and the key is what it decodes to.")
    .note("`/data/id` in the body names what the event is about, such as an account. The event's id is the digest of the body.")
    .note("Adyen's standard notifications are signed in another way: each item of their body holds a signature of its own.")
    .note(UNDATED)
}
