//! The id and the type of a delivery's event.

use countersign::{PublicUrl, Scheme, Secret, Verifier, VerifyErrorKind as Kind};
use countersign_conformance::{Expect, VectorSecret, vectors};

use fixtures::delivery::{BODY, Delivery, ID, NOW_MS, hmac_sha256, scheme, secret, verifier};

#[test]
fn the_events_of_one_transaction_have_different_ids() {
    let venum = scheme("venum");
    let id = |body: &str| event_id(&Delivery::with_body(&venum, body), &venum);
    let processed = id(r#"{"type":"processed","signature":"5K"}"#);
    let finalized = id(r#"{"type":"finalized","signature":"5K"}"#);
    assert_eq!(processed, ("5K:processed".to_owned(), "body:/signature+/type".to_owned()));
    assert_eq!(finalized, ("5K:finalized".to_owned(), "body:/signature+/type".to_owned()));
}

#[test]
fn an_unsigned_header_does_not_change_the_id() {
    for (name, header, from) in [
        ("perps-tracker", "X-Delivery-ID", "body:/id"),
        ("perps-tracker", "X-Webhook-ID", "body:/id"),
        ("github", "X-GitHub-Delivery", "digest"),
        ("shopify", "X-Shopify-Event-Id", "digest"),
        ("shopify", "X-Shopify-Webhook-Id", "digest"),
        ("linear", "Linear-Delivery", "digest"),
        ("zoom", "x-zm-trackingid", "digest"),
        ("bitbucket", "X-Request-UUID", "digest"),
        ("jira", "X-Atlassian-Webhook-Identifier", "digest"),
        ("hookdeck", "x-hookdeck-eventid", "digest"),
        ("coinbase-cdp-v0", "X-Event-Id", "digest"),
    ] {
        let scheme = scheme(name);
        let id = |value| event_id(&Delivery::of(&scheme).with_header(header, value), &scheme);
        assert_eq!(id("first"), id("second"), "{name}");
        assert_eq!(id("first").1, from, "{name}");
    }
}

#[test]
fn an_event_without_an_id_is_identified_by_the_digest_of_its_body() {
    let github = scheme("github");
    let (id, from) = event_id(&Delivery::of(&github), &github);
    assert_eq!(id, digest(BODY));
    assert_eq!(from, "digest");
}

#[test]
fn an_event_with_an_empty_body_is_identified_by_everything_signed() {
    for (name, signed) in [("stripe", "1760000000."), ("slack", "v0:1760000000:")] {
        let scheme = scheme(name);
        let id = |unix_ms| event_id(&Delivery::signed(&scheme, secret(1), unix_ms, ""), &scheme).0;
        assert_eq!(id(NOW_MS), digest(signed), "{name}");
        assert_eq!(id(NOW_MS), id(NOW_MS), "{name}");
        assert_ne!(id(NOW_MS), id(NOW_MS - 1000), "{name}");
    }
}

#[test]
fn the_signed_id_of_a_header_is_the_events_id() {
    for (name, from) in [
        ("standardwebhooks", "header:webhook-id"),
        ("openai", "header:webhook-id"),
        ("gitlab-signing", "header:webhook-id"),
        ("svix", "header:svix-id"),
        ("twitch", "header:Twitch-Eventsub-Message-Id"),
    ] {
        let scheme = scheme(name);
        let found = event_id(&Delivery::of(&scheme), &scheme);
        assert_eq!(found, (ID.to_owned(), from.to_owned()), "{name}");
    }
}

#[test]
fn the_id_and_the_type_of_an_event_are_read_from_the_providers_locations() {
    for (name, from, id, kind) in [
        ("adyen-platform", "digest", None, Some("balancePlatform.balanceAccount.created")),
        ("alchemy", "body:/id", Some("whevt_1"), Some("ADDRESS_ACTIVITY")),
        // A delivery of several events has no single type.
        ("asana", "digest", None, None),
        ("cal.com", "digest", None, Some("BOOKING_CREATED")),
        ("calendly", "digest", None, Some("invitee.created")),
        ("checkout.com", "body:/id", Some("evt_1"), Some("payment_captured")),
        ("coinbase-cdp-v0", "digest", None, Some("onchain.activity.detected")),
        (
            "coinbase-commerce",
            "body:/event/id",
            Some("24934862-d980-46cb-9402-43c81b0cdba6"),
            Some("charge:created"),
        ),
        ("discord", "digest", None, Some("1")),
        ("docusign", "digest", None, Some("envelope-completed")),
        ("elevenlabs", "digest", None, Some("post_call_transcription")),
        ("flutterwave-v3", "digest", None, Some("charge.completed")),
        ("flutterwave-v4", "digest", None, Some("charge.completed")),
        ("gitlab-token", "digest", None, Some("Push Hook")),
        ("gocardless", "body:/events/*/id", None, None),
        ("hubspot-v1", HUBSPOT_ID, Some("62515:12345:1:1564113600000"), None),
        ("intercom", "body:/id", Some("notif_1"), Some("contact.created")),
        ("lemonsqueezy", "digest", None, Some("order_created")),
        ("meta", "digest", None, Some("whatsapp_business_account")),
        ("metronome", "body:/id", Some("m1"), Some("alerts.low_balance")),
        ("mux", "body:/id", Some("f8e9"), Some("video.asset.ready")),
        ("notion", "body:/id", Some("367cba44-b6f3-4c92-81e7-6a2e9659efd4"), Some("page.created")),
        ("onfido", "digest", None, Some("check.form_opened")),
        ("paystack", "digest", None, Some("charge.success")),
        ("quicknode", "digest", None, None),
        ("razorpay", "digest", None, Some("payment.captured")),
        ("retell", "digest", None, Some("call_ended")),
        ("sendgrid", "digest", None, None),
        ("sentry", "digest", None, Some("issue")),
        ("shopify-events", "digest", None, Some("orders/create")),
        ("square", "digest", None, None),
        ("standardwebhooks-v1a", "header:webhook-id", Some("msg_p5jXN8AQM9LWM0D4loKWxJek"), None),
        ("telegram", "body:/update_id", Some("1"), None),
        ("trello", "digest", None, Some("updateCard")),
        ("typeform", "body:/event_id", Some("LtWXD3crgy"), Some("form_response")),
        ("vercel", "body:/id", Some("evt_1"), Some("deployment.created")),
        ("webflow", "digest", None, Some("form_submission")),
        ("woocommerce", "digest", None, Some("order.created")),
        ("x-twitter", "digest", None, None),
        ("xero", "digest", None, None),
        ("zendesk", "digest", None, None),
    ] {
        let vector = vectors().iter().find(|v| v.provider == name && v.expect == Expect::Valid);
        let vector = vector.unwrap();
        let VectorSecret::Text(secret) = &vector.secret else { panic!("{vector}") };
        let secret = Secret::new(secret.as_str()).unwrap();
        let verifier = match &vector.url {
            Some(url) => Verifier::with_public_url(
                PublicUrl::new(url.as_str()).unwrap(),
                scheme(name),
                secret,
            ),
            None => Verifier::new(scheme(name), secret),
        };
        let verifier = verifier.unwrap().with_clock(|| vector.now_unix_ms);
        let verified = verifier.verify(vector.head(), vector.body.clone()).unwrap();
        assert_eq!(verified.event_id_from().to_string(), from, "{name}");
        match id {
            Some(id) => assert_eq!(verified.event_id(), id, "{name}"),
            None => assert!(verified.event_id().starts_with("sha256:"), "{name}"),
        }
        assert_eq!(verified.event_type().map(|kind| kind.name), kind, "{name}");
    }
    let gocardless = scheme("gocardless");
    let body = r#"{"events":[{"id":"EV1"}],"meta":{"webhook_id":"WB1"}}"#;
    let found = event_id(&Delivery::with_body(&gocardless, body), &gocardless);
    assert_eq!(found, ("EV1".to_owned(), "body:/events/*/id".to_owned()));
}

const HUBSPOT_ID: &str = "body:/*/portalId+/*/subscriptionId+/*/eventId+/*/occurredAt";

#[test]
fn svix_accepts_either_complete_set_of_headers_and_reports_which() {
    let svix = scheme("svix");
    let delivery = Delivery::of(&svix);
    let renamed = |name: &str| name.replace("svix-", "webhook-");
    let mut renamed_all = delivery.clone();
    for (name, _) in &mut renamed_all.headers {
        *name = renamed(name);
    }
    let (id, from) = event_id(&renamed_all, &svix);
    assert_eq!((id.as_str(), from.as_str()), (ID, "header:webhook-id"));
    for index in 1..delivery.headers.len() {
        let mut mixed = delivery.clone();
        mixed.headers[index].0 = renamed(&mixed.headers[index].0);
        let rejected = mixed.rejected(&verifier(&svix));
        assert!(matches!(rejected, Some(Kind::MissingId | Kind::MissingTimestamp)), "{rejected:?}");
    }
}

#[test]
fn an_event_type_reports_whether_it_was_signed() {
    let body = r#"{"type":"from.body","event":{"type":"from.event"}}"#;
    for (name, header, expected) in [
        ("stripe", "X-Event-Type", ("from.body", true)),
        ("slack", "X-Event-Type", ("from.event", true)),
        ("github", "X-GitHub-Event", ("from-header", false)),
        ("shopify", "X-Shopify-Topic", ("from-header", false)),
        ("jupiter", "X-Event-Type", ("from.body", true)),
    ] {
        let scheme = scheme(name);
        let delivery = Delivery::with_body(&scheme, body).with_header(header, "from-header");
        let verified = delivery.verify(&verifier(&scheme)).unwrap();
        let kind = verified.event_type().map(|kind| (kind.name, kind.is_signed()));
        assert_eq!(kind, Some(expected), "{name}");
    }
}

#[test]
fn an_event_type_in_a_header_that_the_template_signs_is_signed() {
    let scheme = Scheme::builder("custom")
        .signature_header("X-Signature")
        .signed_payload("{header:X-Type}.{body}")
        .event_type("header:X-Type")
        .build()
        .unwrap();
    let value = const_hex::encode(hmac_sha256("key", "made.{}"));
    let verifier = Verifier::new(scheme, Secret::new("key").unwrap()).unwrap();
    let verify = |kind| verifier.verify(&[("X-Signature", value.as_str()), ("X-Type", kind)], "{}");
    let verified = verify("made").unwrap();
    let kind = verified.event_type().unwrap();
    assert_eq!((kind.name, kind.is_signed()), ("made", true));
    assert_eq!(verify("gone").unwrap_err().kind(), Kind::SignatureMismatch);
    let absent = verifier.verify(&[("X-Signature", value.as_str())], "{}");
    assert_eq!(absent.unwrap_err().kind(), Kind::MissingHeader);
}

#[test]
fn an_event_without_a_type_at_the_schemes_location_has_none() {
    let github = scheme("github");
    for delivery in [
        Delivery::of(&github),
        Delivery::of(&github).with_header("X-GitHub-Event", ""),
        Delivery::of(&github).with_header("X-GitHub-Event", b"\xff"),
        Delivery::of(&github).with_header("X-GitHub-Event", "\u{1b}[31mpush"),
        Delivery::of(&github).with_header("X-GitHub-Event", "a".repeat(257)),
    ] {
        assert!(delivery.verify(&verifier(&github)).unwrap().event_type().is_none());
    }
    let stripe = scheme("stripe");
    for body in ["", "[]", r#"{"type":null}"#, r#"{"type":{}}"#, r#"{"type":""}"#] {
        let verified = Delivery::with_body(&stripe, body).verify(&verifier(&stripe)).unwrap();
        assert!(verified.event_type().is_none(), "{body}");
    }
}

fn event_id(delivery: &Delivery, scheme: &Scheme) -> (String, String) {
    let at = verifier(scheme);
    let verified = delivery.verify(&at).unwrap();
    (verified.event_id().to_owned(), verified.event_id_from().to_string())
}

fn digest(bytes: impl AsRef<[u8]>) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes.as_ref());
    format!("sha256:{}", const_hex::encode(digest))
}
