//! Adyen's webhooks for platforms and for management.

use super::{UNDATED, days, describe, seconds};
use crate::crypto::algorithm::Encoding;
use crate::scheme::{Evidence, Identity, Retries, SchemeBuilder, SchemeField};
use crate::secret::secret_format::SecretFormat;

pub(super) fn scheme() -> SchemeBuilder {
    describe(
        "adyen-platform",
        "Adyen (platform and management)",
        "@adyen/api-library 32.1.0, validateHMACSignature",
    )
    .secret_format(SecretFormat::Hex)
    .signature_header("HmacSignature")
    .encoding(Encoding::Base64)
    .signed_payload("{body}")
    .event_id("body:/eventId")
    .fallback_identity(Identity::Content)
    .identity_basis("`/eventId` of tokenization webhooks; others contain `/timestamp` or what has changed (@adyen/api-library 32.1.0, types)")
    .retries(Retries::Within(days(30)))
    .event_type("body:/type")
    .ack_deadline(seconds(10))
    .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventType, SchemeField::EventId, SchemeField::Identity])
    .evidence(Evidence::SdkRun)
    .note("The secret is hexadecimal, and the key is the decoded bytes.")
    .note("`/data/id` in the body is the id of the object, such as an account.")
    .note("Adyen's standard notifications use another scheme: each item of their body contains its own signature.")
    .note(UNDATED)
}
