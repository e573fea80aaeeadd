//! Diagnoses of deliveries that do not verify: each cause is provoked for many
//! schemes, and must be reported first.

mod bodies;
mod handshakes;
mod headers;
mod limits;
mod pairs;
mod rejections;
mod secrets;
mod times;
mod urls;
mod vectors;
mod writers;

use countersign::diagnose::{Audience, CapturedRequest, CauseKind, Diagnose, Diagnosis};
use countersign::{Scheme, Secret, Secrets, VerifyErrorKind, schemes};

use fixtures::delivery::{Delivery, NOW_MS, scheme, secret_of, secret_text};

const URL: &str = "https://receiver.example/hook";

/// A delivery as it was captured.
fn captured(delivery: &Delivery) -> CapturedRequest {
    CapturedRequest::new(delivery.headers.clone(), delivery.body.clone()).with_url(URL)
}

fn diagnose(scheme: &Scheme, secrets: impl Into<Secrets>) -> Diagnose {
    Diagnose::new(scheme.clone(), secrets).with_known_schemes(schemes::all()).with_clock(|| NOW_MS)
}

/// The diagnosis with the scheme's own secret.
fn found(scheme: &Scheme, delivery: &Delivery) -> Diagnosis {
    found_by(&diagnose(scheme, secret_of(scheme, 1)), scheme, delivery)
}

/// The diagnosis. Checks that it never shows anything secret.
#[track_caller]
fn found_by(diagnose: &Diagnose, scheme: &Scheme, delivery: &Delivery) -> Diagnosis {
    let request = captured(delivery);
    let found = diagnose.diagnose(&request);
    let found = found.unwrap_or_else(|error| panic!("{}: {error}", scheme.name()));
    let mut shown = format!("{found:?}{diagnose:?}{request:?}");
    for cause in found.causes() {
        shown += &format!("{} {} {}", cause.kind().code(), cause.detail(), cause.fix());
    }
    for number in 1..4 {
        let text = secret_text(number);
        assert!(!shown.contains(&text[6..]), "{}: {shown}", scheme.name());
    }
    let texts =
        delivery.headers.iter().map(|(_, value)| value.as_slice()).chain([&delivery.body[..]]);
    for text in texts.filter(|text| text.len() > 16) {
        let text = String::from_utf8_lossy(&text[text.len() - 16..]).into_owned();
        assert!(!shown.contains(&text), "{}: {shown}", scheme.name());
    }
    found
}

/// Checks that the first cause is this one, and that it is certain.
#[track_caller]
fn assert_certain(found: &Diagnosis, kind: CauseKind, which: &str) {
    let causes = found.causes();
    assert_eq!(causes.first().map(|cause| cause.kind()), Some(kind), "{which}: {found:?}");
    assert!(causes[0].is_certain(), "{which}: {found:?}");
}

/// Checks that the first cause is this one, and that no cause is certain.
#[track_caller]
fn assert_suspected(found: &Diagnosis, kind: CauseKind, which: &str) {
    let causes = found.causes();
    assert_eq!(causes.first().map(|cause| cause.kind()), Some(kind), "{which}: {found:?}");
    assert!(causes.iter().all(|cause| !cause.is_certain()), "{which}: {found:?}");
}

#[test]
fn a_delivery_that_verifies_has_no_cause() {
    for name in ["github", "stripe", "svix", "square", "venum"] {
        let scheme = scheme(name);
        let found = found(&scheme, &Delivery::of(&scheme));
        assert!(found.is_verified() && found.causes().is_empty(), "{name}: {found:?}");
        assert_eq!(found.rejection(), None);
    }
}

