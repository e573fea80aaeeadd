//! Known faults of other webhook receivers, each with at least one regression test.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
use bytes::Bytes;
use countersign::scheme::{
    Algorithm, Encoding, SchemeBuilder, SecretFormat, TimestampSource, TimestampUnit,
};
use countersign::secrets::SecretProblem;
use countersign::{
    ConfigError, Scheme, Secret, Secrets, Verified, Verifier, VerifyErrorKind as Kind,
};
use countersign_conformance::{Expect, Reason, Vector, vectors};
use ring::hmac;

use crate::probe::{Lacking, Probe};
use fixtures::delivery::{
    BODY, Delivery, ID, NO_HEADERS, NOW_MS, any_body_schemes, hmac_sha256, in_form_of,
    list_schemes, scheme, schemes, secret, several, signs_for_anybody, takes_form, verifier,
    verifier_at,
};
use fixtures::receiving::begin;

// CVE-2024-21491, RUSTSEC-2024-0010: tags were compared up to the shorter one's length, so `v1,`
// always verified.
#[test]
fn a_tag_of_any_other_length_is_rejected_by_every_scheme() {
    for scheme in schemes() {
        let (delivery, verifier) = (Delivery::of(&scheme), verifier(&scheme));
        let (_, text) = delivery.tag(&scheme);
        let bytes = decoded(&scheme, text);
        let encode = |tag: &[u8]| match scheme.encoding() {
            Encoding::Hex => const_hex::encode(tag),
            _ => STANDARD.encode(tag),
        };
        let cut_texts = (0..text.len()).map(|length| text[..length].to_owned());
        let cut_tags = (0..bytes.len()).map(|length| encode(&bytes[..length]));
        let longer = [1, 2, 32].map(|more| encode(&[&bytes[..], &vec![0; more]].concat()));
        let doubled = [format!("{text}{text}"), format!("{text}0"), format!("0x{text}")];
        for tag in cut_texts.chain(cut_tags).chain(longer).chain(doubled) {
            let rejected = delivery.with_tag(&scheme, &tag).rejected_at_once(&verifier);
            assert_eq!(rejected, Some(Kind::MalformedSignature), "{}: {tag:?}", scheme.name());
        }
        assert_eq!(delivery.with_tag(&scheme, encode(&bytes)).rejected(&verifier), None);
    }
}

// CVE-2023-50728: a missing or odd signature header crashed the process, unauthenticated.
#[test]
fn missing_and_malformed_headers_are_rejected_without_a_panic_by_every_scheme() {
    let long = "v1=0,".repeat(20_000);
    let odd: [&[u8]; 16] = [
        b"",
        b" ",
        b"=",
        b",",
        b"v1",
        b"v1=",
        b"v1,",
        b"t=,v1=",
        b"sha256=",
        b"\0",
        b"\r\n",
        b"\xff\xfe",
        "١٢٣".as_bytes(),
        "v1=\u{1f980}".as_bytes(),
        b"undefined",
        long.as_bytes(),
    ];
    for scheme in schemes() {
        let (delivery, verifier) = (Delivery::of(&scheme), verifier(&scheme));
        assert_eq!(
            begin(&verifier, &NO_HEADERS).err().map(|error| error.kind()),
            Some(Kind::MissingSignature),
            "{}",
            scheme.name()
        );
        for (header, _) in &delivery.headers {
            let absent = delivery.clone().without_header(header).rejected_at_once(&verifier);
            let missing = [
                Kind::MissingSignature,
                Kind::MissingId,
                Kind::MissingTimestamp,
                Kind::MissingHeader,
            ];
            assert!(absent.is_some_and(|kind| missing.contains(&kind)), "{header}: {absent:?}");
            for value in odd {
                let rejected = delivery.clone().with_header(header, value).verify(&verifier);
                let status = rejected.map(drop).unwrap_err().status();
                assert!(matches!(status, 400 | 401), "{}, {header}: {status}", scheme.name());
            }
        }
    }
}

// CVE-2024-40634, GHSA-jcc8-g2q4-9fxq: the body was buffered whole before anything was checked.
// `adapters.rs` tests what the adapters read.
#[test]
fn a_body_over_the_limit_is_dropped_while_it_arrives() {
    for scheme in schemes() {
        let delivery = Delivery::of(&scheme);
        let verifier = verifier(&scheme).with_body_limit(1000);
        let mut begun = begin(&verifier, &delivery.headers).unwrap();
        let piece = Bytes::from(vec![b' '; 600]);
        begun.update(piece.clone()).unwrap();
        let rejected = begun.update(piece.clone()).unwrap_err();
        assert_eq!((rejected.kind(), rejected.status()), (Kind::BodyTooLarge, 413));
        // No copy is left, only our own handle.
        assert!(piece.is_unique(), "{}", scheme.name());
    }
}

