//! What the description of a scheme can say, by the providers that need it: 51
//! custom schemes, run against their vectors.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::TimestampUnit::{HttpDate, Milliseconds, Rfc3339, Seconds};
use countersign::{
    Algorithm, BodyView, ConfigError, Encoding, EventIdFrom, Head, PublicUrl, Scheme,
    SchemeBuilder, Secret, SecretFormat, Signed, Signer, Tolerance, Verifier,
    VerifyErrorKind as Kind,
};
use countersign_conformance::{Expect, Vector, VectorSecret, vectors};

use ring::digest;

use crate::delivery::{
    Delivery, NO_HEADERS, NOW_MS, hmac_sha256, scheme, schemes, secret, secret_text, verifier,
};

#[test]
fn every_vector_of_a_provider_that_is_pure_data_gets_its_verdict() {
    let mut run = 0;
    for builder in providers() {
        let scheme = builder.build().unwrap();
        for vector in vectors().iter().filter(|vector| vector.provider == scheme.name()) {
            vector.check(&scheme).unwrap_or_else(|disagreement| panic!("{disagreement}"));
            run += 1;
        }
    }
    assert_eq!(run, 282);
}

#[test]
fn only_fourteen_providers_cannot_be_described() {
    let built_in = schemes().map(|scheme| scheme.name().to_owned());
    let custom = providers().into_iter().map(|builder| builder.build().unwrap().name().to_owned());
    let described: BTreeSet<String> = built_in.chain(custom).collect();
    let all: BTreeSet<&str> = vectors().iter().map(|vector| vector.provider.as_str()).collect();
    let left: Vec<&str> = all.into_iter().filter(|name| !described.contains(*name)).collect();
    assert_eq!(left, NEED_CODE);
}

/// What they sign is derived from the parsed body or chosen by the request, or
/// two secrets belong to two headers, or it is a token of another kind.
const NEED_CODE: [&str; 14] = [
    "adyen",
    "aws-sns",
    "box",
    "coinbase-cdp-v1",
    "contentful",
    "figma",
    "fusionauth",
    "mailgun",
    "mandrill",
    "moralis",
    "paypal",
    "plaid",
    "twilio",
    "twilio-sharedkey",
];

#[test]
fn the_path_and_query_of_an_origin_are_those_of_the_request() {
    for (name, origin) in [("square", "https://example.com"), ("trello", "https://mycallback.com")]
    {
        let vector = valid(name);
        let verifier =
            |url| Verifier::at(url, provider(name), Secret::new(text(vector)).unwrap()).unwrap();
        let body = || vector.body.clone();
        let at_origin = verifier(PublicUrl::origin(origin).unwrap());
        assert!(at_origin.verify(vector.head(), body()).is_ok(), "{vector}");
        let elsewhere = Head::new("POST", "/elsewhere", &vector.headers);
        let refused = at_origin.verify(elsewhere, body()).unwrap_err();
        assert_eq!(refused.kind(), Kind::SignatureMismatch, "{vector}");
        // Headers alone do not say which path was asked for.
        let refused = at_origin.begin(&vector.headers).unwrap_err();
        assert_eq!(refused.kind(), Kind::Misconfigured, "{vector}");
        let exact = verifier(PublicUrl::new(vector.url.clone().unwrap()).unwrap());
        assert!(exact.verify(elsewhere, body()).is_ok(), "{vector}");
    }
}

#[test]
fn the_method_is_signed_where_the_template_has_it() {
    let post = named("hubspot-v2", "v2: POST");
    let url = PublicUrl::new(post.url.clone().unwrap()).unwrap();
    let secret = Secret::new(text(post)).unwrap();
    let verifier = Verifier::at(url, provider("hubspot-v2"), secret).unwrap();
    let verify = |method| {
        verifier.verify(Head::new(method, "/", &post.headers), post.body.clone()).map(drop)
    };
    assert_eq!(verify("POST"), Ok(()));
    assert_eq!(verify("PUT").unwrap_err().kind(), Kind::SignatureMismatch);
}

#[test]
fn a_scheme_that_signs_the_url_has_no_verifier_without_one() {
    let refused = Verifier::new(provider("square"), Secret::new("key").unwrap()).unwrap_err();
    assert!(matches!(refused, ConfigError::UrlRequired { scheme, .. } if scheme == "square"));
}

