//! Products that sign with the scheme of another name.
//!
//! An alias has its own evidence: that its key is derived as in the scheme, and which parts of its
//! profile differ. A product that derives its key in another way is a separate scheme.

use super::{minutes, seconds};
use crate::scheme::{Evidence, Retries, SchemeBuilder, SchemeField};

/// A product, the scheme with which it signs, and its known differences.
pub(super) struct Alias {
    pub(super) name: &'static str,
    pub(super) scheme: &'static str,
    known: fn(SchemeBuilder) -> SchemeBuilder,
}

impl Alias {
    /// The scheme, with the product's own evidence and profile.
    pub(super) fn describe(&self, scheme: SchemeBuilder) -> SchemeBuilder {
        (self.known)(scheme)
    }

    const fn new(
        name: &'static str,
        scheme: &'static str,
        known: fn(SchemeBuilder) -> SchemeBuilder,
    ) -> Self {
        Self { name, scheme, known }
    }
}

/// Sorted by name.
pub(super) const ALL: &[Alias] = &[
    Alias::new("adyen-management", "adyen-platform", |scheme| {
        scheme.source("@adyen/api-library 32.1.0, HmacValidator.validateHMACSignature")
    }),
    Alias::new("autumn", "svix", |scheme| {
        by_svix(scheme)
            .source("mintlify.com/useautumn, webhooks: \"powered by Svix\"")
            .evidence(Evidence::Docs)
    }),
    Alias::new("brex", "svix", |scheme| {
        scheme
            .source(
                "trigger.dev, Brex example: `Webhook-*` headers, secrets in base64 from the API",
            )
            .evidence(Evidence::Secondary)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
            .note("Read the signing secrets from the provider's API. There can be several.")
    }),
    Alias::new("clerk", "svix", |scheme| {
        by_svix(scheme).source("@clerk/backend 3.25.0, verifyWebhook").evidence(Evidence::SdkRun)
    }),
    Alias::new("dodo", "standardwebhooks", |scheme| {
        scheme
            .source("dodopayments 2.52.0, webhooks.unwrap")
            .evidence(Evidence::SdkRun)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
    }),
    Alias::new("facebook", "meta", of_meta),
    Alias::new("granola", "standardwebhooks", |scheme| {
        scheme
            .source("trigger.dev and nango.dev, Granola webhooks")
            .evidence(Evidence::Secondary)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
    }),
    Alias::new("instagram", "meta", of_meta),
    Alias::new("liveblocks", "standardwebhooks", |scheme| {
        scheme
            .source("@liveblocks/node 3.24.2, WebhookHandler.verifyRequest")
            .evidence(Evidence::SdkRun)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
            .note("The provider's SDK requires the `whsec_` prefix of its secrets. Here it is optional.")
    }),
    Alias::new("loops", "standardwebhooks", |scheme| {
        scheme
            .source("loops.so/docs/webhooks")
            .evidence(Evidence::Docs)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
    }),
    Alias::new("messenger", "meta", of_meta),
    Alias::new("recall.ai", "standardwebhooks", |scheme| {
        by_svix(scheme)
            .source("docs.recall.ai, authenticating-requests-from-recallai and faq-webhooks")
            .evidence(Evidence::Docs)
            .note("Nothing is signed until the workspace has a verification secret. Accounts created before 15 December 2025 have one secret for each endpoint and `svix-*` headers: use `svix` for those.")
    }),
    Alias::new("replicate", "standardwebhooks", |scheme| {
        scheme
            .source("replicate 1.4.0, validateWebhook; replicate.com/docs/topics/webhooks/verify-webhook")
            .evidence(Evidence::SdkRun)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
    }),
    Alias::new("resend", "svix", |scheme| {
        by_svix(scheme).source("resend 6.38.0, webhooks.verify").evidence(Evidence::SdkRun)
    }),
    Alias::new("twitter", "x-twitter", as_it_is),
    Alias::new("whatsapp", "meta", |scheme| {
        of_meta(scheme).note("The endpoint of a WhatsApp Flow does not use this scheme: it is encrypted, and its response is read.")
    }),
    Alias::new("x", "x-twitter", as_it_is),
];

/// Two names of one product.
fn as_it_is(scheme: SchemeBuilder) -> SchemeBuilder {
    scheme
}

/// Meta's products are configured on one page, and share the app's secret.
fn of_meta(scheme: SchemeBuilder) -> SchemeBuilder {
    scheme.source("hookdeck/webhook-skills, Facebook: one mechanism for Pages, Instagram, Messenger and WhatsApp")
}

/// Svix's schedule: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h.
fn by_svix(scheme: SchemeBuilder) -> SchemeBuilder {
    scheme.ack_deadline(seconds(15)).retries(Retries::After(vec![
        seconds(5),
        minutes(5),
        minutes(30),
        minutes(120),
        minutes(300),
        minutes(600),
        minutes(600),
    ]))
}
