//! What is reported if no cause explains a rejection, and the cost of a diagnosis.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::diagnose::{CapturedRequest, CauseKind, Diagnosis};
use countersign::{Scheme, Secret, Signer};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{Ed25519KeyPair, KeyPair};

use super::{assert_certain, assert_suspected, diagnose, found_by};
use crate::rules::diagnosed_cases;
use fixtures::delivery::{Delivery, NOW_MS, scheme, schemes, secret_of};

#[test]
fn none_of_a_thousand_random_failures_has_a_certain_cause() {
    let schemes: Vec<Scheme> = schemes().collect();
    for number in 0..1000 {
        let scheme = &schemes[number % schemes.len()];
        let [place, bit, way] = random();
        let mut delivery = Delivery::of(scheme);
        let mut secret = secret_of(scheme, 1);
        match way % 3 {
            0 => {
                let at = usize::from(place) % delivery.body.len();
                delivery.body[at] ^= 1 << (bit % 8);
            }
            1 => secret = Secret::from_bytes(random::<32>()).unwrap(),
            _ => {
                let (_, tag) = delivery.tag(scheme);
                let mut tag = tag.as_bytes().to_vec();
                let at = usize::from(place) % (tag.len() - 4);
                tag[at] = if tag[at] == b'1' { b'2' } else { b'1' };
                delivery = delivery.with_tag(scheme, tag);
            }
        }
        let found = found_by(&diagnose(scheme, secret), scheme, &delivery);
        assert!(!found.is_verified(), "{}", scheme.name());
        assert!(found.causes().iter().all(|cause| !cause.is_certain()), "{found:?}");
        assert!(!found.causes().is_empty(), "{}", scheme.name());
    }
}

#[test]
fn an_unexplained_mismatch_is_tampered_or_unknown() {
    for scheme in schemes() {
        let mut delivery = Delivery::of(&scheme);
        delivery.body[3] ^= 1;
        let found = found_by(&diagnose(&scheme, secret_of(&scheme, 1)), &scheme, &delivery);
        assert_suspected(&found, CauseKind::TamperedOrUnknown, scheme.name());
    }
}

#[test]
fn schemes_with_custom_signing_code_are_diagnosed_too() {
    for (scheme, request, [own, other]) in diagnosed_cases() {
        let name = scheme.name().to_owned();
        let secret = |text: &str| Secret::new(text).unwrap();
        let first = |diagnose: countersign::diagnose::Diagnose, request: &CapturedRequest| {
            let found = diagnose.diagnose(request).unwrap();
            let shown = format!("{found:?}");
            assert!(
                !shown.contains(&own[own.len() - own.len().min(12)..]) || own.len() < 8,
                "{name}"
            );
            found.causes().first().map(|cause| (cause.kind(), cause.is_certain()))
        };
        assert_eq!(first(diagnose(&scheme, secret(&own)), &request), None, "{name}");
        let elsewhere = diagnose(&scheme, secret(&other)).with_candidate(secret(&own));
        let expected = Some((CauseKind::SecretOfAnotherEndpoint, true));
        assert_eq!(first(elsewhere, &request), expected, "{name}");
        if own.starts_with("one") {
            let spaced = diagnose(&scheme, secret(&format!("{own} ")));
            let expected = Some((CauseKind::SecretTrailingWhitespace, true));
            assert_eq!(first(spaced, &request), expected, "{name}");
        }
        if own.contains("-----") {
            let lines = diagnose(&scheme, secret(&own.replace('\n', "\\n")));
            let expected = Some((CauseKind::SecretTrailingWhitespace, true));
            assert_eq!(first(lines, &request), expected, "{name}");
        }
        let retired = diagnose(&scheme, secret(&other)).with_retired(secret(&own));
        assert_eq!(first(retired, &request), Some((CauseKind::Rotated, true)), "{name}");
        if let Some(past) = scheme.tolerance().and_then(|tolerance| tolerance.past()) {
            let later = NOW_MS + i64::try_from(past.as_millis()).unwrap() + 86_400_000;
            let old = diagnose(&scheme, secret(&own)).with_clock(move || later);
            let expected = Some((CauseKind::ReplayedOldCapture, true));
            assert_eq!(first(old, &request), expected, "{name}");
        }
    }
}