#[test]
fn a_match_in_any_of_several_headers_is_enough() {
    let scheme = provider("docusign");
    let verifier = Verifier::new(scheme, Secret::new("key").unwrap()).unwrap();
    let right = STANDARD.encode(hmac_sha256("key", "{}"));
    let wrong = STANDARD.encode([7; 32]);
    let headers = ["X-DocuSign-Signature-1", "X-DocuSign-Signature-2", "X-DocuSign-Signature-3"];
    for place in 0..headers.len() {
        let mut sent: Vec<(&str, &str)> = headers.map(|header| (header, wrong.as_str())).into();
        sent[place].1 = &right;
        assert!(verifier.verify(&sent, "{}").is_ok(), "{place}");
        // The others need not be there, and may be of no use.
        assert!(verifier.verify(&[sent[place]], "{}").is_ok(), "{place}");
        let empty =
            sent.iter().map(|(name, value)| (*name, if *value == right { &right } else { "" }));
        assert!(verifier.verify(&empty.collect::<Vec<_>>(), "{}").is_ok(), "{place}");
        sent.push(sent[place]);
        let refused = verifier.begin(&sent).unwrap_err();
        assert_eq!(refused.kind(), Kind::RepeatedHeader, "{place}");
    }
}

#[test]
fn an_empty_body_is_signed_like_any_other() {
    let zendesk = provider("zendesk");
    let signed = STANDARD.encode(hmac_sha256("key", "2025-10-09T08:53:20Z"));
    let headers = [
        ("X-Zendesk-Webhook-Signature", signed.as_str()),
        ("X-Zendesk-Webhook-Signature-Timestamp", "2025-10-09T08:53:20Z"),
    ];
    let verifier = Verifier::new(zendesk, Secret::new("key").unwrap()).unwrap();
    let verifier = verifier.with_clock(|| NOW_MS);
    assert!(verifier.verify(Head::new("GET", "/hook", &headers), "").is_ok());
    assert!(verifier.begin(&headers).unwrap().verify().is_ok());
}

#[test]
fn a_timestamp_is_read_in_every_unit_and_signed_as_it_was_written() {
    let unit = |unit| {
        let scheme = over_body("unit", "X-Signature").signed("{ts}|{body}");
        let scheme = scheme.timestamp_header("X-Time", unit).build().unwrap();
        Verifier::new(scheme, Secret::new("key").unwrap()).unwrap().with_clock(|| NOW_MS)
    };
    for (verifier, time, unix_ms) in [
        (unit(Seconds), "1760000000", NOW_MS),
        (unit(Seconds), "0001760000000", NOW_MS),
        (unit(Milliseconds), "1760000000123", NOW_MS + 123),
        (unit(Rfc3339), "2025-10-09T08:53:20Z", NOW_MS),
        (unit(Rfc3339), "2025-10-09T10:53:20+02:00", NOW_MS),
        (unit(Rfc3339), "2025-10-09T01:23:20.123456789-07:30", NOW_MS + 123),
        (unit(HttpDate), "Thu, 09 Oct 2025 08:53:20 GMT", NOW_MS),
    ] {
        let tag = const_hex::encode(hmac_sha256("key", format!("{time}|{{}}")));
        let verified = verifier.verify(&[("X-Signature", tag.as_str()), ("X-Time", time)], "{}");
        let at = verified.map(|verified| verified.signed_at_unix_ms());
        assert_eq!(at, Ok(Some(unix_ms)), "{time}");
    }
}

#[test]
fn past_and_future_have_a_tolerance_each_and_either_may_be_unlimited() {
    let both = Tolerance::new(seconds(60), seconds(5));
    let minute_ms = 60_000;
    let year_ms = 365 * 24 * 60 * minute_ms;
    for (tolerance, age_ms, verdict) in [
        (both, minute_ms, None),
        (both, minute_ms + 1000, Some(Kind::TimestampTooOld)),
        (both, -5000, None),
        (both, -6000, Some(Kind::TimestampInFuture)),
        (both.dangerous_without_past_limit(), year_ms, None),
        (both.dangerous_without_past_limit(), -6000, Some(Kind::TimestampInFuture)),
        (both.dangerous_without_future_limit(), -year_ms, None),
        (both.dangerous_without_future_limit(), year_ms, Some(Kind::TimestampTooOld)),
    ] {
        let scheme = list("custom", "X-Signature", "v1").timestamp_field("t", Seconds);
        let scheme = scheme.tolerances(tolerance).retention(seconds(86_400 * 4)).build().unwrap();
        let delivery = Delivery::signed(&scheme, secret(1), NOW_MS - age_ms, "{}");
        let refused = delivery.refused_at_once(&verifier(&scheme));
        assert_eq!(refused, verdict, "{tolerance:?}, {age_ms} ms old");
    }
}

