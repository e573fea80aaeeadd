//! The built-in schemes: their vectors, their signatures, and their documented facts.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::scheme::{Algorithm, Encoding, Evidence, Retries, SecretFormat, TimestampUnit};
use countersign::{Scheme, Secret, Secrets, Signer, Verifier, VerifyErrorKind as Kind};
use countersign_conformance::{Expect, Vector, VectorSecret, vectors};

use fixtures::delivery::{
    BODY, Delivery, NOW_MS, all_schemes, hmac_sha256, list_schemes, scheme, schemes, secret,
    secret_of, secret_text, several, tag_length, try_verifier_of, verifier, verifier_at,
    verifier_of,
};

// The vectors.

#[test]
fn every_vector_of_a_built_in_scheme_gets_its_verdict() {
    for vector in vectors() {
        let scheme = countersign::schemes::named(&vector.provider).unwrap();
        vector.check(&scheme).unwrap_or_else(|disagreement| panic!("{disagreement}"));
    }
}

#[test]
fn deliveries_signed_by_another_library_verify_for_providers_without_vectors() {
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
        (
            "cashfree",
            "x-webhook-signature",
            STANDARD.encode(hmac_sha256(key, format!("1760000000000{BODY}"))),
        ),
    ] {
        let secret = Secret::new(key).unwrap();
        let verifier = Verifier::new(scheme(name), secret).unwrap().with_clock(|| NOW_MS);
        // A scheme without a timestamp header ignores this one.
        let headers = [(header, value.as_str()), ("x-webhook-timestamp", "1760000000000")];
        let verified = verifier.verify(&headers, BODY);
        assert_eq!(verified.map(|verified| verified.into_body()).as_deref(), Ok(BODY.as_bytes()));
    }
}

fn hex(key: &str, message: impl AsRef<[u8]>) -> String {
    const_hex::encode(hmac_sha256(key, message))
}

// Signatures.