// CVE-2025-59538, GHSA-wp4p-9pxh-cgx2, GHSA-f9gq-prrc-hrhc: a malformed payload panicked the server.
#[test]
fn a_forged_payload_is_rejected_before_any_of_it_is_parsed() {
    for scheme in schemes() {
        let (delivery, verifier) = (Delivery::of(&scheme), verifier(&scheme));
        for body in malformed_payloads() {
            let forged = Delivery { body, ..delivery.clone() };
            // If the timestamp is in the body, a parser would cause a different rejection.
            let rejected = forged.rejected(&verifier);
            assert_eq!(rejected, Some(Kind::SignatureMismatch), "{}", scheme.name());
        }
    }
}

#[test]
fn a_malformed_payload_that_verifies_still_has_an_event_key() {
    for scheme in schemes() {
        for body in malformed_payloads() {
            let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
            let is_taken = takes_form(&scheme, &body);
            let delivery = Delivery::with_body(&scheme, body);
            match delivery.verify(&verifier(&scheme)) {
                Ok(verified) => {
                    assert!(is_taken, "{}: {shown}", scheme.name());
                    assert!(!verified.event_id().is_empty(), "{}: {shown}", scheme.name());
                    let _ = verified.event_type();
                }
                Err(rejected) if !is_taken || signs_for_anybody(&scheme) => {
                    assert_eq!(rejected.kind(), Kind::SignatureMismatch, "{shown}");
                }
                Err(rejected) => {
                    let states_time =
                        matches!(scheme.timestamp_source(), Some(TimestampSource::Body(_)));
                    assert!(states_time, "{}: {shown}: {rejected}", scheme.name());
                    assert_eq!(rejected.kind(), Kind::MissingTimestamp, "{shown}");
                }
            }
        }
    }
}

fn malformed_payloads() -> Vec<Vec<u8>> {
    vec![
        b"".to_vec(),
        b"\0".to_vec(),
        b"{".to_vec(),
        b"}".to_vec(),
        b"nul".to_vec(),
        b"{\"id\":".to_vec(),
        b"{\"id\":\"\xff\xfe\"}".to_vec(),
        b"{\"id\":\"\\ud800\"}".to_vec(),
        b"{\"id\":1e999999}".to_vec(),
        b"{\"id\":\"a\"} trailing".to_vec(),
        b"\xef\xbb\xbf{\"id\":\"a\"}".to_vec(),
        b"[{\"id\":{}},[],null,-0.0]".to_vec(),
        b"id=1&type=%zz".to_vec(),
        "[".repeat(500_000).into_bytes(),
        "{\"id\":".repeat(100_000).into_bytes(),
        "{\"type\":[".repeat(100_000).into_bytes(),
        format!("{{\"id\":{}}}", "9".repeat(500_000)).into_bytes(),
        format!("{{\"id\":\"{}\"", "\\u0000".repeat(50_000)).into_bytes(),
    ]
}

// Advisories of 2026: handlers that never checked; one skipped the check where the header was
// absent.
#[test]
fn nothing_verifies_without_a_secret_and_a_signature() {
    for scheme in schemes() {
        let delivery = Delivery::of(&scheme);
        let header = delivery.signature_header().to_owned();
        let unsigned = delivery.without_header(&header);
        let rejected = unsigned.verify(&verifier(&scheme)).map(drop).unwrap_err();
        let answer = (rejected.kind(), rejected.status());
        assert_eq!(answer, (Kind::MissingSignature, 401), "{}", scheme.name());
    }
    // A verifier requires `Secrets`, which contain at least one secret, and `Verified` has no other
    // constructor.
    assert!(Secret::new("").is_err());
    assert!(!Probe::<Secrets>::NEW.has_default());
    assert!(!Probe::<Verified>::NEW.has_default());
    assert!(!Probe::<Verified>::NEW.is_deserialized());
    assert!(!Probe::<Verified>::NEW.is_made_of_bytes());
}

// GHSA-q9g3-q6fj-hc2x: the timestamp was inside the MAC but never compared with the clock.
#[test]
fn every_scheme_with_a_timestamp_enforces_its_window_by_default() {
    let mut dated = Vec::new();
    for scheme in schemes() {
        let Some(tolerance) = scheme.tolerance() else { continue };
        let delivery = Delivery::of(&scheme);
        let limit = |span: Option<std::time::Duration>| span.unwrap().as_millis() as i64;
        let (past, future) = (limit(tolerance.past()), limit(tolerance.future()));
        assert!(future <= 10 * 60 * 1000, "{}: {future} ms ahead", scheme.name());
        for (age, verdict) in [
            (past, None),
            (past + 1000, Some(Kind::TimestampTooOld)),
            (10 * past, Some(Kind::TimestampTooOld)),
            (-future, None),
            (-future - 1000, Some(Kind::TimestampInFuture)),
            (-10 * future, Some(Kind::TimestampInFuture)),
        ] {
            let rejected = delivery.rejected(&verifier_at(&scheme, NOW_MS + age));
            assert_eq!(rejected, verdict, "{}, {age} ms old", scheme.name());
        }
        dated.push(scheme.name().to_owned());
    }
    // So are all schemes with a vector that is expected to be stale.
    let is_stale = |vector: &&Vector| vector.expect == Expect::Invalid(Reason::Stale);
    let stale = vectors().iter().filter(is_stale).map(|vector| &vector.provider);
    let undated = stale.filter(|provider| {
        schemes().any(|scheme| scheme.name() == **provider) && !dated.contains(provider)
    });
    assert_eq!(undated.collect::<Vec<_>>(), [""; 0]);
}