#[test]
fn a_base64_signature_is_split_off_at_the_first_separator_only() {
    for assign in ['=', ',', ':'] {
        let scheme = Scheme::builder("custom")
            .signature_header("X-Signature")
            .signature_list(';', assign, "v1")
            .signed("{body}")
            .encoding(Encoding::Base64)
            .build()
            .unwrap();
        let delivery = Delivery::of(&scheme);
        assert!(delivery.header("X-Signature").ends_with(b"="));
        assert_eq!(delivery.refused(&verifier(&scheme)), None, "{assign}");
    }
}

#[test]
fn a_space_in_front_of_an_item_is_for_the_schemes_that_send_one() {
    for (name, header, is_sent) in
        [("workos", "WorkOS-Signature", true), ("venum", "X-Venum-Signature", false)]
    {
        let scheme = scheme(name);
        let delivery = Delivery::of(&scheme);
        let value = String::from_utf8(delivery.header(header).to_vec()).unwrap();
        for (separator, taken) in [(",", true), (", ", is_sent), ("\t,", false), (" ,", false)] {
            let value = value.replace(", ", ",").replace(',', separator);
            let refused = delivery.clone().with_header(header, value).refused(&verifier(&scheme));
            assert_eq!(refused.is_none(), taken, "{name}: {separator:?}: {refused:?}");
        }
    }
}

#[test]
fn a_token_proves_its_sender_and_not_the_body() {
    let scheme = token("custom", "X-Token").event_type("body:/type").build().unwrap();
    let verifier = Verifier::new(scheme, Secret::new("pass word").unwrap()).unwrap();
    let verified = verifier.verify(&[("X-Token", "pass word")], r#"{"type":"a"}"#).unwrap();
    assert!(!verified.authenticates_body());
    assert_eq!(verified.event_type().map(|kind| kind.signed), Some(Signed::No));
    assert_eq!(verified.event_id_from(), &EventIdFrom::Digest);
    for wrong in ["pass wor", "pass words", "Pass word", " pass word", "pass word "] {
        let refused = verifier.verify(&[("X-Token", wrong)], "{}").unwrap_err();
        assert_eq!(refused.kind(), Kind::SignatureMismatch, "{wrong:?}");
    }
    let empty = verifier.begin(&[("X-Token", "")]).unwrap_err();
    assert_eq!(empty.kind(), Kind::MalformedSignature);
    assert_eq!(verifier.begin(&NO_HEADERS).unwrap_err().kind(), Kind::MissingSignature);
}

#[test]
fn the_secret_of_a_plain_digest_stands_first_or_last() {
    for template in ["{secret}{body}", "{secret}|{method}{body}", "{body}|{secret}"] {
        let scheme = over_body("custom", "X-Signature").signed(template);
        let scheme = scheme.algorithm(Algorithm::Sha256).build().unwrap();
        let message = template.replace("{secret}", &secret_text(1)).replace("{method}", "POST");
        let message = message.replace("{body}", "{}");
        let tag = digest::digest(&digest::SHA256, message.as_bytes());
        let headers = [("X-Signature", const_hex::encode(tag))];
        assert!(verifier(&scheme).verify(&headers, "{}").is_ok(), "{template}");
        assert!(verifier(&scheme).verify(&headers, "{ }").is_err(), "{template}");
    }
}

#[test]
fn the_holder_of_a_public_key_cannot_sign() {
    for name in ["discord", "sendgrid", "standardwebhooks-v1a"] {
        let secret = Secret::new(text(valid(name))).unwrap();
        let refused = Signer::new(provider(name), secret).unwrap_err();
        assert!(matches!(refused, ConfigError::Sign { .. }), "{name}: {refused:?}");
    }
}

fn provider(name: &str) -> Scheme {
    let built = providers().into_iter().map(|builder| builder.build().unwrap());
    built.into_iter().find(|scheme| scheme.name() == name).unwrap()
}

/// One for each of these providers, with a secret of its kind.
pub(crate) fn verifiers() -> Vec<Verifier> {
    let verifier = |builder: SchemeBuilder| {
        let scheme = builder.build().unwrap();
        let vector = valid(scheme.name());
        let secret = Secret::new(text(vector)).unwrap();
        let verifier = match &vector.url {
            Some(url) => Verifier::at(PublicUrl::new(url.as_str()).unwrap(), scheme, secret),
            None => Verifier::new(scheme, secret),
        };
        verifier.unwrap().with_clock(|| NOW_MS)
    };
    providers().into_iter().map(verifier).collect()
}

fn valid(provider: &str) -> &'static Vector {
    let is_wanted = |v: &&Vector| v.provider == provider && v.expect == Expect::Valid;
    vectors().iter().find(is_wanted).unwrap()
}