#[test]
fn a_signed_delivery_verifies() {
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
fn every_flipped_bit_of_a_header_is_rejected() {
    for scheme in schemes() {
        let (delivery, verifier) = (Delivery::of(&scheme), verifier(&scheme));
        for (index, (header, value)) in delivery.headers.iter().enumerate() {
            let front = value.len().saturating_sub(tag_length(&scheme));
            for bit in 0..value.len() * 8 {
                let mut flipped = delivery.clone();
                flip(&mut flipped.headers[index].1, bit);
                let (before, after) = (value[bit / 8], flipped.headers[index].1[bit / 8]);
                // Hexadecimal of either case is the same tag.
                let in_tag = index == 0 && scheme.encoding() == Encoding::Hex && bit / 8 >= front;
                let same_tag = in_tag && before.eq_ignore_ascii_case(&after);
                let rejected = flipped.rejected(&verifier);
                assert_eq!(
                    rejected.is_none(),
                    same_tag,
                    "{}: bit {bit} of {header}: {rejected:?}",
                    scheme.name()
                );
            }
        }
    }
}

#[test]
fn every_flipped_bit_of_a_body_is_rejected() {
    for scheme in schemes() {
        let (delivery, verifier) = (Delivery::of(&scheme), verifier(&scheme));
        for bit in 0..delivery.body.len() * 8 {
            let mut flipped = delivery.clone();
            flip(&mut flipped.body, bit);
            let rejected = flipped.rejected(&verifier);
            assert_eq!(rejected, Some(Kind::SignatureMismatch), "{}: bit {bit}", scheme.name());
        }
    }
}

fn flip(bytes: &mut [u8], bit: usize) {
    bytes[bit / 8] ^= 1 << (bit % 8);
}

#[test]
fn a_truncated_or_extended_body_is_rejected() {
    for scheme in schemes() {
        let (delivery, verifier) = (Delivery::of(&scheme), verifier(&scheme));
        let bodies = [&delivery.body[1..], &delivery.body[..BODY.len() - 1], b""];
        let continued = [&delivery.body[..], b"\n"].concat();
        for body in bodies.into_iter().chain([&continued[..]]) {
            let altered = Delivery { body: body.to_vec(), ..delivery.clone() };
            assert_eq!(
                altered.rejected(&verifier),
                Some(Kind::SignatureMismatch),
                "{}",
                scheme.name()
            );
        }
    }
}

#[test]
fn each_of_two_valid_secrets_verifies_and_is_named() {
    for scheme in schemes() {
        let secret = |number| secret_of(&scheme, number);
        let secrets = Secrets::new(secret(1).named("new")).with_previous(secret(2).named("old"));
        let verifier = verifier_of(&scheme, secrets).with_clock(|| NOW_MS);
        for (number, index, name) in [(1, 0, "new"), (2, 1, "old")] {
            let delivery = Delivery::signed(&scheme, secret(number), NOW_MS, BODY);
            let verified = delivery.verify(&verifier).unwrap();
            assert_eq!(verified.secret_index(), index, "{}", scheme.name());
            assert_eq!(verified.secret_name(), Some(name), "{}", scheme.name());
            assert_eq!(verified.body(), BODY, "{}", scheme.name());
        }
        let third = Delivery::signed(&scheme, secret(3), NOW_MS, BODY);
        assert_eq!(third.rejected(&verifier), Some(Kind::SignatureMismatch), "{}", scheme.name());
    }
}

#[test]
fn if_both_secrets_match_the_current_one_is_reported() {
    for scheme in list_schemes() {
        let both = || Secrets::new(secret(2)).with_previous(secret(1));
        let delivery = Delivery::signed(&scheme, both(), NOW_MS, BODY);
        let secrets = Secrets::new(secret(1)).with_previous(secret(2));
        let verifier = verifier_of(&scheme, secrets).with_clock(|| NOW_MS);
        assert_eq!(delivery.verify(&verifier).unwrap().secret_index(), 0);
    }
}

#[test]
fn schemes_with_a_list_header_are_recognised() {
    let lists: Vec<Scheme> = list_schemes().collect();
    for name in ["gitlab-signing", "openai", "paddle", "standardwebhooks", "stripe", "venum"] {
        assert!(lists.iter().any(|scheme| scheme.name() == name), "{name}");
    }
}

#[test]
fn a_match_in_first_middle_or_last_place_of_a_list_verifies() {
    for scheme in list_schemes() {
        let verifier = verifier(&scheme);
        for place in [[1, 2, 3], [2, 1, 3], [2, 3, 1]] {
            let delivery = Delivery::signed(&scheme, several(place), NOW_MS, BODY);
            assert_eq!(delivery.rejected(&verifier), None, "{}: {place:?}", scheme.name());
        }
        let none = Delivery::signed(&scheme, several([2, 3, 4]), NOW_MS, BODY);
        assert_eq!(none.rejected(&verifier), Some(Kind::SignatureMismatch), "{}", scheme.name());
    }
}

#[test]
fn sixteen_candidates_are_considered_and_seventeen_are_too_many() {
    for scheme in list_schemes() {
        let verifier = verifier(&scheme);
        // Only the last one matches.
        let sixteen = Delivery::signed(&scheme, several((2..=16).chain([1])), NOW_MS, BODY);
        assert_eq!(sixteen.rejected(&verifier), None, "{}", scheme.name());
        let seventeen = Delivery::signed(&scheme, several(1..=17), NOW_MS, BODY);
        let rejected = seventeen.rejected_at_once(&verifier);
        assert_eq!(rejected, Some(Kind::TooManySignatures), "{}", scheme.name());
    }
}

#[test]
fn a_secret_shown_with_whsec_is_text_to_some_schemes_and_base64_to_others() {
    // A test below covers the schemes that accept both.
    let has_one_reading = |scheme: &Scheme| {
        !matches!(scheme.secret_format(), SecretFormat::Hex | SecretFormat::TextAndWhsec)
    };
    for scheme in schemes().filter(has_one_reading) {
        let delivery = Delivery::of(&scheme);
        let decodes = matches!(
            scheme.secret_format(),
            SecretFormat::Base64 | SecretFormat::Whsec | SecretFormat::WhsecOrText
        );
        let text = Secret::from_text(secret_text(1)).unwrap();
        let decoded = Secret::from_bytes([1; 32]).unwrap();
        for (secret, is_base64) in [(text, false), (decoded, true)] {
            let is_right = decodes == is_base64;
            // If keys have a fixed length, a key of another length is rejected at once.
            let Ok(verifier) = try_verifier_of(&scheme, secret) else {
                assert!(!is_right, "{}", scheme.name());
                continue;
            };
            let verified = delivery.rejected(&verifier.with_clock(|| NOW_MS)).is_none();
            assert_eq!(verified, is_right, "{}", scheme.name());
        }
    }
}

#[test]
fn a_secret_with_two_decodings_verifies_both_and_is_one_secret() {
    let polar = scheme("polar");
    let readings =
        [Secret::from_text(secret_text(1)).unwrap(), Secret::from_bytes([1; 32]).unwrap()];
    for reading in readings {
        let delivery = Delivery::signed(&polar, reading, NOW_MS, BODY);
        for (secrets, number) in [(several([1, 2]), 0), (several([2, 1]), 1)] {
            let verified = delivery.verify(&verifier_of(&polar, secrets).with_clock(|| NOW_MS));
            assert_eq!(verified.unwrap().secret_index(), number);
        }
        let other = verifier_of(&polar, secret(2)).with_clock(|| NOW_MS);
        assert_eq!(delivery.rejected(&other), Some(Kind::SignatureMismatch));
    }
}

#[test]
fn each_of_several_joined_secrets_verifies_and_they_are_one_secret() {
    let scheme = scheme("standardwebhooks");
    let joined = format!("v1,{}|v1,{}", secret_text(1), secret_text(2));
    let joined = || Secret::new(joined.as_str()).unwrap().named("joined");
    for (number, index, name) in [(1, 0, Some("joined")), (2, 0, Some("joined")), (3, 1, None)] {
        let secrets = Secrets::new(joined()).with_previous(secret(3));
        let delivery = Delivery::signed(&scheme, secret(number), NOW_MS, BODY);
        let verifier = verifier_of(&scheme, secrets).with_clock(|| NOW_MS);
        let verified = delivery.verify(&verifier).unwrap();
        assert_eq!((verified.secret_index(), verified.secret_name()), (index, name));
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
        let rejected = unpadded.rejected_at_once(&verifier(&scheme));
        assert_eq!(rejected, Some(Kind::MalformedSignature), "{name}");
    }
}

// Tokens.

#[test]
fn every_token_scheme_documents_that_the_body_is_not_authenticated() {
    for (name, token, header, value) in [
        ("chargebee", "user:pass word", "Authorization", "Basic dXNlcjpwYXNzIHdvcmQ="),
        ("postmark", "user:pass word", "Authorization", "Basic dXNlcjpwYXNzIHdvcmQ="),
        ("deepgram", "token", "dg-token", "token"),
        ("flutterwave-v3", "token", "verif-hash", "token"),
        ("gitlab-token", "token", "X-Gitlab-Token", "token"),
        ("helius", "Bearer my own", "Authorization", "Bearer my own"),
        ("supabase", "token", "Authorization", "Bearer token"),
        ("telegram", "token", "X-Telegram-Bot-Api-Secret-Token", "token"),
    ] {
        let scheme = scheme(name);
        let secret = || Secret::new(token).unwrap();
        let signed = Signer::new(scheme.clone(), secret()).unwrap().sign(b"").unwrap();
        assert_eq!(signed, [(header.to_owned(), value.to_owned())]);
        let verifier = Verifier::new(scheme, secret()).unwrap();
        let verify = |value: &[u8]| verifier.verify(&[(header, value)], BODY);
        let verified = verify(value.as_bytes()).unwrap();
        assert!(!verified.authenticates_body(), "{name}");
        for bit in 0..value.len() * 8 {
            let mut flipped = value.as_bytes().to_vec();
            flip(&mut flipped, bit);
            assert!(verify(&flipped).is_err(), "{name}: bit {bit}");
        }
        for end in 0..value.len() {
            assert!(verify(&value.as_bytes()[..end]).is_err(), "{name}: {end}");
        }
    }
    let is_token = |scheme: &Scheme| scheme.is_data() && scheme.algorithm() == Algorithm::Token;
    for scheme in all_schemes().filter(is_token) {
        assert!(!scheme.authenticates_body());
        let says_so = scheme.notes().iter().any(|note| note.contains("not authenticated"));
        assert!(says_so, "{}", scheme.name());
    }
}

// Public keys.

#[test]
fn every_flipped_bit_of_a_delivery_signed_by_a_private_key_is_rejected() {
    let by_key =
        |scheme: &Scheme| matches!(scheme.algorithm(), Algorithm::Ed25519 | Algorithm::EcdsaP256);
    for scheme in all_schemes().filter(by_key) {
        let name = scheme.name();
        let is_genuine = |v: &&Vector| v.provider == name && v.expect == Expect::Valid;
        let vector = vectors().iter().find(is_genuine).unwrap();
        let VectorSecret::Text(key) = &vector.secret else { panic!("{vector}") };
        let verifier = Verifier::new(scheme.clone(), Secret::new(key.as_str()).unwrap()).unwrap();
        let verifier = verifier.with_clock(|| vector.now_unix_ms);
        let headers = vector.headers.iter().map(|(name, value)| (name.clone(), value.clone()));
        let headers = headers.map(|(name, value)| (name, value.into_bytes()));
        let genuine = Delivery { headers: headers.collect(), body: vector.body.clone() };
        assert_eq!(genuine.rejected(&verifier), None, "{name}");
        for (index, (header, value)) in genuine.headers.iter().enumerate() {
            for bit in 0..value.len() * 8 {
                let mut flipped = genuine.clone();
                flip(&mut flipped.headers[index].1, bit);
                // Hexadecimal of either case is the same signature.
                let same = scheme.encoding() == Encoding::Hex
                    && flipped.headers[index].1.eq_ignore_ascii_case(value);
                let rejected = flipped.rejected(&verifier);
                assert_eq!(rejected.is_none(), same, "{name}: bit {bit} of {header}: {rejected:?}");
            }
        }
        for bit in 0..genuine.body.len() * 8 {
            let mut flipped = genuine.clone();
            flip(&mut flipped.body, bit);
            let rejected = flipped.rejected(&verifier);
            assert_eq!(rejected, Some(Kind::SignatureMismatch), "{name}: bit {bit}");
        }
    }
}

// Documented facts.

#[test]
fn every_scheme_has_a_source_and_third_party_sources_are_marked() {
    for scheme in all_schemes() {
        assert_ne!(scheme.evidence(), Evidence::Custom, "{}", scheme.name());
        assert!(!scheme.sources().is_empty(), "{}", scheme.name());
    }
    for name in [
        "alchemy",
        "asana",
        "bitbucket",
        "calendly",
        "cashfree",
        "chargebee",
        "cloudflare-stream",
        "deepgram",
        "flutterwave-v3",
        "flutterwave-v4",
        "helius",
        "intercom",
        "jira",
        "postmark",
        "supabase",
    ] {
        assert_eq!(scheme(name).evidence(), Evidence::Secondary, "{name}");
    }
}

#[test]
fn products_with_the_scheme_of_another_are_found_under_their_own_names() {
    for (product, name) in [
        ("clerk", "svix"),
        ("resend", "svix"),
        ("liveblocks", "standardwebhooks"),
        ("recall.ai", "standardwebhooks"),
        ("whatsapp", "meta"),
        ("instagram", "meta"),
        ("messenger", "meta"),
        ("twitter", "x-twitter"),
    ] {
        assert_eq!(scheme(product).name(), name);
        assert!(countersign::schemes::aliases().any(|alias| alias == (product, name)), "{product}");
    }
}

#[test]
fn the_first_four_schemes_match_their_documentation() {
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
        assert_eq!(scheme.signature_format().to_string(), grammar);
        assert_eq!(scheme.signed(), signed, "{name}");
        let (place, past) =
            timestamp.map(|(place, unit, past)| ((place.to_owned(), unit), past)).unzip();
        let source = scheme.timestamp_source().map(|source| source.to_string());
        assert_eq!(source.zip(scheme.timestamp_unit()), place, "{name}");
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
fn every_event_is_kept_longer_than_it_can_be_redelivered() {
    for scheme in schemes() {
        let profile = scheme.profile();
        if scheme.name() == "dropbox" {
            continue;
        }
        let retried = profile.retries().window().unwrap_or(Duration::from_secs(3 * 86_400));
        let replayed = scheme.tolerance().map_or(Duration::ZERO, |tolerance| {
            tolerance.window().unwrap_or_else(|| panic!("{} has no window", scheme.name()))
        });
        assert!(profile.retention() >= retried + replayed, "{}", scheme.name());
        // A response must be sent within the deadline. DocuSign waits the longest.
        assert!(profile.ack_deadline() <= Duration::from_secs(100), "{}", scheme.name());
    }
}

#[test]
fn a_time_in_the_body_is_checked_to_the_millisecond() {
    let day_ms = 24 * 60 * 60 * 1000;
    for (name, past_ms, future_ms) in [
        ("perps-tracker", 7 * day_ms, 5 * 60 * 1000),
        ("x-webhook-signature", day_ms, 5 * 60 * 1000),
        ("linear", 8 * 60 * 60 * 1000, 60 * 1000),
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
            assert_eq!(delivery.rejected(&verifier), verdict, "{name}, {age_ms} ms old");
        }
    }
}

#[test]
fn a_body_without_its_required_time_is_rejected() {
    for (name, field) in [
        ("perps-tracker", "\"created\""),
        ("x-webhook-signature", "\"created_at\""),
        ("linear", "\"webhookTimestamp\""),
    ] {
        let scheme = scheme(name);
        let verifier = verifier(&scheme);
        let missing = BODY.replace(field, "\"other\"");
        let rejected = Delivery::with_body(&scheme, missing).rejected(&verifier);
        assert_eq!(rejected, Some(Kind::MissingTimestamp), "{name}");
        let rejected = Delivery::with_body(&scheme, "no json").rejected(&verifier);
        assert_eq!(rejected, Some(Kind::MissingTimestamp), "{name}");
        let twice = format!("{{{field}:1760000000,{}", &BODY[1..]);
        let rejected = Delivery::with_body(&scheme, twice).rejected(&verifier);
        assert_eq!(rejected, Some(Kind::MalformedTimestamp), "{name}");
    }
}