// linear/linear#1268: freshness was read from an unsigned header.
#[test]
fn freshness_is_read_from_signed_bytes_only() {
    let now = (NOW_MS + 8 * 24 * 60 * 60 * 1000).to_string();
    for (name, header) in [
        ("linear", "Linear-Timestamp"),
        ("linear", "webhook-timestamp"),
        ("perps-tracker", "X-Webhook-Timestamp"),
        ("x-webhook-signature", "X-Webhook-Timestamp"),
    ] {
        let scheme = scheme(name);
        let stale = Delivery::of(&scheme).with_header(header, &now);
        let verifier = verifier_at(&scheme, now.parse().unwrap());
        assert_eq!(stale.rejected(&verifier), Some(Kind::TimestampTooOld), "{name}, {header}");
    }
    // A description cannot do so either.
    let body_only = || builder().signed_payload("{body}");
    for (description, word) in [
        (body_only().timestamp_header("X-Time", TimestampUnit::Seconds), "timestamp_header"),
        (
            body_only()
                .signature_pairs(',', '=', "v1")
                .timestamp_field("t", TimestampUnit::Seconds),
            "timestamp_field",
        ),
        (
            builder().algorithm(Algorithm::Token).timestamp_body("/time", TimestampUnit::Seconds),
            "timestamp_body",
        ),
    ] {
        assert_eq!(rejected_word(description), word);
    }
}

// SNS `SigningCertURL`: an attacker hosts the certificate; `SubscribeURL` is a forged request.
#[test]
fn a_key_is_never_fetched_from_a_url_of_a_request_or_secret() {
    for (algorithm, format) in [
        (Algorithm::Ed25519, SecretFormat::Hex),
        (Algorithm::Ed25519, SecretFormat::Whpk),
        (Algorithm::EcdsaP256, SecretFormat::Base64),
    ] {
        let scheme = builder().signed_payload("{body}").algorithm(algorithm).secret_format(format);
        let url = Secret::new("https://keys.example/key.pem").unwrap();
        let rejected = Verifier::new(scheme.build().unwrap(), url).unwrap_err();
        assert!(matches!(rejected, ConfigError::Secret { .. }), "{rejected:?}");
    }
}

#[test]
fn verification_opens_no_connection() {
    let core = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/countersign-core");
    let manifest = fs::read_to_string(core.join("Cargo.toml")).unwrap();
    let sources = rust_files(&core.join("src"));
    assert!(sources.len() > 20);
    for text in sources.iter().chain([&manifest]) {
        for word in ["std::net", "TcpStream", "UdpSocket", "hyper", "reqwest", "ureq"] {
            assert!(!text.contains(word), "{word}");
        }
    }
}

fn rust_files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let texts = entries.flat_map(|path| match path.extension() {
        Some(extension) if extension == "rs" => vec![fs::read_to_string(path).unwrap()],
        _ => rust_files(&path),
    });
    texts.collect()
}

// An empty secret was accepted, and so was a `whsec_` secret that decodes to nothing; invalid
// base64 was silently used as raw bytes.
#[test]
fn a_secret_that_is_empty_or_decodes_to_nothing_is_rejected() {
    for empty in [
        Secret::new(""),
        Secret::from_text(""),
        Secret::from_hex(""),
        Secret::from_base64(""),
        Secret::from_whsec(""),
        Secret::from_bytes([]),
    ] {
        assert_eq!(problem(empty), SecretProblem::Empty);
    }
    for name in ["gitlab-signing", "openai", "standardwebhooks", "svix"] {
        let prefix_alone = Secret::new("whsec_").unwrap();
        let rejected = problem(Verifier::new(scheme(name), prefix_alone));
        assert_eq!(rejected, SecretProblem::DecodesToNothing, "{name}");
    }
    // The second secret is checked like the first.
    let secrets = Secrets::new(secret(1)).with_previous(Secret::new("whsec_").unwrap());
    let rejected = Verifier::new(scheme("svix"), secrets).unwrap_err();
    assert!(matches!(rejected, ConfigError::Secret { index: Some(1), .. }), "{rejected:?}");
}

#[test]
fn a_secret_that_does_not_decode_is_never_used_as_text() {
    for bad in ["whsec_not base64!", "whsec_@@@@", "not base64!", "whsec_YWJj\n", " whsec_YWJj"] {
        for name in ["gitlab-signing", "standardwebhooks", "svix"] {
            let rejected = problem(Verifier::new(scheme(name), Secret::new(bad).unwrap()));
            assert_eq!(rejected, SecretProblem::NotBase64, "{name}: {bad:?}");
        }
        assert_eq!(problem(Secret::from_whsec(bad)), SecretProblem::NotBase64, "{bad:?}");
        assert_eq!(problem(Secret::from_hex(bad)), SecretProblem::NotHex, "{bad:?}");
    }
    // OpenAI's rule: a secret without the prefix is text, with the prefix it is base64.
    assert!(Verifier::new(scheme("openai"), Secret::new("not base64!").unwrap()).is_ok());
    let rejected = Verifier::new(scheme("openai"), Secret::new("whsec_not base64!").unwrap());
    assert_eq!(problem(rejected), SecretProblem::NotBase64);
    let short = Verifier::new(scheme("gitlab-signing"), Secret::new("whsec_YWJj").unwrap());
    assert!(matches!(problem(short), SecretProblem::WrongLength { is: 3, must_be: 32, .. }));
}

