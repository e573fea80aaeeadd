//! Why a delivery does not verify: each cause provoked for many schemes, and
//! named first.

mod bodies;
mod handshakes;
mod headers;
mod limits;
mod pairs;
mod refusals;
mod secrets;
mod times;
mod urls;
mod vectors;

use countersign::diagnose::{CapturedRequest, CauseKind, Diagnose, Diagnosis};
use countersign::{Scheme, Secret, Secrets, VerifyErrorKind};

use crate::delivery::{Delivery, NOW_MS, scheme, secret_of, secret_text};

const URL: &str = "https://receiver.example/hook";

/// A delivery as it was captured.
fn captured(delivery: &Delivery) -> CapturedRequest {
    CapturedRequest::new(delivery.headers.clone(), delivery.body.clone()).with_url(URL)
}

fn diagnose(scheme: &Scheme, secrets: impl Into<Secrets>) -> Diagnose {
    Diagnose::new(scheme.clone(), secrets).with_clock(|| NOW_MS)
}

/// What is found with the scheme's own secret.
fn found(scheme: &Scheme, delivery: &Delivery) -> Diagnosis {
    found_by(&diagnose(scheme, secret_of(scheme, 1)), scheme, delivery)
}

/// What is found. Whatever it is, it shows nothing that is secret.
#[track_caller]
fn found_by(diagnose: &Diagnose, scheme: &Scheme, delivery: &Delivery) -> Diagnosis {
    let request = captured(delivery);
    let found = diagnose.diagnose(&request);
    let found = found.unwrap_or_else(|error| panic!("{}: {error}", scheme.name()));
    let mut shown = format!("{found:?}{diagnose:?}{request:?}");
    for cause in found.causes() {
        shown += &format!("{} {} {}", cause.kind().code(), cause.detail(), cause.mend());
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

/// The first cause is this one, and proved.
#[track_caller]
fn assert_certain(found: &Diagnosis, kind: CauseKind, which: &str) {
    let causes = found.causes();
    assert_eq!(causes.first().map(|cause| cause.kind()), Some(kind), "{which}: {found:?}");
    assert!(causes[0].is_certain(), "{which}: {found:?}");
}

/// The first cause is this one, and nothing was proved.
#[track_caller]
fn assert_suspected(found: &Diagnosis, kind: CauseKind, which: &str) {
    let causes = found.causes();
    assert_eq!(causes.first().map(|cause| cause.kind()), Some(kind), "{which}: {found:?}");
    assert!(causes.iter().all(|cause| !cause.is_certain()), "{which}: {found:?}");
}

#[test]
fn what_verifies_has_no_cause() {
    for name in ["github", "stripe", "svix", "square", "venum"] {
        let scheme = scheme(name);
        let found = found(&scheme, &Delivery::of(&scheme));
        assert!(found.is_verified() && found.causes().is_empty(), "{name}: {found:?}");
        assert_eq!(found.refusal(), None);
    }
}

#[test]
fn two_changes_are_both_told_and_the_refusal_is_the_verifiers() {
    for name in ["github", "shopify", "stripe", "svix", "slack"] {
        let scheme = scheme(name);
        let signed = Delivery::with_body(&scheme, "{\"a\": 1}");
        let sent = Delivery { body: b"\xef\xbb\xbf{\"a\": 1}\n".to_vec(), ..signed.clone() };
        let kinds = |found: &Diagnosis| -> Vec<CauseKind> {
            assert_eq!(found.refusal().unwrap().kind(), VerifyErrorKind::SignatureMismatch);
            assert!(found.causes().iter().all(|cause| cause.is_certain()), "{found:?}");
            found.causes().iter().map(|cause| cause.kind()).collect()
        };
        let both = found(&scheme, &sent);
        assert_eq!(kinds(&both), [CauseKind::BodyBom, CauseKind::BodyNewline], "{name}");

        let sent = Delivery { body: b"{\"a\":1}".to_vec(), ..signed };
        let quoted = Secret::from_text(format!("'{}'", secret_text(1))).unwrap();
        if scheme.secret_format() == countersign::SecretFormat::Text {
            let both = found_by(&diagnose(&scheme, quoted), &scheme, &sent);
            let expected = [CauseKind::BodyReserialized, CauseKind::SecretInQuotes];
            assert_eq!(kinds(&both), expected, "{name}");
        }
    }
}

#[test]
fn what_cannot_be_explained_and_cannot_be_configured_is_an_error_of_configuration() {
    let scheme = scheme("svix");
    let delivery = Delivery::of(&scheme);
    let diagnose = diagnose(&scheme, Secret::new("whsec_not base64!").unwrap());
    let problem = diagnose.diagnose(&captured(&delivery)).unwrap_err();
    assert!(problem.to_string().contains("base64"), "{problem}");
}

#[test]
fn every_cause_has_a_code_of_its_own_and_something_to_mend() {
    let codes: std::collections::BTreeSet<_> =
        CauseKind::ALL.iter().map(|kind| kind.code()).collect();
    assert_eq!(codes.len(), CauseKind::ALL.len());
    assert_eq!(codes.len(), 26);
}