#[test]
fn schemes_with_public_keys_are_diagnosed_like_those_with_secrets() {
    let scheme = scheme("discord");
    let keys = || {
        let private = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(private.as_ref()).unwrap();
        (STANDARD.encode(private.as_ref()), const_hex::encode(pair.public_key().as_ref()))
    };
    let ((private, own), (_, other)) = (keys(), keys());
    let signer = Signer::new(scheme.clone(), Secret::new(private).unwrap()).unwrap();
    let headers = signer.at_unix_ms(NOW_MS).sign(b"{\"a\": 1}").unwrap();
    let first = |known: &str, body: &'static str| {
        let request = CapturedRequest::new(headers.clone(), body);
        let own = Secret::new(&*own).unwrap();
        let diagnose = diagnose(&scheme, Secret::new(known).unwrap()).with_candidate(own);
        let found = diagnose.diagnose(&request).unwrap();
        found.causes().first().map(|cause| (cause.kind(), cause.is_certain()))
    };
    let body = "{\"a\": 1}";
    assert_eq!(first(&own, body), None);
    assert_eq!(first(&other, body), Some((CauseKind::SecretOfAnotherEndpoint, true)));
    let spaced = format!("{own} ");
    assert_eq!(first(&spaced, body), Some((CauseKind::SecretTrailingWhitespace, true)));
    let base64 = STANDARD.encode(const_hex::decode(&own).unwrap());
    assert_eq!(first(&base64, body), Some((CauseKind::SecretWronglyDecoded, true)));
    assert_eq!(first(&own, "{\"a\":1}"), Some((CauseKind::BodyReserialized, true)));
    assert_eq!(first(&own, "{\"a\":2}"), Some((CauseKind::TamperedOrUnknown, false)));
}

/// Other hashing has a separate limit, which the library's own tests cover.
#[test]
fn the_diagnosis_of_a_body_of_one_mebibyte_ends_after_a_limited_number_of_trials() {
    for name in ["github", "square", "svix"] {
        let scheme = scheme(name);
        let body = format!("{{\"a\":[{}1]}}", "{\"b\":\"é/\"},".repeat(110_000));
        assert!(body.len() > 1024 * 1024);
        let mut delivery = Delivery::with_body(&scheme, &body);
        let at = body.len() - 3;
        delivery.body[at] = b'2';
        let with_limit = || diagnose(&scheme, secret_of(&scheme, 1)).with_body_limit(2 << 20);
        let few = trials(&found_by(&with_limit(), &scheme, &delivery));
        for number in 0..100 {
            delivery.headers.push((format!("X-Other-{number}"), b"0123456789".to_vec()));
        }
        let mut all = with_limit();
        for number in 3..10 {
            all = all.with_candidate(secret_of(&scheme, number));
            all = all.with_retired(secret_of(&scheme, number + 10));
        }
        let found = found_by(&all, &scheme, &delivery);
        assert_suspected(&found, CauseKind::TamperedOrUnknown, name);
        let many = trials(&found);
        assert!(few < 400 && many < 500, "{name}: {few} and {many}");
    }
}

/// More than any server accepts. Reports how many were left out, but never leaves out headers that
/// are known by their name.
#[test]
fn a_limited_number_of_headers_is_tried_and_reported() {
    for name in ["github", "svix", "square"] {
        let scheme = scheme(name);
        let mut delivery = Delivery::with_body(&scheme, "{\"a\":1}");
        let own = std::mem::take(&mut delivery.headers);
        let tag = const_hex::encode([0xa5; 32]).into_bytes();
        let many = (0..60_000).map(|number| (format!("X-{}", number / 3), tag.clone()));
        delivery.headers = many.chain(own).collect();
        let lines = delivery.headers.len();

        let changed = Delivery { body: b"{\"a\":2}".to_vec(), ..delivery.clone() };
        let diagnose = || diagnose(&scheme, secret_of(&scheme, 1));
        let found = found_by(&diagnose(), &scheme, &changed);
        assert_suspected(&found, CauseKind::TamperedOrUnknown, name);
        let said = format!("{lines} lines of headers, and 500 of them were tried");
        assert!(found.causes().iter().any(|cause| cause.detail().contains(&said)), "{found:?}");

        let longer = Delivery { body: b"{\"a\":1}\n".to_vec(), ..delivery };
        let found = found_by(&diagnose(), &scheme, &longer);
        assert_certain(&found, CauseKind::BodyNewline, name);
    }
}

/// The number of experiments, if no cause explains the rejection.
pub(super) fn trials(found: &Diagnosis) -> usize {
    let detail = found.causes()[0].detail();
    let number = detail.strip_prefix("none of ").and_then(|rest| rest.split(' ').next());
    number.and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{found:?}"))
}

#[test]
fn no_request_makes_it_panic() {
    let scheme = scheme("stripe");
    let bodies: [&[u8]; 8] =
        [b"", b"\"", b"{\"a\":\"\\", b"\xff\xfe", b"%", b"a=%", b"\x1f\x8b\x08", b"[,]"];
    for body in bodies {
        for value in ["", "t=", "t=1,v1=", "\"", "\"\"", ",", "v1=\u{e9},t=99999999999999999999"] {
            let headers = [("Stripe-Signature", value), ("Host", ":"), ("Date", "x")];
            let request = CapturedRequest::new(headers, body).with_url("://");
            let secret = Secret::new("\"").unwrap();
            let found = diagnose(&scheme, secret).diagnose(&request).unwrap();
            assert!(!found.is_verified());
        }
    }
}

fn random<const LEN: usize>() -> [u8; LEN] {
    let mut bytes = [0; LEN];
    SystemRandom::new().fill(&mut bytes).unwrap();
    bytes
}
