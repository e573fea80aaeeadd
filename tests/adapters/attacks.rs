//! The attacks on endpoints: our adapters pass all of them, and a receiver with a flaw fails the
//! attacks that target the flaw.

mod adapters;
mod examples;
mod flawed;
mod samples;

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use countersign::scheme::{Algorithm, SecretFormat};
use countersign::testing::{AttackKind, AttackUnavailable, Attacks, Expected, Pace};
use countersign::{PublicUrl, Scheme, Secret, Verifier, VerifyErrorKind, schemes};
use http::{HeaderName, HeaderValue};
use ring::signature::{Ed25519KeyPair, KeyPair};

#[test]
fn attacks_verify_exactly_if_a_correct_receiver_accepts_them() {
    let mut passed_over = Vec::new();
    for name in schemes::names() {
        let scheme = schemes::named(name).unwrap();
        let (Ok(attacks), Some(verifier)) = (attacks(&scheme).prepare(), verifier(&scheme)) else {
            passed_over.push(name);
            continue;
        };
        for attack in &attacks {
            for request in attack.requests() {
                if request.pace() != Pace::Whole || request.expected() == Expected::RejectedSize {
                    continue; // These need an endpoint that reads the body.
                }
                let kind = attack.kind();
                let verified =
                    verifier.verify(request.request().headers(), request.request().body().clone());
                let accepted = request.expected() == Expected::Accepted;
                match &verified {
                    Ok(_) => assert!(accepted, "{name}: {kind}"),
                    Err(error) => {
                        assert!(!accepted, "{name}: {kind}: {error}");
                        let answer = error.status().into();
                        assert!(request.expected().admits(answer), "{name}: {kind}: {error}");
                    }
                }
            }
        }
    }
    assert_eq!(passed_over, PASSED_OVER);
}

#[test]
fn a_scheme_that_signs_body_and_time_gets_every_attack() {
    for name in ["stripe", "standardwebhooks", "venum", "perps-tracker", "slack"] {
        let list = attacks(&schemes::named(name).unwrap()).prepare().unwrap();
        let kinds: Vec<AttackKind> = list.iter().map(|attack| attack.kind()).collect();
        assert_eq!(kinds, AttackKind::ALL, "{name}: {list:?}");
        assert_eq!(list.left_out().count(), 0);
    }
}

#[test]
fn attacks_that_do_not_apply_to_a_scheme_are_skipped_with_the_reason() {
    let github = attacks(&schemes::github()).prepare().unwrap();
    let left_out: Vec<String> =
        github.left_out().map(|(kind, why)| format!("{kind}: {why}")).collect();
    let why = "the scheme signs no timestamp";
    let times = ["tampered-timestamp", "stale", "future", "malformed-timestamp"];
    assert_eq!(left_out, times.map(|kind| format!("{kind}: {why}")));
}

#[test]
fn a_given_body_is_changed_only_as_the_attack_requires() {
    let scheme = schemes::perps_tracker();
    let body = "{\n  \"type\": \"trade.new\",\n  \"id\": \"evt_1\",\n  \"created\": 1,\n  \"n\": 15000.50\n}";
    let attacks =
        Attacks::new(scheme, "secret").unwrap().with_body(body).at_unix_ms(1_760_000_000_999);
    let sent = |kind| {
        let attack = attacks.attack(kind).unwrap();
        String::from_utf8(attack.requests()[0].request().body().to_vec()).unwrap()
    };
    let genuine = body.replace(": 1,", ": 1760000000,");
    assert_eq!(sent(AttackKind::Genuine), genuine);
    let other = genuine.replace("evt_1", "evt_1_replay_1760000000999");
    assert_eq!(sent(AttackKind::Replay), other);
    let event = attacks.attack(AttackKind::Replay).unwrap().event().unwrap().to_owned();
    assert_eq!(event, "replay_1760000000999");
}

#[test]
fn a_new_event_gets_a_new_delivery_id() {
    let given = |name| (HeaderName::from_static(name), HeaderValue::from_static("given"));
    let attacks = attacks(&schemes::perps_tracker());
    let (delivery, kind) = (given("x-delivery-id"), given("x-event-type"));
    let attacks = attacks.with_header(delivery.0, delivery.1).with_header(kind.0, kind.1);
    let attacks = attacks.at_unix_ms(1_760_000_000_999);
    let [genuine, replay] = [AttackKind::Genuine, AttackKind::Replay].map(|kind| {
        let attack = attacks.attack(kind).unwrap();
        attack.requests()[0].request().headers().clone()
    });
    assert_eq!(genuine["x-delivery-id"], "given");
    assert_eq!(replay["x-delivery-id"], "given_replay_1760000000999");
    assert_eq!(replay["x-event-type"], "given");
}

#[test]
fn a_body_that_is_not_json_cannot_be_reserialized() {
    let attacks = attacks(&schemes::slack()).with_body("token=x&text=y");
    let rejected = attacks.attack(AttackKind::Reserialized);
    assert!(matches!(
        rejected,
        Err(AttackUnavailable::NotApplicable("the body is not a JSON object"))
    ));
}

