//! Every handshake of the vectors, and the response that its provider expects.

mod adapters;

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use countersign::handshake::{Handshake, HandshakeAnswer, HandshakeRule};
use countersign::scheme::HeaderSet;
use countersign::{
    PublicUrl, RequestHead, Scheme, Secret, Signer, Verifier, VerifyError, VerifyErrorKind, schemes,
};
use countersign_conformance::{HandshakeVector, handshake_vectors};
use ring::signature::{Ed25519KeyPair, KeyPair};

use fixtures::delivery::NOW_MS;

/// A vector, and the configuration of its endpoint.
#[derive(Clone)]
struct Vector(HandshakeVector);

fn vectors() -> Vec<Vector> {
    handshake_vectors().iter().cloned().map(Vector).collect()
}

fn vector(kind: &str) -> Vector {
    vectors().into_iter().find(|vector| vector.kind == kind).unwrap()
}

impl Deref for Vector {
    type Target = HandshakeVector;

    fn deref(&self) -> &HandshakeVector {
        &self.0
    }
}

impl DerefMut for Vector {
    fn deref_mut(&mut self) -> &mut HandshakeVector {
        &mut self.0
    }
}

impl Vector {
    fn scheme(&self) -> Scheme {
        schemes::named(&self.provider).unwrap()
    }

    /// A verifier with the configuration that a user would write for this
    /// handshake.
    fn verifier(&self) -> Verifier {
        let secret = match (self.provider.as_str(), &self.secret) {
            ("discord", _) => const_hex::encode(discord_key().public_key()),
            // The vector's secret is the verify token.
            ("meta", _) | (_, None) => "signing secret".to_owned(),
            (_, Some(secret)) => secret.clone(),
        };
        let secret = Secret::new(secret).unwrap();
        let verifier = if self.scheme().signs_url() {
            let url = PublicUrl::new(self.request.url.as_str()).unwrap();
            Verifier::with_public_url(url, self.scheme(), secret)
        } else {
            Verifier::new(self.scheme(), secret)
        };
        let verifier = verifier.unwrap().with_clock(|| NOW_MS);
        match (self.provider.as_str(), &self.secret) {
            ("meta", Some(token)) => {
                verifier.with_verify_token(&Secret::new(token.as_str()).unwrap())
            }
            _ => verifier,
        }
    }

    fn is_signed(&self) -> bool {
        let is_signed = |handshake: &Handshake| handshake.rule() == HandshakeRule::Signed;
        self.scheme().handshakes().iter().all(is_signed)
    }

    fn is_signature(&self, header: &str) -> bool {
        let scheme = self.scheme();
        let mut signatures = scheme.header_sets().iter().flat_map(HeaderSet::signatures);
        signatures.any(|name| name.eq_ignore_ascii_case(header))
    }

    /// The value of a header in the vector's request.
    fn header(&self, name: &str) -> Option<&String> {
        let mut headers = self.request.headers.iter();
        headers.find(|(other, _)| other == name).map(|(_, value)| value)
    }

    /// The request's headers, with a signature if the vector has none.
    fn headers(&self) -> Vec<(String, String)> {
        let mut headers = self.request.headers.clone();
        match self.provider.as_str() {
            "discord" => {
                let message = [&b"1760000000"[..], &self.request.body].concat();
                let signature = const_hex::encode(discord_key().sign(&message));
                headers.push(("X-Signature-Ed25519".to_owned(), signature));
                headers.push(("X-Signature-Timestamp".to_owned(), "1760000000".to_owned()));
            }
            _ if self.is_signed() && !headers.iter().any(|(name, _)| self.is_signature(name)) => {
                let secret = self.secret.as_deref().unwrap_or("signing secret");
                let signer = Signer::new(self.scheme(), Secret::new(secret).unwrap()).unwrap();
                let signer = signer.with_id("msg_1").at_unix_ms(NOW_MS);
                let signed = signer.sign_with(&headers, &self.request.body).unwrap();
                headers.extend(signed);
            }
            _ => {}
        }
        headers
    }
}

/// What an adapter does with a request: it checks for an unsigned handshake,
/// then verifies, then checks for a signed handshake. `None` is an event.
fn receive(
    verifier: &Verifier,
    vector: &Vector,
    headers: &[(String, String)],
) -> Result<Option<HandshakeAnswer>, VerifyError> {
    let headers = headers.to_vec();
    let target = &vector.request.url["https://receiver.example".len()..];
    let head = || RequestHead::new(&vector.request.method, target, &headers);
    if let Some(asked) = verifier.handshake(head()) {
        let body = if asked.body_limit() == 0 { &[][..] } else { &vector.request.body };
        return asked.answer(body).map(Some);
    }
    Ok(verifier.verify(head(), vector.request.body.clone())?.handshake())
}

