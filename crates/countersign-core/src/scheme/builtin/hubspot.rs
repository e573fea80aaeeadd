//! HubSpot's three ways of signing.

use super::{UNDATED, describe, hours, seconds};
use crate::scheme::{
    Algorithm, Cell, Encoding, Evidence, Identity, Retries, SchemeBuilder, TimestampUnit,
};

pub(super) fn v3() -> SchemeBuilder {
    family("hubspot", "HubSpot")
        .signature_header("X-HubSpot-Signature-v3")
        .signed("{method}{unescaped_url}{body}{ts}")
        .encoding(Encoding::Base64)
        .timestamp_header("X-HubSpot-Request-Timestamp", TimestampUnit::Milliseconds)
        .tolerance(seconds(300))
        .evidence(Evidence::SdkRun)
        .note("The headers of all three versions may come together: this one reads its own only.")
        .note("HubSpot decodes the percent-escapes of twelve marks in the URL before it signs it: `: / ? @ ! $ ' ( ) * , ;`.")
        .note("The provider's SDK checks the age only; here a timestamp in the future is refused too.")
}

pub(super) fn v1() -> SchemeBuilder {
    digest("hubspot-v1", "HubSpot (v1 signature)", "{secret}{body}")
}

pub(super) fn v2() -> SchemeBuilder {
    digest("hubspot-v2", "HubSpot (v2 signature)", "{secret}{method}{url}{body}")
}

fn digest(name: &str, title: &str, signed: &str) -> SchemeBuilder {
    family(name, title)
        .algorithm(Algorithm::Sha256)
        .signature_header("X-HubSpot-Signature")
        .signed(signed)
        // So the bytes of one version are none of the other, and a body cannot be made longer.
        .body_begins_with("{[")
        .evidence(Evidence::SdkSource)
        .note("The signature is a plain digest, not an HMAC: whoever has recorded a delivery can append to its body and compute the signature of the longer one, without the secret. So a body that is not one JSON document to its end is rejected. Use version 3 where it is sent.")
        .note("`X-HubSpot-Signature-Version` chooses nothing: the endpoint's scheme says which version it takes.")
        .note(UNDATED)
}

fn family(name: &str, title: &str) -> SchemeBuilder {
    describe(name, title, "@hubspot/api-client 13.5.0, Signature and its tests")
        .event_id("body:/*/portalId+/*/subscriptionId+/*/eventId+/*/occurredAt")
        .fallback_identity(Identity::Unknown)
        .identity_basis("portal, subscription, event and time of every event, since `eventId` alone is not unique; `attemptNumber` beside them counts up. The bodies of workflow actions are the user's (HubSpot, webhooks)")
        .ack_deadline(seconds(5))
        .retries(Retries::Within(hours(24)))
        .unconfirmed([Cell::AckDeadline, Cell::Retries, Cell::EventId])
        .note("The secret is the app's client secret, used as text.")
        .note("A delivery holds any number of events and has no type of its own: each has its `eventId` and `subscriptionType`.")
}
