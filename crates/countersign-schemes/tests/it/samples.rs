//! The sample events of the built-in schemes.

use std::collections::HashSet;

use countersign_core::{
    EventIdFrom, Identity, PublicUrl, RequestHead, Scheme, Secret, SecretFormat, Signer, Verified,
    Verifier,
};
use countersign_schemes::{FreshValues, SampleEvent, aliases, named, names, samples};
use serde_json::Value;

/// 2025-10-09T08:53:20Z.
const NOW_MS: i64 = 1_760_000_000_000;
const FIRST: FreshValues = FreshValues::new(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef, NOW_MS);
const SECOND: FreshValues =
    FreshValues::new(0xfedc_ba98_7654_3210_fedc_ba98_7654_3210, NOW_MS + 61_000);

/// These sign with a private key, which only the provider has.
const PRIVATE_KEY: [&str; 6] =
    ["aws-sns", "discord", "paypal", "plaid", "sendgrid", "standardwebhooks-v1a"];

#[test]
fn every_scheme_has_samples_and_an_alias_has_those_of_its_scheme() {
    for name in names() {
        let samples = samples(name).unwrap_or_default();
        assert!(!samples.is_empty(), "{name}");
        let events: HashSet<&str> = samples.iter().map(SampleEvent::event).collect();
        assert_eq!(events.len(), samples.len(), "{name}");
    }
    for (alias, name) in aliases() {
        assert_eq!(samples(alias), samples(name), "{alias}");
    }
    assert_eq!(samples("quicksilver"), None);
}

#[test]
fn every_sample_body_matches_its_content_type_and_the_body_limit() {
    for (scheme, sample) in all() {
        let (name, event, body) = (scheme.name(), sample.event(), sample.body(&FIRST));
        assert!(body.len() < scheme.profile().body_limit(), "{name}: {event}");
        assert!(!body.contains("{{"), "{name}: {event}: {body}");
        let headers: Vec<_> = sample.headers(&FIRST).collect();
        assert!(headers.iter().all(|(_, value)| !value.contains("{{")), "{name}: {headers:?}");
        let content_type = headers.iter().find(|(name, _)| *name == "Content-Type");
        let content_type = &content_type.unwrap_or_else(|| panic!("{name}: {event}")).1;
        let is_form = content_type == "application/x-www-form-urlencoded";
        if is_form {
            let is_field = |field: &str| field.contains('=') && !field.contains([' ', '{', '"']);
            assert!(body.split('&').all(is_field), "{name}: {event}: {body}");
        } else {
            let json: Result<Value, _> = serde_json::from_str(&body);
            assert!(json.is_ok_and(|json| json.is_object() || json.is_array()), "{name}: {event}");
        }
    }
}

#[test]
fn every_sample_verifies_with_its_stated_event_type() {
    for (scheme, sample) in signable() {
        let (name, event) = (scheme.name(), sample.event());
        let verified = deliver(&scheme, sample, &FIRST);
        let is_form = sample.body(&FIRST).starts_with(|first| !"[{".contains(first));
        match verified.event_type() {
            Some(found) => assert_eq!(found.name, event, "{name}"),
            // A form has no fields at locations of JSON.
            None => assert!(scheme.event_type_sources().is_empty() || is_form, "{name}: {event}"),
        }
        let has_id = matches!(verified.event_id_from(), EventIdFrom::Source(_));
        let should_have = !scheme.event_id_sources().is_empty() && !is_form;
        assert_eq!(has_id, should_have, "{name}: {event}: {}", verified.event_id_from());
    }
}

#[test]
fn samples_are_different_events_only_if_their_values_differ() {
    for (scheme, sample) in signable() {
        let (name, event) = (scheme.name(), sample.event());
        let first = deliver(&scheme, sample, &FIRST);
        let (again, second) = (deliver(&scheme, sample, &FIRST), deliver(&scheme, sample, &SECOND));
        assert_eq!(first.event_id(), again.event_id(), "{name}: {event}");
        // Otherwise another delivery with the same id is not a duplicate.
        if first.identity() != Identity::Unknown {
            assert_ne!(first.event_id(), second.event_id(), "{name}: {event}");
        }
    }
}

