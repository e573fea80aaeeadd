//! The built-in schemes: their vectors, their signatures, and what is documented
//! of them.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::{
    Encoding, Retries, Scheme, Secret, Secrets, TimestampUnit, Verifier, VerifyErrorKind as Kind,
};
use countersign_conformance::vectors;

use crate::delivery::{
    BODY, Delivery, NOW_MS, hmac_sha256, list_schemes, scheme, schemes, secret, secret_text,
    several, verifier, verifier_at,
};

// The vectors.

#[test]
fn every_vector_of_a_built_in_scheme_gets_its_verdict() {
    let mut run = 0;
    let mut providers = BTreeSet::new();
    for scheme in schemes() {
        for vector in vectors().iter().filter(|vector| vector.provider == scheme.name()) {
            vector.check(&scheme).unwrap_or_else(|disagreement| panic!("{disagreement}"));
            providers.insert(scheme.name().to_owned());
            run += 1;
        }
    }
    let without: Vec<&str> = Scheme::names().filter(|name| !providers.contains(*name)).collect();
    assert_eq!(without, WITHOUT_VECTORS);
    assert_eq!((providers.len(), run), (14, 132));
}

/// These publish no signature to compare with; the next test is theirs.
const WITHOUT_VECTORS: [&str; 4] = ["jupiter", "perps-tracker", "venum", "x-webhook-signature"];

#[test]
fn a_delivery_signed_by_another_library_verifies_where_no_vector_is_published() {
    let key = "whsec_3f9d1c8a2b7e0f5d6a4c8b2e9f1d3a7c5b8e0f2d4a6c8b1e";
    for (name, header, value) in [
        ("jupiter", "x-jup-signature", hex(key, BODY)),
        ("perps-tracker", "X-Webhook-Signature", hex(key, BODY)),
        (
            "venum",
            "X-Venum-Signature",
            format!("t=1760000000000,v1={}", hex(key, format!("1760000000000.{BODY}"))),
        ),
        ("x-webhook-signature", "X-Webhook-Signature", hex(key, BODY)),
    ] {
        let secret = Secret::new(key).unwrap();
        let verifier = Verifier::new(scheme(name), secret).unwrap().with_clock(|| NOW_MS);
        let verified = verifier.verify(&[(header, value)], BODY);
        assert_eq!(verified.map(|verified| verified.into_body()).as_deref(), Ok(BODY.as_bytes()));
    }
}

fn hex(key: &str, message: impl AsRef<[u8]>) -> String {
    const_hex::encode(hmac_sha256(key, message))
}

// Signatures.

#[test]
fn what_a_signer_signs_verifies() {
    for scheme in schemes() {
        let name = scheme.name();
        let verified = Delivery::of(&scheme).verify(&verifier(&scheme)).unwrap();
        assert_eq!(verified.body(), BODY, "{name}");
        assert!(verified.authenticates_body(), "{name}");
        assert_eq!(verified.scheme().name(), name);
        assert_eq!(verified.secret_index(), 0, "{name}");
        assert_eq!(verified.secret_name(), None, "{name}");
        let stated = scheme.tolerance().map(|_| NOW_MS);
        assert_eq!(verified.signed_at_unix_ms(), stated, "{name}");
    }
}

#[test]
fn every_flipped_bit_of_a_header_is_refused() {
    for scheme in schemes() {
        let (delivery, verifier) = (Delivery::of(&scheme), verifier(&scheme));
        for (index, (header, value)) in delivery.headers.iter().enumerate() {
            for bit in 0..value.len() * 8 {
                let mut flipped = delivery.clone();
                flip(&mut flipped.headers[index].1, bit);
                let (before, after) = (value[bit / 8], flipped.headers[index].1[bit / 8]);
                // Hexadecimal of either case is the same tag.
                let in_tag =
                    index == 0 && scheme.encoding() == Encoding::Hex && bit / 8 >= value.len() - 64;
                let same_tag = in_tag && before.eq_ignore_ascii_case(&after);
                let refused = flipped.refused(&verifier);
                assert_eq!(
                    refused.is_none(),
                    same_tag,
                    "{}: bit {bit} of {header}: {refused:?}",
                    scheme.name()
                );
            }
        }
    }
}

