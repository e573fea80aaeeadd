//! Flutterwave: the token of version 3, the signature of version 4.

use super::{TOKEN, UNDATED, describe, seconds};
use crate::crypto::algorithm::Algorithm;
use crate::crypto::algorithm::Encoding;
use crate::scheme::{Evidence, Identity, Retries, SchemeBuilder, SchemeField};

pub(super) fn v3() -> SchemeBuilder {
    family("flutterwave-v3", "Flutterwave (v3, secret hash)")
        .algorithm(Algorithm::Token)
        .signature_header("verif-hash")
        .fallback_identity(Identity::Content)
        .identity_basis("the transaction and its state")
        .event_type("body:/event")
        .unconfirmed([SchemeField::Identity])
        .note("The secret is the secret hash that you have chosen, and is sent unchanged.")
        .note(TOKEN)
}

pub(super) fn v4() -> SchemeBuilder {
    family("flutterwave-v4", "Flutterwave (v4)")
        .signature_header("flutterwave-signature")
        .encoding(Encoding::Base64)
        .signed_payload("{body}")
        .fallback_identity(Identity::Content)
        .identity_basis("`/timestamp`, in milliseconds, and `/webhook_id`, which no source describes as the event's id")
        .event_type("body:/type")
        .unconfirmed([SchemeField::Identity])
        .note("The sources contradict each other: one encodes the signature in base64, as here, and another in hexadecimal. Test it with a real delivery before you rely on it.")
        .note(UNDATED)
}

fn family(name: &str, title: &str) -> SchemeBuilder {
    describe(name, title, "third parties' code")
        .ack_deadline(seconds(5))
        .retries(Retries::Unknown)
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventType])
        .evidence(Evidence::Secondary)
        .note("No source defines an event id: the event's id is the digest of the body.")
}
