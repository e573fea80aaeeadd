//! Features of scheme descriptions, tested with the providers that need them.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::scheme::TimestampUnit::{HttpDate, Milliseconds, Rfc3339, Seconds};
use countersign::scheme::{Algorithm, Encoding, SchemeBuilder};
use countersign::{
    ConfigError, EventIdFrom, PublicUrl, RequestHead, Scheme, Secret, Signer, Tolerance, Verifier,
    VerifyErrorKind as Kind, schemes,
};
use countersign_conformance::{Expect, Vector, VectorSecret, vectors};

use ring::digest;

use fixtures::delivery::{
    Delivery, NO_HEADERS, NOW_MS, all_schemes, hmac_sha256, scheme, secret, secret_text, verifier,
};
use fixtures::receiving::begin;

#[test]
fn only_fourteen_providers_need_code() {
    let all: BTreeSet<&str> = vectors().iter().map(|vector| vector.provider.as_str()).collect();
    let is_code = |name: &&str| !schemes::named(name).unwrap().is_data();
    let code: Vec<&str> = all.into_iter().filter(is_code).collect();
    assert_eq!(code, NEED_CODE);
}

/// Schemes that a description cannot express: they sign values that are derived
/// from the parsed body or chosen by the request, or use two secrets for two
/// headers, or another kind of token.
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
        let verifier = |url| {
            Verifier::with_public_url(url, scheme(name), Secret::new(text(vector)).unwrap())
                .unwrap()
        };
        let body = || vector.body.clone();
        let at_origin = verifier(PublicUrl::origin(origin).unwrap());
        assert!(at_origin.verify(vector.head(), body()).is_ok(), "{vector}");
        let elsewhere = RequestHead::new("POST", "/elsewhere", &vector.headers);
        let rejected = at_origin.verify(elsewhere, body()).unwrap_err();
        assert_eq!(rejected.kind(), Kind::SignatureMismatch, "{vector}");
        // The path of the request is unknown if only the headers are given.
        let rejected = begin(&at_origin, &vector.headers).unwrap_err();
        assert_eq!(rejected.kind(), Kind::Misconfigured, "{vector}");
        let exact = verifier(PublicUrl::new(vector.url.clone().unwrap()).unwrap());
        assert!(exact.verify(elsewhere, body()).is_ok(), "{vector}");
    }
}

#[test]
fn the_method_is_signed_if_the_template_has_it() {
    let post = named("hubspot-v2", "v2: POST");
    let url = PublicUrl::new(post.url.clone().unwrap()).unwrap();
    let secret = Secret::new(text(post)).unwrap();
    let verifier = Verifier::with_public_url(url, scheme("hubspot-v2"), secret).unwrap();
    let verify = |method| {
        verifier.verify(RequestHead::new(method, "/", &post.headers), post.body.clone()).map(drop)
    };
    assert_eq!(verify("POST"), Ok(()));
    assert_eq!(verify("PUT").unwrap_err().kind(), Kind::SignatureMismatch);
}

#[test]
fn hubspot_signs_the_url_with_some_of_its_escapes_decoded() {
    let hubspot = schemes::hubspot();
    let url = |text: &str| PublicUrl::new(text).unwrap();
    let escaped = url("https://receiver.example/hook%2Fcrm?of=a%40b&at=10%3a30&more=%26");
    let decoded = url("https://receiver.example/hook/crm?of=a@b&at=10:30&more=%26");
    let key = || Secret::new("client secret").unwrap();
    let signer = Signer::new(hubspot.clone(), key()).unwrap().with_url(decoded);
    let headers = signer.sign(b"[]").unwrap();
    let verifier = Verifier::with_public_url(escaped, hubspot, key()).unwrap();
    assert!(verifier.verify(&headers, "[]").is_ok());
}

#[test]
fn a_scheme_that_signs_the_url_has_no_verifier_without_one() {
    let rejected = Verifier::new(scheme("square"), Secret::new("key").unwrap()).unwrap_err();
    assert!(matches!(rejected, ConfigError::UrlRequired { scheme, .. } if scheme == "square"));
}

#[test]
fn a_match_in_any_of_several_headers_verifies() {
    let scheme = scheme("docusign");
    let verifier = Verifier::new(scheme, Secret::new("key").unwrap()).unwrap();
    let right = STANDARD.encode(hmac_sha256("key", "{}"));
    let wrong = STANDARD.encode([7; 32]);
    let headers = ["X-DocuSign-Signature-1", "X-DocuSign-Signature-2", "X-DocuSign-Signature-3"];
    for place in 0..headers.len() {
        let mut sent: Vec<(&str, &str)> = headers.map(|header| (header, wrong.as_str())).into();
        sent[place].1 = &right;
        assert!(verifier.verify(&sent, "{}").is_ok(), "{place}");
        // The other headers may be absent or invalid.
        assert!(verifier.verify(&[sent[place]], "{}").is_ok(), "{place}");
        let empty =
            sent.iter().map(|(name, value)| (*name, if *value == right { &right } else { "" }));
        assert!(verifier.verify(&empty.collect::<Vec<_>>(), "{}").is_ok(), "{place}");
        sent.push(sent[place]);
        let rejected = begin(&verifier, &sent).unwrap_err();
        assert_eq!(rejected.kind(), Kind::RepeatedHeader, "{place}");
    }
}