#[test]
fn two_changes_are_both_found_and_the_rejection_is_the_verifiers() {
    for name in ["github", "shopify", "stripe", "svix", "slack"] {
        let scheme = scheme(name);
        let signed = Delivery::with_body(&scheme, "{\"a\": 1}");
        let sent = Delivery { body: b"\xef\xbb\xbf{\"a\": 1}\n".to_vec(), ..signed.clone() };
        let kinds = |found: &Diagnosis| -> Vec<CauseKind> {
            assert_eq!(found.rejection().unwrap().kind(), VerifyErrorKind::SignatureMismatch);
            assert!(found.causes().iter().all(|cause| cause.is_certain()), "{found:?}");
            found.causes().iter().map(|cause| cause.kind()).collect()
        };
        let both = found(&scheme, &sent);
        assert_eq!(kinds(&both), [CauseKind::BodyBom, CauseKind::BodyNewline], "{name}");

        let sent = Delivery { body: b"{\"a\":1}".to_vec(), ..signed };
        let quoted = Secret::from_text(format!("'{}'", secret_text(1))).unwrap();
        if scheme.secret_format() == countersign::scheme::SecretFormat::Text {
            let both = found_by(&diagnose(&scheme, quoted), &scheme, &sent);
            let expected = [CauseKind::BodyReserialized, CauseKind::SecretInQuotes];
            assert_eq!(kinds(&both), expected, "{name}");
        }
    }
}

#[test]
fn a_secret_that_the_scheme_cannot_use_is_a_cause_and_does_not_stop_the_diagnosis() {
    let pem = "-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----";
    for (name, secret, what) in [
        ("svix", "whsec_not base64!", "is not base64"),
        ("discord", "MTA0.GaBcDe.abcdefghijklmnop", "a bot token of Discord"),
        ("discord", "1045398765432109876", "a number: an id"),
        ("discord", pem, "a public key in PEM"),
        ("discord", "8c3f1a6e-2b4d-4c5e-9f7a-1b2c3d4e5f60", "a UUID"),
    ] {
        let scheme = scheme(name);
        let delivery = Delivery::of(&fixtures::delivery::scheme("svix"));
        let delivery = Delivery { headers: delivery.headers, body: b"{\"a\": 1}".to_vec() };
        let names = scheme.headers().map(str::to_owned);
        let own: Vec<_> = names.map(|name| (name, b"1760000000".to_vec())).collect();
        let delivery = Delivery { headers: [own, delivery.headers].concat(), ..delivery };
        let diagnose = diagnose(&scheme, Secret::new(secret).unwrap());
        let found = found_by(&diagnose, &scheme, &delivery);
        assert_suspected(&found, CauseKind::SecretKind, &format!("{name}: {what}"));
        assert!(found.causes()[0].detail().contains(what), "{found:?}");
        assert!(found.problem().is_some(), "{found:?}");
        assert_eq!(found.rejection().unwrap().kind(), VerifyErrorKind::Misconfigured);
    }
}

#[test]
fn an_unusable_secret_is_named_even_if_another_verifies() {
    let scheme = scheme("svix");
    let secrets = Secrets::new(Secret::new("what is this?").unwrap().named("OLD"))
        .with_previous(secret_of(&scheme, 1));
    let found = found_by(&diagnose(&scheme, secrets), &scheme, &Delivery::of(&scheme));
    assert_certain(&found, CauseKind::SecretKind, "svix");
    assert!(found.causes()[0].detail().contains("`OLD` is not base64"), "{found:?}");
}

#[test]
fn a_pem_public_key_is_accepted_if_the_scheme_expects_a_raw_key() {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use countersign::Signer;
    use ring::rand::SystemRandom;
    use ring::signature::{Ed25519KeyPair, KeyPair};

    let scheme = scheme("discord");
    let private = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8(private.as_ref()).unwrap();
    let private = Secret::new(STANDARD.encode(private.as_ref())).unwrap();
    let signer = Signer::new(scheme.clone(), private).unwrap().at_unix_ms(NOW_MS);
    let headers = signer.sign(b"{}").unwrap();
    let der =
        [&b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00"[..], pair.public_key().as_ref()];
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        STANDARD.encode(der.concat())
    );
    let found = diagnose(&scheme, Secret::new(pem).unwrap())
        .diagnose(&CapturedRequest::new(headers, "{}"))
        .unwrap();
    assert_certain(&found, CauseKind::SecretWronglyDecoded, "discord");
}