#[test]
fn every_flipped_bit_of_a_body_is_refused() {
    for scheme in schemes() {
        let (delivery, verifier) = (Delivery::of(&scheme), verifier(&scheme));
        for bit in 0..delivery.body.len() * 8 {
            let mut flipped = delivery.clone();
            flip(&mut flipped.body, bit);
            let refused = flipped.refused(&verifier);
            assert_eq!(refused, Some(Kind::SignatureMismatch), "{}: bit {bit}", scheme.name());
        }
    }
}

fn flip(bytes: &mut [u8], bit: usize) {
    bytes[bit / 8] ^= 1 << (bit % 8);
}

#[test]
fn a_body_that_is_cut_or_continued_is_refused() {
    for scheme in schemes() {
        let (delivery, verifier) = (Delivery::of(&scheme), verifier(&scheme));
        let bodies = [&delivery.body[1..], &delivery.body[..BODY.len() - 1], b""];
        let continued = [&delivery.body[..], b"\n"].concat();
        for body in bodies.into_iter().chain([&continued[..]]) {
            let altered = Delivery { body: body.to_vec(), ..delivery.clone() };
            assert_eq!(
                altered.refused(&verifier),
                Some(Kind::SignatureMismatch),
                "{}",
                scheme.name()
            );
        }
    }
}

#[test]
fn each_of_two_live_secrets_verifies_and_is_named() {
    for scheme in schemes() {
        let secrets = Secrets::new(secret(1).named("new")).with_previous(secret(2).named("old"));
        let verifier = Verifier::new(scheme.clone(), secrets).unwrap().with_clock(|| NOW_MS);
        for (number, index, name) in [(1, 0, "new"), (2, 1, "old")] {
            let delivery = Delivery::signed(&scheme, secret(number), NOW_MS, BODY);
            let verified = delivery.verify(&verifier).unwrap();
            assert_eq!(verified.secret_index(), index, "{}", scheme.name());
            assert_eq!(verified.secret_name(), Some(name), "{}", scheme.name());
            assert_eq!(verified.body(), BODY, "{}", scheme.name());
        }
        let third = Delivery::signed(&scheme, secret(3), NOW_MS, BODY);
        assert_eq!(third.refused(&verifier), Some(Kind::SignatureMismatch), "{}", scheme.name());
    }
}

#[test]
fn where_both_secrets_have_signed_the_current_one_counts() {
    for scheme in list_schemes() {
        let both = || Secrets::new(secret(2)).with_previous(secret(1));
        let delivery = Delivery::signed(&scheme, both(), NOW_MS, BODY);
        let secrets = Secrets::new(secret(1)).with_previous(secret(2));
        let verifier = Verifier::new(scheme, secrets).unwrap().with_clock(|| NOW_MS);
        assert_eq!(delivery.verify(&verifier).unwrap().secret_index(), 0);
    }
}

#[test]
fn the_schemes_whose_header_is_a_list_are_known() {
    let names: Vec<String> = list_schemes().map(|scheme| scheme.name().to_owned()).collect();
    assert_eq!(
        names,
        [
            "gitlab-signing",
            "openai",
            "paddle",
            "pagerduty",
            "standardwebhooks",
            "stripe",
            "svix",
            "venum",
            "workos"
        ]
    );
}

#[test]
fn a_match_in_first_middle_or_last_place_of_a_list_verifies() {
    for scheme in list_schemes() {
        let verifier = verifier(&scheme);
        for place in [[1, 2, 3], [2, 1, 3], [2, 3, 1]] {
            let delivery = Delivery::signed(&scheme, several(place), NOW_MS, BODY);
            assert_eq!(delivery.refused(&verifier), None, "{}: {place:?}", scheme.name());
        }
        let none = Delivery::signed(&scheme, several([2, 3, 4]), NOW_MS, BODY);
        assert_eq!(none.refused(&verifier), Some(Kind::SignatureMismatch), "{}", scheme.name());
    }
}