#[test]
fn the_attacks_use_the_tolerance_and_body_limit_of_the_endpoint() {
    let venum = || attacks(&schemes::venum());
    let tolerance = countersign::Tolerance::symmetric(Duration::from_secs(10 * 24 * 60 * 60));
    let verifier = verifier(&schemes::venum()).unwrap().with_tolerance(tolerance);
    let stale = |attacks: Attacks| {
        let attack = attacks.attack(AttackKind::Stale).unwrap();
        let request = attack.requests()[0].request();
        verifier.verify(request.headers(), request.body().clone()).is_err()
    };
    assert!(!stale(venum()));
    assert!(stale(venum().with_tolerance(tolerance)));

    let huge = venum().with_body_limit(1000).attack(AttackKind::HugeBody).unwrap();
    assert_eq!(huge.requests()[0].request().body().len(), 1001);
}

#[test]
fn a_huge_body_is_genuine_and_one_byte_above_the_limit() {
    let mut sent = Vec::new();
    for name in schemes::names() {
        let scheme = schemes::named(name).unwrap();
        let attacks = attacks(&scheme);
        if attacks.attack(AttackKind::Genuine).is_err() {
            continue;
        }
        let huge = attacks.attack(AttackKind::HugeBody).unwrap();
        let request = huge.requests()[0].request();
        assert_eq!(request.body().len(), LIMIT + 1, "{name}");
        sent.push(name);
        let Some(verifier) = verifier(&scheme) else { continue };
        let verify = |verifier: Verifier| {
            verifier.verify(request.headers(), request.body().clone()).map_err(|it| it.kind())
        };
        assert!(verify(verifier.clone().with_body_limit(LIMIT + 1)).is_ok(), "{name}");
        let rejected = verify(verifier.with_body_limit(LIMIT)).unwrap_err();
        assert_eq!(rejected, VerifyErrorKind::BodyTooLarge, "{name}");
    }
    for in_body in ["figma", "mailgun"] {
        assert!(sent.contains(&in_body), "{in_body}");
    }
}

#[test]
fn a_huge_body_keeps_its_size_at_the_limit_of_mailgun() {
    let scheme = schemes::mailgun();
    let limit = scheme.profile().body_limit();
    for body in ["{}", "{\n  \"event-data\": {\n    \"event\": \"opened\"\n  }\n}"] {
        let attacks = Attacks::new(scheme.clone(), signing_secret(&scheme)).unwrap();
        let huge = attacks.with_body(body).attack(AttackKind::HugeBody).unwrap();
        assert_eq!(huge.requests()[0].request().body().len(), limit + 1, "{body}");
    }
}

#[test]
fn debug_output_contains_neither_a_signature_nor_the_secret() {
    let attacks = Attacks::new(schemes::github(), "canary-secret").unwrap();
    let attacks = attacks.with_body(Bytes::from_static(b"{\"canary\":\"body\"}"));
    let list = attacks.prepare().unwrap();
    let signature =
        list.iter().next().unwrap().requests()[0].request().headers()["x-hub-signature-256"]
            .clone();
    let printed = format!("{attacks:?} {list:?}");
    assert!(!printed.contains("canary"), "{printed}");
    assert!(!printed.contains(signature.to_str().unwrap()), "{printed}");
}

fn attacks(scheme: &Scheme) -> Attacks {
    let attacks = Attacks::new(scheme.clone(), signing_secret(scheme)).unwrap();
    let nonce = (HeaderName::from_static("x-qn-nonce"), HeaderValue::from_static("nonce"));
    attacks.with_url(url()).with_header(nonce.0, nonce.1).with_body_limit(LIMIT)
}

fn verifier(scheme: &Scheme) -> Option<Verifier> {
    let secret = Secret::new(verifying_secret(scheme)).unwrap();
    let verifier = match scheme.signs_url() {
        true => Verifier::with_public_url(url(), scheme.clone(), secret),
        false => Verifier::new(scheme.clone(), secret),
    };
    verifier.ok()
}

fn signing_secret(scheme: &Scheme) -> String {
    match scheme.algorithm() {
        Algorithm::Ed25519 => format!("whsk_{}", STANDARD.encode(SEED)),
        _ => verifying_secret(scheme),
    }
}

fn verifying_secret(scheme: &Scheme) -> String {
    let key: Vec<u8> = match scheme.algorithm() {
        Algorithm::Ed25519 => {
            let pair = Ed25519KeyPair::from_seed_unchecked(SEED).unwrap();
            pair.public_key().as_ref().to_vec()
        }
        _ => SEED.to_vec(),
    };
    match scheme.secret_format() {
        SecretFormat::Hex => const_hex::encode(key),
        SecretFormat::Basic => "user:password".to_owned(),
        SecretFormat::Text | SecretFormat::HtmlEntities => "a secret of a demonstration".to_owned(),
        _ => STANDARD.encode(key),
    }
}

fn url() -> PublicUrl {
    PublicUrl::new("https://example.com/hooks?a=1").unwrap()
}

/// These need a private key that cannot be derived from a seed, or a body in a format that has no
/// sample.
const PASSED_OVER: [&str; 6] = ["adyen", "aws-sns", "mandrill", "paypal", "plaid", "sendgrid"];
const LIMIT: usize = 64 * 1024;
const SEED: &[u8; 32] = b"01234567890abcdef01234567890abcd";