#[test]
fn fixes_use_the_terms_of_their_audience() {
    let scheme = scheme("github");
    let delivery = Delivery::signed(&scheme, Secret::from_hex("00ff").unwrap(), NOW_MS, "{}");
    let fix = |audience| {
        let diagnose = diagnose(&scheme, Secret::new("00ff").unwrap()).with_audience(audience);
        let found = found_by(&diagnose, &scheme, &delivery);
        assert_certain(&found, CauseKind::SecretNotDecoded, "github");
        found.causes()[0].fix().to_owned()
    };
    assert!(fix(Audience::Rust).contains("`Secret::from_hex`"));
    assert!(fix(Audience::Program).contains("`countersign schemes NAME --toml`"));
    assert!(fix(Audience::SchemeFile).contains("`secret_format` in the scheme's file"));
}

/// The hints follow the causes that were excluded, and are only suspected.
#[test]
fn the_url_and_the_mode_of_a_body_are_hints_for_an_unexplained_mismatch() {
    let hinted = |name: &str, body: &str| -> Vec<CauseKind> {
        let scheme = scheme(name);
        let delivery = Delivery::with_body(&scheme, body);
        let found = found_by(&diagnose(&scheme, secret_of(&scheme, 2)), &scheme, &delivery);
        assert_suspected(&found, CauseKind::TamperedOrUnknown, name);
        found.causes()[1..].iter().map(|cause| cause.kind()).collect()
    };
    for name in ["square", "trello"] {
        assert_eq!(hinted(name, "{\"a\":1}"), [CauseKind::UrlMismatch]);
    }
    for (body, mode) in [
        (r#"{"livemode": false}"#, "test mode"),
        (r#"{"livemode": true}"#, "live mode"),
        (r#"{"meta":{"test_mode":true}}"#, "test mode"),
        (r#"{"environment":"PRODUCTION"}"#, "live mode"),
    ] {
        assert_eq!(hinted("stripe", body), [CauseKind::SecretOfAnotherEndpoint], "{body}");
        let scheme = scheme("stripe");
        let delivery = Delivery::with_body(&scheme, body);
        let found = found_by(&diagnose(&scheme, secret_of(&scheme, 2)), &scheme, &delivery);
        assert!(found.causes()[1].detail().contains(mode), "{found:?}");
    }
    assert_eq!(hinted("stripe", r#"{"livemode": "perhaps", "mode": 7}"#), []);
}

#[test]
fn a_header_with_the_secret_beside_a_signature_is_not_a_token_scheme() {
    for name in ["github", "stripe", "slack", "venum"] {
        let scheme = scheme(name);
        let other = secret_of(&scheme, 2);
        let text = String::from_utf8(other.dangerous_reveal().to_vec()).unwrap();
        for (header, value) in [
            ("Authorization", text.clone()),
            ("Authorization", format!("Bearer {text}")),
            ("X-Gitlab-Token", text.clone()),
            ("X-Telegram-Bot-Api-Secret-Token", text.clone()),
        ] {
            let delivery = Delivery::of(&scheme).with_header(header, &value);
            let found =
                diagnose(&scheme, secret_of(&scheme, 2)).diagnose(&captured(&delivery)).unwrap();
            assert_suspected(&found, CauseKind::SecretKind, &format!("{name}: {header}"));
            let detail = found.causes()[0].detail();
            assert!(detail.contains(&format!("`{header}`")) && !detail.contains(&text), "{detail}");
        }
    }
}

#[test]
fn every_cause_has_a_unique_code_and_a_fix() {
    let codes: std::collections::BTreeSet<_> =
        CauseKind::ALL.iter().map(|kind| kind.code()).collect();
    assert_eq!(codes.len(), CauseKind::ALL.len());
    assert_eq!(codes.len(), 28);
}