fn problem<T>(result: Result<T, ConfigError>) -> SecretProblem {
    match result.map(drop).unwrap_err() {
        ConfigError::Secret { problem, .. } => problem,
        other => panic!("{other:?}"),
    }
}

// `now - ts` on an attacker's `i64::MIN` panicked in debug and passed the window in release.
#[test]
fn no_timestamp_enters_the_window_by_an_overflow() {
    let million = "9".repeat(1_000_000);
    let absurd = [
        "-9223372036854775808",
        "18446744073709551615",
        "9223372036854775808",
        "9223372036854775807",
        "9223372036854775",
        "-1",
        "+1",
        " 1",
        "1 ",
        "1e9",
        "0x1",
        "1_760_000_000",
        "NaN",
        "",
        "١٢٣",
        "１７６００００000",
        &million,
    ];
    for scheme in any_body_schemes().filter(|scheme| scheme.timestamp_source().is_some()) {
        let delivery = Delivery::of(&scheme);
        for text in absurd {
            let altered = delivery.clone().with_text(&now_text(&scheme), text);
            for now in [NOW_MS, 0, i64::MIN] {
                let rejected = altered.rejected_at_once(&verifier_at(&scheme, now));
                let of_time =
                    [Kind::MalformedTimestamp, Kind::TimestampInFuture, Kind::TimestampTooOld];
                assert!(
                    rejected.is_some_and(|kind| of_time.contains(&kind)),
                    "{}, {text:.40?} at {now}: {rejected:?}",
                    scheme.name()
                );
            }
        }
    }
}

#[test]
fn no_timestamp_in_a_signed_body_enters_the_window_by_an_overflow() {
    for (name, field) in [
        ("linear", "webhookTimestamp"),
        ("perps-tracker", "created"),
        ("x-webhook-signature", "created_at"),
    ] {
        let scheme = scheme(name);
        for value in [
            "-9223372036854775808",
            "18446744073709551615",
            "9223372036854775807",
            "1e9",
            "1760000000.5",
            "-1",
            "\"+1\"",
            "\" 1\"",
            "\"\"",
            "\"١٢٣\"",
            "true",
            "{}",
            "[]",
            "null",
        ] {
            let delivery = Delivery::with_body(&scheme, format!("{{\"{field}\":{value}}}"));
            for now in [NOW_MS, 0, i64::MIN] {
                let rejected = delivery.verify(&verifier_at(&scheme, now)).map(drop).unwrap_err();
                assert!(
                    rejected.code().contains("timestamp"),
                    "{name}, {value} at {now}: {rejected}"
                );
            }
        }
    }
}

// The timestamp was re-serialised before hashing, so `+000…`, `…abc` and `….9` verified.
#[test]
fn a_timestamp_is_verified_as_sent_and_never_reserialized() {
    let numbers = |scheme: &Scheme| {
        matches!(
            scheme.timestamp_unit(),
            Some(TimestampUnit::Seconds | TimestampUnit::Milliseconds)
        )
    };
    let mut seen = 0;
    for scheme in any_body_schemes().filter(numbers) {
        let (delivery, now) = (Delivery::of(&scheme), now_text(&scheme));
        for other in [
            format!("0{now}"),
            format!("000000{now}"),
            format!("+{now}"),
            format!("+000{now}"),
            format!("{now}abc"),
            format!("{now}.9"),
            format!("{now}.0"),
            format!("{now} "),
        ] {
            let rejected = delivery.clone().with_text(&now, &other).rejected(&verifier(&scheme));
            let expected = [Kind::MalformedTimestamp, Kind::SignatureMismatch];
            assert!(
                rejected.is_some_and(|kind| expected.contains(&kind)),
                "{}, {other:?}: {rejected:?}",
                scheme.name()
            );
        }
        seen += 1;
    }
    assert!(seen >= 10, "{seen}");
    // A timestamp that was sent with a leading zero was also signed with it.
    let tag = const_hex::encode(hmac_sha256("key", "01760000000.{}"));
    let headers = [("Stripe-Signature", format!("t=01760000000,v1={tag}"))];
    let stripe = Verifier::new(scheme("stripe"), Secret::new("key").unwrap()).unwrap();
    assert!(stripe.with_clock(|| NOW_MS).verify(&headers, "{}").is_ok());
}