#[test]
fn sixteen_candidates_are_considered_and_seventeen_are_too_many() {
    for scheme in list_schemes() {
        let verifier = verifier(&scheme);
        // The only match is the last one.
        let sixteen = Delivery::signed(&scheme, several((2..=16).chain([1])), NOW_MS, BODY);
        assert_eq!(sixteen.refused(&verifier), None, "{}", scheme.name());
        let seventeen = Delivery::signed(&scheme, several(1..=17), NOW_MS, BODY);
        let refused = seventeen.refused_at_once(&verifier);
        assert_eq!(refused, Some(Kind::TooManySignatures), "{}", scheme.name());
    }
}

#[test]
fn a_secret_shown_with_whsec_is_text_to_some_schemes_and_base64_to_others() {
    for scheme in schemes() {
        let delivery = Delivery::of(&scheme);
        let text = Secret::from_text(secret_text(1)).unwrap();
        let decoded = Secret::from_bytes([1; 32]).unwrap();
        let decodes = ["gitlab-signing", "openai", "standardwebhooks", "svix"];
        for (secret, is_base64) in [(text, false), (decoded, true)] {
            // A key of another length is refused at once: gitlab-signing takes 32 bytes.
            let Ok(verifier) = Verifier::new(scheme.clone(), secret) else { continue };
            let verified = delivery.refused(&verifier.with_clock(|| NOW_MS)).is_none();
            let is_right = decodes.contains(&scheme.name()) == is_base64;
            assert_eq!(verified, is_right, "{}", scheme.name());
        }
    }
}

#[test]
fn the_padding_of_a_base64_signature_is_part_of_it() {
    for name in ["shopify", "standardwebhooks"] {
        let scheme = scheme(name);
        let delivery = Delivery::of(&scheme);
        let value = String::from_utf8(delivery.headers[0].1.clone()).unwrap();
        let header = delivery.signature_header().to_owned();
        let tag = value.strip_prefix("v1,").unwrap_or(&value);
        assert_eq!(STANDARD.decode(tag).unwrap().len(), 32, "{name}");
        let unpadded = delivery.with_header(&header, value.trim_end_matches('='));
        let refused = unpadded.refused_at_once(&verifier(&scheme));
        assert_eq!(refused, Some(Kind::MalformedSignature), "{name}");
    }
}

// What is documented of them.

#[test]
fn the_first_four_providers_are_as_documented() {
    let seconds = Duration::from_secs;
    let minutes = |minutes: u64| seconds(60 * minutes);
    let day = seconds(24 * 60 * 60);
    for (name, grammar, signed, timestamp, id, ack, retries, retention) in [
        (
            "jupiter",
            "x-jup-signature: <hex>",
            "{body}",
            None,
            "body:/event_id",
            seconds(5),
            vec![seconds(30), minutes(5), minutes(30), minutes(120)],
            7 * day,
        ),
        (
            "perps-tracker",
            "X-Webhook-Signature: <hex>",
            "{body}",
            Some(("body:/created", TimestampUnit::Seconds, 7 * day)),
            "body:/id",
            seconds(10),
            vec![seconds(30), seconds(60)],
            7 * day,
        ),
        (
            "venum",
            "X-Venum-Signature: t=<milliseconds>,v1=<hex>",
            "{ts}.{body}",
            Some(("field:t", TimestampUnit::Milliseconds, minutes(5))),
            "body:/signature+/type",
            seconds(5),
            vec![Duration::from_millis(500), seconds(1), seconds(2)],
            day,
        ),
        (
            "x-webhook-signature",
            "X-Webhook-Signature: <hex>",
            "{body}",
            Some(("body:/created_at", TimestampUnit::Rfc3339, day)),
            "body:/id",
            seconds(5),
            vec![minutes(1), minutes(5), minutes(30), minutes(120)],
            day,
        ),
    ] {
        let scheme = scheme(name);
        assert_eq!(scheme.signature_grammar(), grammar);
        assert_eq!(scheme.signed(), signed, "{name}");
        let (place, past) =
            timestamp.map(|(place, unit, past)| ((place.to_owned(), unit), past)).unzip();
        assert_eq!(scheme.timestamp(), place, "{name}");
        assert_eq!(scheme.tolerance().map(|tolerance| tolerance.past()), past.map(Some), "{name}");
        assert_eq!(shown(scheme.event_id_sources()), [id], "{name}");
        assert_eq!(shown(scheme.event_type_sources()), ["body:/type"], "{name}");
        let profile = scheme.profile();
        assert_eq!(profile.ack_deadline(), ack, "{name}");
        assert_eq!(profile.retries(), &Retries::After(retries), "{name}");
        assert!(profile.retention() >= retention, "{name}");
    }
}