#[test]
fn every_handshake_of_the_vectors_is_answered_as_its_provider_expects() {
    let vectors = vectors();
    assert!(vectors.len() >= 13);
    for vector in &vectors {
        let verifier = vector.verifier();
        verifier.open_handshake_window(Duration::from_secs(60));
        let expect = &vector.expect;
        let mut answer = match receive(&verifier, vector, &vector.headers()) {
            Ok(Some(answer)) => answer,
            Ok(None) => panic!("{}: verified as an event", vector.0),
            Err(rejected) => {
                vector.check_response(rejected.status(), [], b"").unwrap();
                continue;
            }
        };
        let headers = answer.headers().map(|(name, value)| (name, value.as_bytes()));
        vector.check_response(answer.status(), headers, answer.body()).unwrap();
        let kind = expect.body.as_ref().map(|_| "text/plain");
        if let Some(kind) = kind.or(expect.json.as_ref().map(|_| "application/json")) {
            let is_it =
                |(name, value): (&str, &str)| name == "content-type" && value.starts_with(kind);
            assert!(answer.headers().any(is_it), "{}", vector.0);
        }
        let captured = answer.take_captured();
        let captured = captured.as_ref().map(Secret::dangerous_reveal);
        let expected = match vector.provider.as_str() {
            "asana" => vector.header("X-Hook-Secret"),
            _ => expect.capture.as_ref(),
        };
        assert_eq!(captured, expected.map(String::as_bytes), "{}", vector.0);
    }
}

#[test]
fn a_signed_handshake_without_its_signature_is_rejected() {
    let signed: Vec<Vector> = vectors().into_iter().filter(Vector::is_signed).collect();
    assert!(signed.len() >= 7);
    for vector in signed {
        let mut headers = vector.headers();
        headers.retain(|(name, _)| !vector.is_signature(name));
        let verifier = vector.verifier();
        verifier.open_handshake_window(Duration::from_secs(60));
        let rejected = receive(&verifier, &vector, &headers).unwrap_err();
        assert_eq!(rejected.kind(), VerifyErrorKind::MissingSignature, "{}", vector.kind);
    }
}

#[test]
fn a_handshake_with_a_secret_is_rejected_outside_of_the_handshake_window() {
    for kind in ["asana", "notion"] {
        let vector = vector(kind);
        let verifier = vector.verifier();
        let ask = || receive(&verifier, &vector, &vector.headers());
        assert_eq!(ask().unwrap_err().kind(), VerifyErrorKind::MissingSignature, "{kind}");
        verifier.open_handshake_window(Duration::from_secs(60));
        assert!(ask().unwrap().is_some(), "{kind}");
        assert!(ask().is_err(), "{kind}: the next one replaces the key");
    }
}

#[test]
fn the_captured_secret_verifies_later_deliveries() {
    let vector = vector("asana");
    let verifier = vector.verifier();
    verifier.open_handshake_window(Duration::from_secs(60));
    let mut answer = receive(&verifier, &vector, &vector.headers()).unwrap().unwrap();
    let verifier = Verifier::new(vector.scheme(), answer.take_captured().unwrap()).unwrap();

    let key = Secret::new(vector.header("X-Hook-Secret").unwrap().as_str()).unwrap();
    let signer = Signer::new(vector.scheme(), key).unwrap();
    let headers =
        signer.sign_with(&[("Content-Type", "application/json")], b"{\"events\":[]}").unwrap();
    assert!(verifier.verify(&headers, "{\"events\":[]}").is_ok());
}

#[test]
fn a_wrong_verify_token_is_rejected() {
    let mut vector = vector("meta");
    let verifier = vector.verifier();
    for token in ["my-verify-toke", "signing secret", ""] {
        vector.request.url = format!(
            "https://receiver.example/hook?hub.mode=subscribe&hub.verify_token={token}&hub.challenge=1"
        );
        assert!(receive(&verifier, &vector, &[]).is_err(), "{token}");
    }
}

#[test]
fn an_event_that_resembles_a_handshake_is_an_event() {
    for (kind, body) in [
        ("slack", r#"{"type":"event_callback","challenge":"abc"}"#),
        ("zoom", r#"{"event":"meeting.started","payload":{"plainToken":"abc"}}"#),
        ("twitch", r#"{"challenge":"abc","subscription":{"status":"enabled"},"event":{}}"#),
        ("discord-interaction", r#"{"type":2,"data":{"type":1}}"#),
        ("discord-event", r#"{"version":1,"type":1,"event":{"type":"APPLICATION_AUTHORIZED"}}"#),
    ] {
        let mut vector = vector(kind);
        vector.request.body = body.as_bytes().to_vec();
        let answer = receive(&vector.verifier(), &vector, &vector.headers()).unwrap();
        assert!(answer.is_none(), "{kind}");
    }
}

#[test]
fn the_unsigned_message_type_of_twitch_does_not_make_an_event_a_handshake() {
    let mut vector = vector("twitch");
    let verification = receive(&vector.verifier(), &vector, &vector.headers()).unwrap();
    assert!(verification.is_some());
    vector.request.headers.clear();
    let without_type = receive(&vector.verifier(), &vector, &vector.headers()).unwrap();
    assert!(without_type.is_some());

    vector.request.body = br#"{"subscription":{"status":"enabled"}}"#.to_vec();
    let (name, value) = ("Twitch-Eventsub-Message-Type", "webhook_callback_verification");
    vector.request.headers.push((name.to_owned(), value.to_owned()));
    assert!(receive(&vector.verifier(), &vector, &vector.headers()).unwrap().is_none());
}

#[test]
fn a_scheme_without_handshakes_recognises_none() {
    let verifier = Verifier::new(schemes::github(), Secret::new("secret").unwrap()).unwrap();
    assert!(verifier.scheme().handshakes().is_empty());
    for method in ["GET", "HEAD", "POST"] {
        let headers = [("X-Hook-Secret", "key")];
        assert!(
            verifier.handshake(RequestHead::new(method, "/?challenge=abc", &headers)).is_none()
        );
    }
}

fn discord_key() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap()
}