#[test]
fn samples_of_schemes_with_a_private_key_have_their_type_and_id_in_the_body() {
    for (name, event_type, id) in [
        ("aws-sns", "/Type", Some("/MessageId")),
        ("discord", "/type", None),
        ("paypal", "/event_type", Some("/id")),
        ("plaid", "/webhook_code", None),
        ("sendgrid", "/0/event", Some("/0/sg_event_id")),
        ("standardwebhooks-v1a", "/type", None),
    ] {
        for sample in samples(name).unwrap() {
            let body = |fresh| serde_json::from_str::<Value>(&sample.body(fresh)).unwrap();
            let (first, second) = (body(&FIRST), body(&SECOND));
            // An interaction of Discord has a number, and other events have their own type.
            let event = first.pointer("/event/type").or(first.pointer(event_type)).unwrap();
            let event = event.as_str().map_or_else(|| event.to_string(), str::to_owned);
            assert_eq!(event, sample.event(), "{name}");
            if let Some(id) = id {
                assert!(first.pointer(id).unwrap().is_string(), "{name}");
                assert_ne!(first.pointer(id), second.pointer(id), "{name}");
            }
        }
    }
}

fn all() -> impl Iterator<Item = (Scheme, &'static SampleEvent)> {
    names().flat_map(|name| {
        let scheme = named(name).unwrap();
        samples(name).unwrap_or_default().iter().map(move |sample| (scheme.clone(), sample))
    })
}

/// Those that can be signed with a shared secret.
fn signable() -> impl Iterator<Item = (Scheme, &'static SampleEvent)> {
    all().filter(|(scheme, _)| !PRIVATE_KEY.contains(&scheme.name()))
}

/// Signs the sample, and verifies it at the time of its signature.
fn deliver(scheme: &Scheme, sample: &SampleEvent, fresh: &FreshValues) -> Verified {
    let shown = format!("{}: {}", scheme.name(), sample.event());
    let now_ms = if fresh == &FIRST { NOW_MS } else { NOW_MS + 61_000 };
    let secret = || Secret::new(secret_of(scheme)).unwrap();
    let url = || PublicUrl::new("https://receiver.example/hook?tenant=7").unwrap();
    let own = sample.headers(fresh).map(|(name, value)| (name.to_owned(), value));
    let own: Vec<(String, String)> = own.collect();
    let body = sample.body(fresh);

    let signer = Signer::new(scheme.clone(), secret()).unwrap();
    let signer = signer.with_url(url()).with_id(fresh.id()).at_unix_ms(now_ms);
    let signed = signer.sign_request(&own, body.as_bytes());
    let signed = signed.unwrap_or_else(|error| panic!("{shown}: {error}"));
    let body = signed.body().map_or_else(|| body.into_bytes(), <[u8]>::to_vec);
    let headers: Vec<(String, String)> = signed.headers().iter().cloned().chain(own).collect();

    let verifier = if scheme.signs_url() {
        Verifier::with_public_url(url(), scheme.clone(), secret())
    } else {
        Verifier::new(scheme.clone(), secret())
    };
    let verifier = verifier.unwrap().with_clock(move || now_ms);
    let verified = verifier.verify(RequestHead::new("POST", "/hook?tenant=7", &headers), body);
    verified.unwrap_or_else(|error| panic!("{shown}: {error}"))
}

/// A secret in the form of the scheme.
fn secret_of(scheme: &Scheme) -> &'static str {
    match scheme.secret_format() {
        SecretFormat::Hex => "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20",
        SecretFormat::Whsec => "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=",
        SecretFormat::Basic => "hooks:correct horse battery staple",
        _ => "a secret of sufficient length for every scheme",
    }
}