// Only UTF-8 bodies were accepted; bodies were copied into text; a character was split across
// chunks.
#[test]
fn a_body_of_arbitrary_bytes_is_signed_verbatim() {
    let bodies: [&[u8]; 9] = [
        b"\0",
        b"a\0b",
        b"\r\n{}\r\n",
        b"\xef\xbb\xbf{}",
        b"\xff\xfe\x00",
        "{\"name\":\"Zoë 🦀\"}".as_bytes(),
        b"{\"name\":\"\\u00e4\"}",
        b"{ \"a\" : 1.0 }\n",
        &[0x80; 300],
    ];
    for scheme in any_body_schemes() {
        for body in bodies.map(|body| in_form_of(&scheme, body)) {
            let delivery = Delivery::with_body(&scheme, &body);
            let verifier = verifier(&scheme);
            for size in [1, 2, 3, 7, body.len()] {
                let mut begun = begin(&verifier, &delivery.headers).unwrap();
                for piece in body.chunks(size) {
                    begun.update(piece.to_vec()).unwrap();
                }
                let verified = begun.verify();
                let bytes = verified.map(Verified::into_body);
                assert_eq!(bytes.as_deref(), Ok(&body[..]), "{}: {size}", scheme.name());
            }
        }
    }
}

// The template was filled in by text replacement, so `$&` or `{timestamp}` in a body was expanded.
#[test]
fn placeholders_in_a_body_or_an_id_are_not_expanded() {
    for text in ["{body}", "{ts}", "{id}", "{timestamp}", "$&", "$1", "%s", "{{body}}", "\\1"] {
        let stripe = format!("1760000000.{text}");
        let tag = const_hex::encode(hmac_sha256("key", stripe));
        let headers = [("Stripe-Signature", format!("t=1760000000,v1={tag}"))];
        let key = || Secret::from_text("key").unwrap();
        let verifier = Verifier::new(scheme("stripe"), key()).unwrap().with_clock(|| NOW_MS);
        assert!(verifier.verify(&headers, text).is_ok(), "{text}");

        // With letters, because punctuation alone is no id.
        let id = format!("msg{text}");
        let standard = format!("{id}.1760000000.{text}");
        let headers = [
            ("webhook-id", id.clone()),
            ("webhook-timestamp", "1760000000".to_owned()),
            ("webhook-signature", format!("v1,{}", STANDARD.encode(hmac_sha256("key", standard)))),
        ];
        let verifier = Verifier::new(scheme("standardwebhooks"), key()).unwrap();
        let verified = verifier.with_clock(|| NOW_MS).verify(&headers, text);
        assert_eq!(verified.map(|verified| verified.event_id().to_owned()), Ok(id));
    }
}

// `id="a.1", ts=2` and `id="a", ts="1.2"` sign the same bytes.
#[test]
fn an_id_that_contains_the_delimiter_is_rejected() {
    for name in ["gitlab-signing", "openai", "standardwebhooks", "svix"] {
        let scheme = scheme(name);
        let delivery = Delivery::of(&scheme);
        let header = delivery.headers[1].0.clone();
        for id in ["a.1", ".", "msg_1.", ".msg_1", "a b", "a\tb", "", "\u{e9}", &"a".repeat(257)] {
            let rejected =
                delivery.clone().with_header(&header, id).rejected_at_once(&verifier(&scheme));
            assert_eq!(rejected, Some(Kind::MalformedId), "{name}: {id:?}");
        }
    }
}

#[test]
fn parts_signed_without_a_delimiter_cannot_be_shifted() {
    let twitch = scheme("twitch");
    let delivery = Delivery::of(&twitch);
    let time = now_text(&twitch);
    for (id, shifted) in [
        (format!("{ID}2"), time[1..].to_owned()),
        (ID[..ID.len() - 1].to_owned(), format!("1{time}")),
    ] {
        assert_eq!(format!("{id}{shifted}"), format!("{ID}{time}"));
        let altered = delivery
            .clone()
            .with_header("Twitch-Eventsub-Message-Id", &id)
            .with_header("Twitch-Eventsub-Message-Timestamp", &shifted);
        let rejected = altered.rejected_at_once(&verifier(&twitch));
        assert_eq!(rejected, Some(Kind::MalformedTimestamp), "{id}, {shifted}");
    }
}

#[test]
fn values_of_an_event_key_have_unambiguous_boundaries() {
    let venum = scheme("venum");
    let mut ids = Vec::new();
    for (signature, kind) in
        [("a:b", "c"), ("a", "b:c"), ("a\\", "b:c"), ("a", "\\b:c"), ("a\\:b", "c"), ("a:", "b:c")]
    {
        let body = serde_json::json!({ "signature": signature, "type": kind }).to_string();
        let verified = Delivery::with_body(&venum, body).verify(&verifier(&venum)).unwrap();
        assert_eq!(verified.event_id_from().to_string(), "body:/signature+/type");
        ids.push(verified.event_id().to_owned());
    }
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "{ids:?}");
}

// One MAC was computed for each signature in the header: a forged 1 MiB request with 5,000 of them
// cost 2.9 s.
#[test]
fn five_thousand_signatures_are_rejected_before_any_hashing() {
    for scheme in list_schemes() {
        let secrets = || several((0..5000).map(|number| (number % 250 + 1) as u8));
        let delivery = Delivery::signed(&scheme, secrets(), NOW_MS, BODY);
        // What `begin` rejects was not hashed, because there was no body yet.
        let rejected = delivery.rejected_at_once(&verifier(&scheme));
        assert_eq!(rejected, Some(Kind::TooManySignatures), "{}", scheme.name());
    }
}