fn shown(sources: &[impl ToString]) -> Vec<String> {
    sources.iter().map(ToString::to_string).collect()
}

#[test]
fn every_event_is_remembered_for_longer_than_it_can_come_again() {
    for scheme in schemes() {
        let profile = scheme.profile();
        let retried = profile.retries().window().unwrap_or(Duration::ZERO);
        let replayed = scheme.tolerance().map_or(Duration::ZERO, |tolerance| {
            tolerance.window().unwrap_or_else(|| panic!("{} has no window", scheme.name()))
        });
        assert!(profile.retention() >= retried + retried / 4, "{}", scheme.name());
        assert!(profile.retention() >= replayed, "{}", scheme.name());
        // An answer has to leave within it, so a longer one than a minute is a mistake.
        assert!(profile.ack_deadline() <= Duration::from_secs(60), "{}", scheme.name());
    }
}

#[test]
fn a_body_that_states_its_own_time_is_held_to_it_to_the_millisecond() {
    let day_ms = 24 * 60 * 60 * 1000;
    for (name, past_ms, future_ms) in [
        ("perps-tracker", 7 * day_ms, 5 * 60 * 1000),
        ("x-webhook-signature", day_ms, 5 * 60 * 1000),
        ("linear", 60 * 1000, 60 * 1000),
    ] {
        let scheme = scheme(name);
        let delivery = Delivery::of(&scheme);
        for (age_ms, verdict) in [
            (past_ms, None),
            (past_ms + 1, Some(Kind::TimestampTooOld)),
            (past_ms + 1000, Some(Kind::TimestampTooOld)),
            (-future_ms, None),
            (-future_ms - 1, Some(Kind::TimestampInFuture)),
        ] {
            let verifier = verifier_at(&scheme, NOW_MS + age_ms);
            assert_eq!(delivery.refused(&verifier), verdict, "{name}, {age_ms} ms old");
        }
    }
}

#[test]
fn a_body_that_must_state_its_time_and_does_not_is_refused() {
    for (name, field) in [
        ("perps-tracker", "\"created\""),
        ("x-webhook-signature", "\"created_at\""),
        ("linear", "\"webhookTimestamp\""),
    ] {
        let scheme = scheme(name);
        let verifier = verifier(&scheme);
        let missing = BODY.replace(field, "\"other\"");
        let refused = Delivery::with_body(&scheme, missing).refused(&verifier);
        assert_eq!(refused, Some(Kind::MissingTimestamp), "{name}");
        let refused = Delivery::with_body(&scheme, "no json").refused(&verifier);
        assert_eq!(refused, Some(Kind::MissingTimestamp), "{name}");
        let twice = format!("{{{field}:1760000000,{}", &BODY[1..]);
        let refused = Delivery::with_body(&scheme, twice).refused(&verifier);
        assert_eq!(refused, Some(Kind::MalformedTimestamp), "{name}");
    }
}