fn named(provider: &str, name: &str) -> &'static Vector {
    vectors().iter().find(|v| v.provider == provider && v.name == name).unwrap()
}

fn text(vector: &Vector) -> &str {
    match &vector.secret {
        VectorSecret::Text(text) => text,
        other => panic!("{vector}: {other:?}"),
    }
}

/// All that is data and not built in.
fn providers() -> Vec<SchemeBuilder> {
    vec![
        // Hexadecimal over the body.
        over_body("alchemy", "X-Alchemy-Signature"),
        over_body("asana", "X-Hook-Signature"),
        over_body("cal.com", "X-Cal-Signature-256"),
        over_body("checkout.com", "Cko-Signature"),
        over_body("coinbase-commerce", "X-CC-Webhook-Signature"),
        over_body("coinify", "X-Coinify-Webhook-Signature"),
        over_body("dropbox", "X-Dropbox-Signature"),
        over_body("gocardless", "Webhook-Signature"),
        over_body("lemonsqueezy", "X-Signature"),
        over_body("onfido", "X-SHA2-Signature"),
        over_body("razorpay", "X-Razorpay-Signature"),
        over_body("sentry", "Sentry-Hook-Signature"),
        // Behind a prefix.
        over_body("bitbucket", "X-Hub-Signature").signature_prefix("sha256="),
        over_body("jira", "X-Hub-Signature").signature_prefix("sha256="),
        over_body("meta", "X-Hub-Signature-256").signature_prefix("sha256="),
        over_body("notion", "X-Notion-Signature").signature_prefix("sha256="),
        // Other algorithms.
        over_body("intercom", "X-Hub-Signature")
            .signature_prefix("sha1=")
            .algorithm(Algorithm::HmacSha1),
        over_body("vercel", "x-vercel-signature").algorithm(Algorithm::HmacSha1),
        over_body("paystack", "x-paystack-signature").algorithm(Algorithm::HmacSha512),
        // Base64.
        over_body("flutterwave-v4", "flutterwave-signature").encoding(Encoding::Base64),
        over_body("line", "x-line-signature").encoding(Encoding::Base64),
        over_body("shopify-events", "shopify-hmac-sha256").encoding(Encoding::Base64),
        over_body("xero", "x-xero-signature").encoding(Encoding::Base64),
        over_body("typeform", "Typeform-Signature")
            .signature_prefix("sha256=")
            .encoding(Encoding::Base64),
        over_body("x-twitter", "x-twitter-webhooks-signature")
            .signature_prefix("sha256=")
            .encoding(Encoding::Base64),
        // A secret that is not the key as it stands.
        over_body("adyen-platform", "HmacSignature")
            .encoding(Encoding::Base64)
            .secret_format(SecretFormat::Hex),
        over_body("woocommerce", "X-WC-Webhook-Signature")
            .encoding(Encoding::Base64)
            .secret_format(SecretFormat::HtmlEntities),
        // A signature in any of several headers.
        over_body("docusign", "X-DocuSign-Signature-1")
            .also_in("X-DocuSign-Signature-2")
            .also_in("X-DocuSign-Signature-3")
            .encoding(Encoding::Base64),
        over_body("hookdeck", "x-hookdeck-signature")
            .also_in("x-hookdeck-signature-2")
            .encoding(Encoding::Base64),
        // The timestamp and the signatures in one list.
        list("calendly", "Calendly-Webhook-Signature", "v1")
            .timestamp_field("t", Seconds)
            .tolerance(seconds(180)),
        list("cloudflare-stream", "Webhook-Signature", "sig1").timestamp_field("time", Seconds),
        list("coinbase-cdp-v0", "X-Hook0-Signature", "v0").timestamp_field("t", Seconds),
        list("elevenlabs", "ElevenLabs-Signature", "v0")
            .timestamp_field("t", Seconds)
            .tolerance(seconds(1800)),
        list("mux", "Mux-Signature", "v1").timestamp_field("t", Seconds),
        list("retell", "x-retell-signature", "d")
            .timestamp_field("v", Milliseconds)
            .signed("{body}{ts}"),
        // The timestamp in a header of its own, in each unit.
        over_body("quicknode", "X-QN-Signature")
            .signed("{header:X-QN-Nonce}{ts}{body}")
            .timestamp_header("X-QN-Timestamp", Seconds)
            .body_view(BodyView::Decoded),
        over_body("webflow", "x-webflow-signature")
            .signed("{ts}:{body}")
            .timestamp_header("x-webflow-timestamp", Milliseconds),
        over_body("zendesk", "X-Zendesk-Webhook-Signature")
            .signed("{ts}{body}")
            .encoding(Encoding::Base64)
            .timestamp_header("X-Zendesk-Webhook-Signature-Timestamp", Rfc3339),
        over_body("metronome", "Metronome-Webhook-Signature")
            .signed("{ts}\n{body}")
            .timestamp_header("X-Metronome-Date", HttpDate),
        // URL and method.
        over_body("square", "x-square-hmacsha256-signature")
            .signed("{url}{body}")
            .encoding(Encoding::Base64),
        over_body("trello", "x-trello-webhook")
            .signed("{body}{url}")
            .algorithm(Algorithm::HmacSha1)
            .encoding(Encoding::Base64),
        over_body("hubspot", "X-HubSpot-Signature-v3")
            .signed("{method}{url}{body}{ts}")
            .encoding(Encoding::Base64)
            .timestamp_header("X-HubSpot-Request-Timestamp", Milliseconds),
        // A plain digest.
        over_body("hubspot-v1", "X-HubSpot-Signature")
            .signed("{secret}{body}")
            .algorithm(Algorithm::Sha256),
        over_body("hubspot-v2", "X-HubSpot-Signature")
            .signed("{secret}{method}{url}{body}")
            .algorithm(Algorithm::Sha256),
        // Nothing but a token.
        token("flutterwave-v3", "verif-hash"),
        token("gitlab-token", "X-Gitlab-Token"),
        token("helius", "Authorization"),
        token("telegram", "X-Telegram-Bot-Api-Secret-Token"),
        // Public keys.
        over_body("discord", "X-Signature-Ed25519")
            .signed("{ts}{body}")
            .algorithm(Algorithm::Ed25519)
            .secret_format(SecretFormat::Hex)
            .timestamp_header("X-Signature-Timestamp", Seconds),
        over_body("sendgrid", "X-Twilio-Email-Event-Webhook-Signature")
            .signed("{ts}{body}")
            .algorithm(Algorithm::EcdsaP256)
            .encoding(Encoding::Base64)
            .secret_format(SecretFormat::Base64)
            .timestamp_header("X-Twilio-Email-Event-Webhook-Timestamp", Seconds),
        Scheme::builder("standardwebhooks-v1a")
            .signature_header("webhook-signature")
            .signature_list(' ', ',', "v1a")
            .signed("{id}.{ts}.{body}")
            .algorithm(Algorithm::Ed25519)
            .encoding(Encoding::Base64)
            .secret_format(SecretFormat::Whpk)
            .id_header("webhook-id")
            .id_forbids('.')
            .timestamp_header("webhook-timestamp", Seconds),
    ]
}

fn over_body(name: &str, header: &str) -> SchemeBuilder {
    Scheme::builder(name).signature_header(header).signed("{body}")
}

fn list(name: &str, header: &str, key: &str) -> SchemeBuilder {
    Scheme::builder(name)
        .signature_header(header)
        .signature_list(',', '=', key)
        .signed("{ts}.{body}")
}

fn token(name: &str, header: &str) -> SchemeBuilder {
    Scheme::builder(name).signature_header(header).algorithm(Algorithm::Token)
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