// Only the last (or the first) signature of a list was kept, so a rotation broke.
#[test]
fn a_match_at_any_position_of_the_list_verifies() {
    for scheme in list_schemes() {
        for place in 0..16 {
            let mut numbers = [2; 16];
            numbers[place] = 1;
            let delivery = Delivery::signed(&scheme, several(numbers), NOW_MS, BODY);
            assert_eq!(delivery.rejected(&verifier(&scheme)), None, "{}: {place}", scheme.name());
        }
    }
}

// A prefix was stripped without being required; any `x=` was taken; `sha1=` where `sha256=` was
// meant.
#[test]
fn the_exact_prefix_is_required() {
    for scheme in schemes() {
        let delivery = Delivery::of(&scheme);
        let (front, tag) = delivery.tag(&scheme);
        if front.is_empty() {
            for prefix in ["sha256=", "v1=", "v1,", "=", " "] {
                let rejected = delivery.with_tag(&scheme, format!("{prefix}{tag}"));
                let rejected = rejected.rejected_at_once(&verifier(&scheme));
                assert_eq!(rejected, Some(Kind::MalformedSignature), "{}", scheme.name());
            }
            continue;
        }
        let cut = |text: &str| text[..text.len() - 1].to_owned();
        for other in [
            String::new(),
            cut(front),
            front[1..].to_owned(),
            front.to_uppercase(),
            format!("{} ", cut(front)),
            format!("{front} "),
            front.replace("sha256", "sha1"),
            front.replace("v1", "v2").replace("v0", "v1").replace("h1", "h2"),
            "x=".to_owned(),
        ] {
            if other == front {
                continue;
            }
            let value = format!("{other}{tag}");
            let altered = delivery.clone().with_header(delivery.signature_header(), value);
            let rejected = altered.rejected_at_once(&verifier(&scheme));
            let expected =
                [Kind::MalformedSignature, Kind::UnsupportedSignature, Kind::MissingTimestamp];
            assert!(
                rejected.is_some_and(|kind| expected.contains(&kind)),
                "{}, {other:?}: {rejected:?}",
                scheme.name()
            );
        }
    }
}

// Base64 contains `=`, so a split at every `=` cut the tag.
#[test]
fn a_base64_tag_is_not_split_at_its_padding() {
    let scheme = builder()
        .signed_payload("{body}")
        .signature_pairs(',', '=', "v1")
        .encoding(Encoding::Base64)
        .build()
        .unwrap();
    let delivery = Delivery::of(&scheme);
    assert!(delivery.headers[0].1.ends_with(b"="));
    assert_eq!(delivery.rejected(&verifier(&scheme)), None);
    let twice = Delivery::signed(&scheme, several([2, 1]), NOW_MS, BODY);
    assert_eq!(twice.rejected(&verifier(&scheme)), None);
}

// A repeated header: the application used the first one, the proxy the last one.
#[test]
fn a_repeated_signature_header_is_rejected() {
    for scheme in schemes() {
        let delivery = Delivery::of(&scheme);
        for (name, value) in &delivery.headers {
            let others = [value.clone(), Vec::new(), b"other".to_vec()];
            for (second, other) in others.iter().flat_map(|other| {
                [(name.clone(), other), (name.to_uppercase(), other), (name.to_lowercase(), other)]
            }) {
                let mut last = delivery.clone();
                last.headers.push((second.clone(), other.clone()));
                let mut first = delivery.clone();
                first.headers.insert(0, (second, other.clone()));
                for repeated in [first, last] {
                    let rejected = repeated.rejected_at_once(&verifier(&scheme));
                    assert_eq!(rejected, Some(Kind::RepeatedHeader), "{}: {name}", scheme.name());
                }
            }
        }
    }
}