#[test]
fn an_empty_body_is_signed_like_any_other() {
    let zendesk = scheme("zendesk");
    let signed = STANDARD.encode(hmac_sha256("key", "2025-10-09T08:53:20Z"));
    let headers = [
        ("X-Zendesk-Webhook-Signature", signed.as_str()),
        ("X-Zendesk-Webhook-Signature-Timestamp", "2025-10-09T08:53:20Z"),
    ];
    let verifier = Verifier::new(zendesk, Secret::new("key").unwrap()).unwrap();
    let verifier = verifier.with_clock(|| NOW_MS);
    assert!(verifier.verify(RequestHead::new("GET", "/hook", &headers), "").is_ok());
    assert!(begin(&verifier, &headers).unwrap().verify().is_ok());
}

#[test]
fn a_timestamp_is_read_in_every_unit_and_signed_as_it_was_written() {
    let unit = |unit| {
        let scheme = over_body("unit", "X-Signature").signed_payload("{ts}|{body}");
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
fn past_and_future_tolerance_are_separate_and_can_be_unlimited() {
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
        let rejected = delivery.rejected_at_once(&verifier(&scheme));
        assert_eq!(rejected, verdict, "{tolerance:?}, {age_ms} ms old");
    }
}

#[test]
fn a_base64_signature_is_split_only_at_the_first_separator() {
    for assign in ['=', ',', ':'] {
        let scheme = Scheme::builder("custom")
            .signature_header("X-Signature")
            .signature_pairs(';', assign, "v1")
            .signed_payload("{body}")
            .encoding(Encoding::Base64)
            .build()
            .unwrap();
        let delivery = Delivery::of(&scheme);
        assert!(delivery.header("X-Signature").ends_with(b"="));
        assert_eq!(delivery.rejected(&verifier(&scheme)), None, "{assign}");
    }
}

#[test]
fn a_space_before_an_item_is_accepted_only_by_schemes_that_send_one() {
    for (name, header, is_sent) in
        [("workos", "WorkOS-Signature", true), ("venum", "X-Venum-Signature", false)]
    {
        let scheme = scheme(name);
        let delivery = Delivery::of(&scheme);
        let value = String::from_utf8(delivery.header(header).to_vec()).unwrap();
        for (separator, taken) in [(",", true), (", ", is_sent), ("\t,", false), (" ,", false)] {
            let value = value.replace(", ", ",").replace(',', separator);
            let rejected = delivery.clone().with_header(header, value).rejected(&verifier(&scheme));
            assert_eq!(rejected.is_none(), taken, "{name}: {separator:?}: {rejected:?}");
        }
    }
}

#[test]
fn a_token_authenticates_the_sender_and_not_the_body() {
    let scheme = token("custom", "X-Token").event_type("body:/type").build().unwrap();
    let verifier = Verifier::new(scheme, Secret::new("pass word").unwrap()).unwrap();
    let verified = verifier.verify(&[("X-Token", "pass word")], r#"{"type":"a"}"#).unwrap();
    assert!(!verified.authenticates_body());
    assert_eq!(verified.event_type().map(|kind| kind.is_signed()), Some(false));
    assert_eq!(verified.event_id_from(), &EventIdFrom::Digest);
    for wrong in ["pass wor", "pass words", "Pass word", " pass word", "pass word "] {
        let rejected = verifier.verify(&[("X-Token", wrong)], "{}").unwrap_err();
        assert_eq!(rejected.kind(), Kind::SignatureMismatch, "{wrong:?}");
    }
    let empty = begin(&verifier, &[("X-Token", "")]).unwrap_err();
    assert_eq!(empty.kind(), Kind::MalformedSignature);
    assert_eq!(begin(&verifier, &NO_HEADERS).unwrap_err().kind(), Kind::MissingSignature);
}

#[test]
fn the_secret_of_a_plain_digest_is_first_or_last() {
    for template in ["{secret}{body}", "{secret}|{method}{body}", "{body}|{secret}"] {
        let scheme = over_body("custom", "X-Signature").signed_payload(template);
        let scheme = scheme.algorithm(Algorithm::Sha256);
        // Without this, an attacker could extend the body (length extension).
        let scheme = match template.starts_with("{secret}") {
            true => scheme.body_begins_with("{["),
            false => scheme,
        };
        let scheme = scheme.build().unwrap();
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
        let rejected = Signer::new(scheme(name), secret).unwrap_err();
        assert!(matches!(rejected, ConfigError::Sign { .. }), "{name}: {rejected:?}");
    }
}

/// One for each scheme in which no shared secret signs the body, with a secret
/// of the required kind.
pub(crate) fn verifiers() -> Vec<Verifier> {
    let others = all_schemes().filter(Scheme::is_data).filter(|scheme| {
        matches!(scheme.algorithm(), Algorithm::Token | Algorithm::Ed25519 | Algorithm::EcdsaP256)
    });
    let verifier = |scheme: Scheme| {
        let has_vectors = vectors().iter().any(|vector| vector.provider == scheme.name());
        let secret = if has_vectors { text(valid(scheme.name())) } else { "user:password" };
        Verifier::new(scheme, Secret::new(secret).unwrap()).unwrap().with_clock(|| NOW_MS)
    };
    others.map(verifier).collect()
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

fn over_body(name: &str, header: &str) -> SchemeBuilder {
    Scheme::builder(name).signature_header(header).signed_payload("{body}")
}

fn list(name: &str, header: &str, key: &str) -> SchemeBuilder {
    Scheme::builder(name)
        .signature_header(header)
        .signature_pairs(',', '=', key)
        .signed_payload("{ts}.{body}")
}

fn token(name: &str, header: &str) -> SchemeBuilder {
    Scheme::builder(name).signature_header(header).algorithm(Algorithm::Token)
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
