//! HubSpot's three signature versions.

use super::{UNDATED, describe, hours, seconds};
use crate::crypto::algorithm::Algorithm;
use crate::crypto::algorithm::Encoding;
use crate::scheme::{Evidence, Identity, Retries, SchemeBuilder, SchemeField};
use crate::time::unit::TimestampUnit;

pub(super) fn v3() -> SchemeBuilder {
    family("hubspot", "HubSpot")
        .signature_header("X-HubSpot-Signature-v3")
        .signed_payload("{method}{unescaped_url}{body}{ts}")
        .encoding(Encoding::Base64)
        .timestamp_header("X-HubSpot-Request-Timestamp", TimestampUnit::Milliseconds)
        .tolerance(seconds(300))
        .evidence(Evidence::SdkRun)
        .note("A request can contain the headers of all three versions: this scheme reads only its own.")
        .note("HubSpot decodes the percent-escapes of twelve marks in the URL before it signs it: `: / ? @ ! $ ' ( ) * , ;`.")
        .note("The provider's SDK checks the age only; here a timestamp in the future is rejected, too.")
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
        .signed_payload(signed)
        // So the signed bytes of one version are never those of another, and a body cannot be
        // extended.
        .body_begins_with("{[")
        .evidence(Evidence::SdkSource)
        .note("The signature is a plain digest, not an HMAC: anyone who has recorded a delivery can append to its body and compute the signature of the longer one, without the secret. So a body that is not one complete JSON document is rejected. Use version 3 if it is available.")
        .note("`X-HubSpot-Signature-Version` has no effect: the endpoint's scheme determines the version.")
        .note(UNDATED)
}

fn family(name: &str, title: &str) -> SchemeBuilder {
    describe(name, title, "@hubspot/api-client 13.5.0, Signature and its tests")
        .event_id("body:/*/portalId+/*/subscriptionId+/*/eventId+/*/occurredAt")
        .fallback_identity(Identity::Unknown)
        .identity_basis("portal, subscription, event and time of every event, since `eventId` alone is not unique; `attemptNumber` counts the attempts. The bodies of workflow actions are user-defined (HubSpot, webhooks)")
        .ack_deadline(seconds(5))
        .retries(Retries::Within(hours(24)))
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventId])
        .note("The secret is the app's client secret, used as text.")
        .note("A delivery contains any number of events and has no type: each event has its `eventId` and `subscriptionType`.")
}