// `==` on hexadecimal text; an unexpected length or character made the comparison throw.
#[test]
fn a_tag_has_one_case_rule_padding_and_alphabet() {
    for scheme in schemes() {
        let (delivery, verifier) = (Delivery::of(&scheme), verifier(&scheme));
        let (_, text) = delivery.tag(&scheme);
        let bytes = decoded(&scheme, text);
        let (taken, rejected) = if scheme.encoding() == Encoding::Hex {
            (vec![text.to_uppercase()], vec![STANDARD.encode(&bytes)])
        } else {
            let hex = const_hex::encode(&bytes);
            (
                vec![],
                vec![STANDARD_NO_PAD.encode(&bytes), hex, format!("{text}="), trailing_bits(text)],
            )
        };
        for tag in taken {
            assert_eq!(delivery.with_tag(&scheme, tag).rejected(&verifier), None);
        }
        let odd = [" ", "\n", "\0", "é", "ａ", "g", "-"].map(|odd| {
            let cut: String = text.chars().skip(odd.len()).collect();
            format!("{odd}{cut}")
        });
        for tag in rejected.into_iter().chain(odd) {
            let verdict = delivery.with_tag(&scheme, &tag).rejected_at_once(&verifier);
            // `g` is a base64 character, so this is only a wrong tag.
            let expected = match STANDARD.decode(&tag) {
                Ok(tag) if scheme.encoding() == Encoding::Base64 && tag.len() == bytes.len() => {
                    None
                }
                _ => Some(Kind::MalformedSignature),
            };
            assert_eq!(verdict, expected, "{}: {tag:?}", scheme.name());
        }
    }
    // The alphabet is the standard one.
    let scheme = scheme("shopify");
    let both = (0..).map(|number| Delivery::with_body(&scheme, format!("{number}")));
    let with_slash = both.into_iter().find(|delivery| delivery.tag(&scheme).1.contains('/'));
    let delivery = with_slash.unwrap();
    let url_safe = URL_SAFE.encode(decoded(&scheme, delivery.tag(&scheme).1));
    assert_eq!(delivery.rejected(&verifier(&scheme)), None);
    let rejected = delivery.with_tag(&scheme, url_safe).rejected_at_once(&verifier(&scheme));
    assert_eq!(rejected, Some(Kind::MalformedSignature));
}

/// Another text that a lax decoder decodes to the same bytes: it ignores the last two bits before
/// the padding.
fn trailing_bits(text: &str) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = text.as_bytes().to_vec();
    let last = bytes.len() - 2;
    let value = ALPHABET.iter().position(|letter| *letter == bytes[last]).unwrap();
    bytes[last] = ALPHABET[value | 1];
    String::from_utf8(bytes).unwrap()
}

// `method=`, `alg` and settings headers chose the algorithm.
#[test]
fn a_request_cannot_choose_its_algorithm() {
    let sha1 = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"key");
    let sha512 = hmac::Key::new(hmac::HMAC_SHA512, b"key");
    let sha1 = const_hex::encode(hmac::sign(&sha1, b"{}"));
    let sha512 = const_hex::encode(hmac::sign(&sha512, b"{}"));
    let sha256 = const_hex::encode(hmac_sha256("key", "{}"));
    let github = Verifier::new(scheme("github"), Secret::new("key").unwrap()).unwrap();
    let header = "X-Hub-Signature-256";
    assert!(github.verify(&[(header, format!("sha256={sha256}"))], "{}").is_ok());
    for value in [
        format!("sha1={sha1}"),
        format!("sha256={sha1}"),
        format!("sha512={sha512}"),
        format!("sha256={sha512}"),
        format!("md5={sha256}"),
        "none=".to_owned(),
    ] {
        let rejected = begin(&github, &[(header, value.as_str())]).unwrap_err();
        assert_eq!(rejected.kind(), Kind::MalformedSignature, "{value}");
    }
    let legacy = [("X-Hub-Signature", format!("sha1={sha1}"))];
    assert_eq!(begin(&github, &legacy).unwrap_err().kind(), Kind::MissingSignature);
}

#[test]
fn a_correct_tag_under_another_key_of_the_list_is_ignored() {
    for scheme in list_schemes() {
        let delivery = Delivery::of(&scheme);
        for (key, other) in [("v1=", "v0="), ("v1,", "v1a,"), ("v1,", "v2,"), ("h1=", "h0=")] {
            if delivery.tag(&scheme).0.ends_with(key) {
                let rejected =
                    delivery.clone().with_text(key, other).rejected_at_once(&verifier(&scheme));
                assert_eq!(rejected, Some(Kind::UnsupportedSignature), "{}", scheme.name());
            }
        }
    }
}

#[test]
fn headers_that_name_an_algorithm_or_a_key_change_nothing() {
    for scheme in schemes() {
        let named = |delivery: Delivery| {
            ["alg", "X-Algorithm", "X-Signature-Method", "X-Key-Id", "PAYPAL-AUTH-ALGO"]
                .into_iter()
                .fold(delivery, |delivery, header| delivery.with_header(header, "none"))
        };
        let verifier = verifier(&scheme);
        let genuine = Delivery::of(&scheme);
        let forged = genuine.with_tag(&scheme, "0".repeat(genuine.tag(&scheme).1.len()));
        assert_eq!(named(genuine).rejected(&verifier), None, "{}", scheme.name());
        assert!(named(forged).rejected(&verifier).is_some(), "{}", scheme.name());
    }
}

// A template that does not mention the body verified every payload.
#[test]
fn a_template_without_the_body_or_with_an_unknown_placeholder_is_rejected() {
    for template in [
        "",
        "body",
        "{ts}",
        "{id}.{ts}",
        "{url}",
        "{Body}",
        "{ body}",
        "{{body}}",
        "{body}{body}",
        "{payload}",
        "{timestamp}.{body}",
        "{ts}.{body}.{nonce}",
        "{body",
        "body}",
        "{}{body}",
        "{header:}{body}",
        "{header:a b}{body}",
        "{secret}{body}",
    ] {
        assert_eq!(
            rejected_word(builder().signed_payload(template)),
            "signed_payload",
            "{template:?}"
        );
    }
    assert_eq!(rejected_word(builder()), "signed_payload");
    let digest = builder().algorithm(Algorithm::Sha256);
    for template in ["{body}", "{method}{secret}{body}", "{secret}{body}{secret}", "{secret}"] {
        assert_eq!(
            rejected_word(digest.clone().signed_payload(template)),
            "signed_payload",
            "{template:?}"
        );
    }
    assert_eq!(
        rejected_word(builder().algorithm(Algorithm::Token).signed_payload("{body}")),
        "signed_payload"
    );
}

