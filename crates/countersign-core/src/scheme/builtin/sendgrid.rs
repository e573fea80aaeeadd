//! SendGrid's event webhook.

use super::{describe, hours, minutes};
use crate::crypto::algorithm::Algorithm;
use crate::crypto::algorithm::Encoding;
use crate::scheme::{Evidence, Identity, Retries, SchemeBuilder, SchemeField};
use crate::secret::secret_format::SecretFormat;
use crate::time::unit::TimestampUnit;

pub(super) fn scheme() -> SchemeBuilder {
    describe(
        "sendgrid",
        "SendGrid",
        "sendgrid-nodejs, eventwebhook.spec.js; sendgrid 6.12.5 (PyPI), test_eventwebhook.py",
    )
    .algorithm(Algorithm::EcdsaP256)
    .secret_format(SecretFormat::Base64)
    .signature_header("X-Twilio-Email-Event-Webhook-Signature")
    .encoding(Encoding::Base64)
    .signed_payload("{ts}{body}")
    .timestamp_header("X-Twilio-Email-Event-Webhook-Timestamp", TimestampUnit::Seconds)
    .tolerance(minutes(5))
    .event_id("body:/*/sg_event_id")
    .fallback_identity(Identity::Content)
    .identity_basis("`sg_event_id` of every event (SendGrid, event webhook)")
    .retries(Retries::Within(hours(24)))
    .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::Tolerance, SchemeField::EventId])
    .evidence(Evidence::SdkSource)
    .note("The secret is the public key that the provider displays: base64, without the PEM lines around it. It needs the feature `asymmetric`.")
    .note("The provider defines no tolerance, and its SDKs check none: 300 s is our choice. Increase it if retries are rejected as too old.")
    .note("A body can end with CR LF, which is signed.")
    .note("A delivery contains several events, each with its own `sg_event_id` and `event`.")
}
