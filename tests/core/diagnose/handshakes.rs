//! A request that is a handshake and not a delivery.

use countersign::diagnose::{CapturedRequest, CauseKind, Diagnose, Diagnosis};
use countersign::handshake::HandshakeRule;
use countersign::{Scheme, Secret, Signer, VerifyErrorKind};
use countersign_conformance::{HandshakeVector, handshake_vectors};

use super::diagnose;
use fixtures::delivery::{NOW_MS, scheme};

fn captured(vector: &HandshakeVector, signed: Vec<(String, String)>) -> CapturedRequest {
    let headers = vector.request.headers.iter().cloned().chain(signed);
    let request = CapturedRequest::new(headers, vector.request.body.clone());
    request.with_method(&*vector.request.method).with_url(&*vector.request.url)
}

fn asking(scheme: &Scheme) -> Diagnose {
    diagnose(scheme, Secret::new("signing secret").unwrap())
}

fn vector(provider: &str) -> &'static HandshakeVector {
    handshake_vectors().iter().find(|vector| vector.provider == provider).unwrap()
}

/// Checks that the only cause is the handshake.
#[track_caller]
fn assert_handshake_found(found: &Diagnosis, vector: &HandshakeVector) {
    let which = format!("{}: {found:?}", vector.provider);
    assert_eq!(found.rejection().unwrap().kind(), VerifyErrorKind::MissingSignature, "{which}");
    let [cause] = found.causes() else { panic!("{which}") };
    assert_eq!((cause.kind(), cause.is_certain()), (CauseKind::Handshake, true), "{which}");
    let name = found.handshake().expect(&which);
    assert!(cause.detail().contains(&format!("`{name}`")), "{which}");
}

#[test]
fn an_unsigned_handshake_is_diagnosed_as_a_handshake() {
    let mut seen = Vec::new();
    for vector in handshake_vectors() {
        let scheme = scheme(&vector.provider);
        let rules = scheme.handshakes().iter().map(|handshake| handshake.rule());
        if rules.clone().all(|rule| rule == HandshakeRule::Signed) {
            continue;
        }
        let found = asking(&scheme).diagnose(&captured(vector, Vec::new())).unwrap();
        assert_handshake_found(&found, vector);
        let is_armed = rules.clone().any(|rule| rule == HandshakeRule::UnsignedInWindow);
        let fix = found.causes()[0].fix();
        assert_eq!(fix.contains("handshake_window"), is_armed, "{fix}");
        seen.push(scheme.name().to_owned());
    }
    assert!(seen.len() >= 5, "{seen:?}");
}

#[test]
fn a_missing_or_wrong_verify_token_is_reported_and_never_shown() {
    let (scheme, vector) = (scheme("meta"), vector("meta"));
    let own = vector.secret.as_deref().unwrap();
    let request = captured(vector, Vec::new());
    let found = |diagnose: Diagnose| {
        let found = diagnose.diagnose(&request).unwrap();
        assert_handshake_found(&found, vector);
        assert!(!format!("{found:?}").contains(own), "{found:?}");
        found.causes()[0].detail().to_owned()
    };
    let with = |token: &str| asking(&scheme).with_verify_token(Secret::new(token).unwrap());
    assert!(found(asking(&scheme)).contains("none was given"));
    assert!(found(with("another")).contains("does not match the given one"));
    assert!(!found(with(own)).contains("token"));
}

#[test]
fn a_signed_handshake_is_reported_whether_it_verifies_or_not() {
    for provider in ["slack", "zoom", "twitch"] {
        let (scheme, vector) = (scheme(provider), vector(provider));
        let signer = Signer::new(scheme.clone(), Secret::new("signing secret").unwrap()).unwrap();
        let signer = signer.with_id("msg_1").at_unix_ms(NOW_MS);
        let signed = signer.sign_with(&vector.request.headers, &vector.request.body).unwrap();
        let request = captured(vector, signed);
        let found = asking(&scheme).diagnose(&request).unwrap();
        assert!(found.is_verified() && found.causes().is_empty(), "{provider}: {found:?}");
        let name = found.handshake().expect(provider).to_owned();

        let wrong = diagnose(&scheme, Secret::new("signing secret ").unwrap());
        let found = wrong.diagnose(&request).unwrap();
        assert_eq!(found.handshake(), Some(&*name), "{found:?}");
        let first = &found.causes()[0];
        assert_eq!(first.kind(), CauseKind::SecretTrailingWhitespace, "{found:?}");
    }
}

#[test]
fn a_request_that_only_resembles_a_handshake_is_not_one() {
    let found = |provider: &str, method: &str, target: &str, body: &'static str| {
        let request = CapturedRequest::new([("Content-Type", "application/json")], body);
        let url = format!("https://receiver.example/hook{target}");
        let found = asking(&scheme(provider)).diagnose(&request.with_method(method).with_url(url));
        found.unwrap()
    };
    for (provider, method, target, body) in [
        ("dropbox", "POST", "?challenge=a", "{}"),
        ("dropbox", "GET", "?other=a", ""),
        ("meta", "GET", "?hub.mode=unsubscribe&hub.verify_token=a&hub.challenge=1", ""),
        ("x-twitter", "GET", "", ""),
        ("notion", "POST", "", r#"{"type":"page.created"}"#),
        ("github", "GET", "?challenge=a", ""),
    ] {
        let found = found(provider, method, target, body);
        assert_eq!(found.handshake(), None, "{provider}: {found:?}");
        assert_eq!(found.causes()[0].kind(), CauseKind::PartMissing, "{provider}: {found:?}");
    }
}