#[test]
fn an_unsigned_id_is_not_the_event_id() {
    let over_body = || builder().signed_payload("{body}");
    assert_eq!(rejected_word(over_body().id_header("X-Id")), "id_header");
    assert_eq!(rejected_word(builder().signed_payload("{id}.{body}")), "id_header");
    assert_eq!(rejected_word(over_body().event_id("header:X-Delivery-Id")), "event_id");
    // Not even a signed header, unless it is the id header: the length of other headers is not
    // limited.
    let other = builder().signed_payload("{header:X-Id}.{body}").event_id("header:X-Id");
    assert_eq!(rejected_word(other), "event_id");
    // In a token scheme, the body is as authentic as the token; a header is not.
    let token = || builder().algorithm(Algorithm::Token);
    assert_eq!(rejected_word(token().event_id("header:X-Id")), "event_id");
    assert!(token().event_id("body:/id").build().is_ok());
}

#[test]
fn an_ambiguous_signature_list_is_rejected() {
    let over_body = || builder().signed_payload("{body}");
    for (separator, assign, key) in [
        (',', ',', "v1"),
        ('é', '=', "v1"),
        (',', 'é', "v1"),
        (',', '=', ""),
        (',', '=', "v1="),
        (',', '=', "v,1"),
        ('a', '=', "v1"),
        ('1', '=', "v1"),
    ] {
        let list = over_body().signature_pairs(separator, assign, key);
        assert_eq!(rejected_word(list), "signature_pairs", "{separator:?} {assign:?} {key:?}");
    }
    for separator in ['+', '/', '='] {
        let list = over_body().signature_pairs(separator, ':', "v1").encoding(Encoding::Base64);
        assert_eq!(rejected_word(list), "signature_pairs", "{separator:?}");
    }
    let same_key = builder().signed_payload("{ts}{body}").signature_pairs(',', '=', "v1");
    let same_key = same_key.timestamp_field("v1", TimestampUnit::Seconds);
    assert_eq!(rejected_word(same_key), "timestamp_field");
    let both = over_body().signature_pairs(',', '=', "v1").signature_prefix("sha256=");
    assert_eq!(rejected_word(both), "signature_prefix");
}

fn builder() -> SchemeBuilder {
    Scheme::builder("custom").signature_header("X-Signature")
}

/// The option in the error, which the error's text must also name.
fn rejected_word(builder: SchemeBuilder) -> &'static str {
    let rejected = builder.build().unwrap_err();
    let shown = rejected.to_string();
    match rejected {
        ConfigError::Scheme { scheme, word, .. } => {
            assert!(shown.contains(&format!("`{word}`")) && scheme == "custom", "{shown}");
            word
        }
        other => panic!("{other:?}"),
    }
}

// `Debug` showed the secret, logs showed the body and the signature, and the response contained a
// parser's text: see `no_leaks.rs`.

// The type that contains the key derived `PartialEq`.
#[test]
fn a_secret_can_be_neither_compared_nor_shown_nor_serialised() {
    let secret = Probe::<Secret>::NEW;
    assert!(!secret.is_compared() && !secret.is_displayed() && !secret.is_serialised());
    assert!(!secret.is_deserialized() && !secret.is_cloned());
    let secrets = Probe::<Secrets>::NEW;
    assert!(!secrets.is_compared() && !secrets.is_displayed() && !secrets.is_serialised());
    assert!(!secrets.is_deserialized() && !secrets.is_cloned());
    let verifier = Probe::<Verifier>::NEW;
    assert!(!verifier.is_compared() && !verifier.is_displayed() && !verifier.is_serialised());
    // The probe detects traits that exist.
    let text = Probe::<String>::NEW;
    assert!(text.is_compared() && text.is_displayed() && text.is_serialised());
    assert!(text.is_deserialized() && text.is_cloned() && text.has_default());
    assert!(Probe::<Vec<u8>>::NEW.is_made_of_bytes());
}

fn decoded(scheme: &Scheme, tag: &str) -> Vec<u8> {
    match scheme.encoding() {
        Encoding::Hex => const_hex::decode(tag).unwrap(),
        _ => STANDARD.decode(tag).unwrap(),
    }
}

/// [`NOW_MS`] in the scheme's format.
fn now_text(scheme: &Scheme) -> String {
    match scheme.timestamp_unit().unwrap() {
        TimestampUnit::Seconds => "1760000000",
        TimestampUnit::Milliseconds => "1760000000000",
        TimestampUnit::Rfc3339 => "2025-10-09T08:53:20Z",
        _ => "Thu, 09 Oct 2025 08:53:20 GMT",
    }
    .to_owned()
}
