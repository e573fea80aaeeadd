//! Handshakes: the server responds to them itself, and saves a key that a provider sends.

use std::ops::Deref;
use std::os::unix::fs::PermissionsExt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::handshake::{Handshake, HandshakeRule};
use countersign::scheme::HeaderSet;
use countersign::{Scheme, Secret, Signer, schemes};
use countersign_conformance::{HandshakeVector, handshake_vectors};
use http::{Method, Request};
use http_body_util::Full;
use ring::signature::{Ed25519KeyPair, KeyPair};
use rustix::process::Signal;

use crate::config::must_fix;
use crate::deliveries::{Answered, Delivery, send};
use crate::processes::{Files, OLD_SECRET, Serving, configured};

#[tokio::test]
async fn every_handshake_is_answered_as_its_provider_expects_and_printed_by_its_name() {
    let vectors = vectors();
    assert!(vectors.len() >= 13);
    let files = all(&vectors);
    let mut serving = configured(&files).await;
    for (index, vector) in vectors.iter().enumerate() {
        let answered = vector.ask(index, &vector.headers(), &serving).await;
        let headers = answered.headers.iter();
        let headers = headers.map(|(name, value)| (name.as_str(), value.as_bytes()));
        vector.check_response(answered.status, headers, &answered.body).unwrap();
        let line = serving.line().await;
        assert_eq!(line["endpoint"], format!("/{index}"), "{}", vector.0);
        assert_eq!(line["status"], vector.expect.status, "{}", vector.0);
        match vector.expect.status {
            401 => assert_eq!(line["code"], "signature_mismatch", "{}", vector.0),
            _ => {
                assert_eq!(line["code"], "handshake", "{}", vector.0);
                let scheme = vector.scheme();
                let named = |name| scheme.handshakes().iter().any(|one| one.name() == name);
                assert!(line["handshake"].as_str().is_some_and(named), "{line}");
            }
        }
    }
    serving.signal(Signal::TERM);
    let said = serving.ended().await.1;
    for vector in &vectors {
        for canary in vector.canaries() {
            assert!(!said.contains(&canary), "{}: {said}", vector.kind);
        }
    }
}

#[tokio::test]
async fn a_signed_handshake_without_its_signature_is_rejected() {
    let vectors = vectors();
    let mut serving = configured(&all(&vectors)).await;
    let mut signed = 0;
    for (index, vector) in vectors.iter().enumerate().filter(|(_, vector)| vector.is_signed()) {
        let mut headers = vector.headers();
        headers.retain(|(name, _)| !vector.is_signature(name));
        let answered = vector.ask(index, &headers, &serving).await;
        assert_eq!((answered.status, &answered.body[..]), (401, &b""[..]), "{}", vector.kind);
        assert_eq!(serving.line().await["code"], "missing_signature", "{}", vector.kind);
        signed += 1;
    }
    assert!(signed >= 7, "{signed}");
}

#[tokio::test]
async fn a_method_is_allowed_only_if_a_handshake_uses_it() {
    let mut serving = configured(&all(&vectors())).await;
    let at = |kind: &str| vectors().iter().position(|vector| vector.kind == kind).unwrap();
    for (kind, method, status, allow) in [
        ("trello", Method::HEAD, 200, None),
        ("trello", Method::GET, 405, Some("POST, HEAD")),
        ("dropbox", Method::GET, 401, None),
        ("dropbox", Method::HEAD, 405, Some("POST, GET")),
        ("dropbox", Method::PUT, 405, Some("POST, GET")),
        ("slack", Method::GET, 405, Some("POST")),
    ] {
        let uri = format!("http://{}/{}", serving.address(), at(kind));
        let request = Request::builder().method(&method).uri(uri).body(Full::default());
        let answered = send(request.unwrap()).await;
        assert_eq!(answered.status, status, "{kind}: {method}");
        let allowed = answered.headers.get("allow").map(|value| value.to_str().unwrap());
        assert_eq!(allowed, allow, "{kind}: {method}");
    }
    for (code, method) in [
        ("handshake", None),
        ("method_not_allowed", Some("GET")),
        ("missing_signature", None),
        ("method_not_allowed", Some("HEAD")),
        ("method_not_allowed", Some("PUT")),
        ("method_not_allowed", Some("GET")),
    ] {
        let line = serving.line().await;
        assert_eq!((line["code"].as_str(), line["method"].as_str()), (Some(code), method));
    }
    assert!(!serving.has_line());
}

#[tokio::test]
async fn a_wrong_verify_token_is_rejected() {
    let vectors = vectors();
    let index = vectors.iter().position(|vector| vector.kind == "meta").unwrap();
    let mut serving = configured(&all(&vectors)).await;
    for token in ["my-verify-toke", "signing secret", ""] {
        let query = format!("hub.mode=subscribe&hub.verify_token={token}&hub.challenge=1")
            .replace(' ', "+");
        let uri = format!("http://{}/{index}?{query}", serving.address());
        let answered = send(Request::get(uri).body(Full::default()).unwrap()).await;
        assert_eq!((answered.status, &answered.body[..]), (401, &b""[..]), "{token}");
        assert_eq!(serving.line().await["code"], "missing_signature");
    }
}

#[tokio::test]
async fn a_handshake_secret_is_stored_and_used_at_once_and_after_a_restart() {
    for kind in ["asana", "notion"] {
        let vector = vector(kind);
        let key = vector.captured_secret().unwrap();
        let files = Files::new(&waiting(kind, ""));
        let mut serving = configured(&files).await;
        let event = |id: &str| Delivery::signed("/0", kind, &key, format!(r#"{{"id":"{id}"}}"#));
        // Its sender can retry it when there is a key.
        assert_eq!(event("early").send(serving.address()).await.status, 503, "{kind}");
        assert_eq!(vector.ask(0, &vector.headers(), &serving).await.status, 200, "{kind}");
        assert_eq!(std::fs::read_to_string(files.path("key")).unwrap(), key);
        let mode = std::fs::metadata(files.path("key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{kind}");
        assert_eq!(event("1").send(serving.address()).await.status, 200, "{kind}");
        assert_eq!(vector.ask(0, &vector.headers(), &serving).await.status, 401, "{kind}");
        for code in ["misconfigured", "handshake", "handled", "missing_signature"] {
            assert_eq!(serving.line().await["code"], code, "{kind}");
        }
        serving.signal(Signal::TERM);
        let said = serving.ended().await.1;
        assert!(
            said.contains("the handshake window of `/0` is open for 10m") && !said.contains(&key),
            "{said}"
        );
        assert!(said.contains("every delivery is answered 503: start the provider's"), "{said}");

        let serving = configured(&files).await;
        assert_eq!(event("2").send(serving.address()).await.status, 200, "{kind}");
        assert_eq!(vector.ask(0, &vector.headers(), &serving).await.status, 401, "{kind}");
        serving.signal(Signal::TERM);
        let said = serving.ended().await.1;
        assert!(said.contains("is closed, because") && !said.contains(&key), "{said}");
    }
}

#[tokio::test]
async fn moving_the_key_and_sighup_open_the_handshake_window_for_a_new_key() {
    let files = Files::new(&waiting("asana", "")).with("key", OLD_SECRET);
    let mut serving = configured(&files).await;
    std::fs::rename(files.path("key"), files.path("old")).unwrap();
    let with_old = waiting("asana", "secrets = [{ file = 'old' }]\n");
    let files = files.with("serve.toml", with_old);
    assert!(read_again(&mut serving).await.contains("window of `/0` is open for"));

    let vector = vector("asana");
    assert_eq!(vector.ask(0, &vector.headers(), &serving).await.status, 200);
    serving.line().await;
    let key = vector.captured_secret().unwrap();
    for round in ["before", "after"] {
        for (secret, index) in [(&key[..], 0), (OLD_SECRET, 1)] {
            let event = Delivery::signed("/0", "asana", secret, format!("{round} {index}"));
            assert_eq!(event.send(serving.address()).await.status, 200, "{round} {index}");
            assert_eq!(serving.line().await["secret"], index, "{round}");
        }
        assert!(read_again(&mut serving).await.contains("window of `/0` is closed"));
    }

    // A key file that is created by hand closes the window.
    std::fs::remove_file(files.path("key")).unwrap();
    assert!(read_again(&mut serving).await.contains("window of `/0` is open for"));
    let _files = files.with("key", "by hand");
    assert!(read_again(&mut serving).await.contains("window of `/0` is closed"));
    assert_eq!(vector.ask(0, &vector.headers(), &serving).await.status, 401);
    let event = Delivery::signed("/0", "asana", "by hand", "{}");
    assert_eq!(event.send(serving.address()).await.status, 200);
}

#[tokio::test]
async fn without_its_key_an_endpoint_answers_503_until_it_has_one() {
    let files = Files::new(&waiting("asana", "")).with("key", OLD_SECRET);
    let mut serving = configured(&files).await;
    let event = |secret: &str| Delivery::signed("/0", "asana", secret, "{}");
    assert_eq!(event("forged").send(serving.address()).await.status, 401);
    std::fs::remove_file(files.path("key")).unwrap();
    let said = read_again(&mut serving).await;
    assert!(said.contains("no secret is valid now") && said.contains("is open for"), "{said}");
    for secret in ["forged", OLD_SECRET] {
        assert_eq!(event(secret).send(serving.address()).await.status, 503, "{secret}");
    }
    let vector = vector("asana");
    assert_eq!(vector.ask(0, &vector.headers(), &serving).await.status, 200);
    let key = vector.captured_secret().unwrap();
    for (secret, status) in [("forged", 401), (OLD_SECRET, 401), (&key[..], 200)] {
        assert_eq!(event(secret).send(serving.address()).await.status, status, "{status}");
    }
    // Another secret that is valid is used meanwhile.
    std::fs::remove_file(files.path("key")).unwrap();
    let with_old = waiting("asana", "secrets = [{ file = 'old' }]\n");
    let _files = files.with("serve.toml", with_old).with("old", OLD_SECRET);
    let said = read_again(&mut serving).await;
    assert!(!said.contains("no secret is valid now"), "{said}");
    for (secret, status) in [(&key[..], 401), (OLD_SECRET, 200)] {
        assert_eq!(event(secret).send(serving.address()).await.status, status, "{status}");
    }
}

/// The endpoint `/x` signs any text in its unsigned challenge.
#[tokio::test]
async fn a_handshake_secret_is_rejected_if_it_signs_challenges_elsewhere() {
    let x = |secret: &str| {
        format!(
            "[[endpoint]]\npath = '/x'\nscheme = 'x-twitter'\nsecrets = [{{ file = '{secret}' }}]\n"
        )
    };
    let files = Files::new(&waiting("asana", &x("other"))).with("other", OLD_SECRET);
    let mut serving = configured(&files).await;
    let vector = vector("asana");
    assert_eq!(vector.ask(0, &vector.headers(), &serving).await.status, 200);
    // `/0` is gone from the file and still served, with the key that it has received.
    let without = format!("listen = '127.0.0.1:0'\n{}", x("given"));
    let files = files.with("given", vector.captured_secret().unwrap()).with("serve.toml", without);
    for _ in 0..2 {
        serving.signal(Signal::HUP);
        let mut note = serving.note().await;
        while !note.contains("the configuration was not reloaded") {
            assert!(!note.contains("reloaded the secrets"), "{note}");
            note = serving.note().await;
        }
        assert!(note.contains("`/x` and `/0` share a secret"), "{note}");
    }
    let _files = files.with("given", "a secret of its own");
    assert!(read_again(&mut serving).await.contains("`/0` is gone"));
    let event = Delivery::signed("/0", "asana", &vector.captured_secret().unwrap(), "{}");
    assert_eq!(event.send(serving.address()).await.status, 200);
}

#[tokio::test]
async fn a_key_that_cannot_be_stored_is_not_acknowledged_or_overwritten() {
    let files = Files::new(&waiting("asana", ""));
    let mut serving = configured(&files).await;
    let files = files.with("key", "somebody's own");
    let vector = vector("asana");
    let answered = vector.ask(0, &vector.headers(), &serving).await;
    assert_eq!((answered.status, answered.headers.get("x-hook-secret")), (503, None));
    let line = serving.line().await;
    assert_eq!((&line["code"], line.get("handshake")), (&"secret_not_kept".into(), None));
    assert_eq!(std::fs::read_to_string(files.path("key")).unwrap(), "somebody's own");
    let key = vector.captured_secret().unwrap();
    let event = Delivery::signed("/0", "asana", &key, "{}");
    assert_eq!(event.send(serving.address()).await.status, 503);
    serving.signal(Signal::TERM);
    let said = serving.ended().await.1;
    assert!(said.contains("error: the key that the provider sent to `/0` was not saved"), "{said}");
    assert!(!said.contains(&key), "{said}");
}

#[test]
fn contradictory_handshake_settings_are_rejected_with_the_fix() {
    let endpoint =
        |words: &str| format!("listen = '127.0.0.1:0'\n[[endpoint]]\npath = '/0'\n{words}");
    for (words, said) in [
        (
            "scheme = 'asana'\nhandshake_secret_file = 'key'",
            &["line 5, `handshake_secret_file`", "handshake_window = "],
        ),
        (
            "scheme = 'asana'\nhandshake_secret_file = 'no/key'",
            &["line 5, `handshake_secret_file`", "create it first"],
        ),
        (
            "scheme = 'asana'\nhandshake_secret_file = { file = 'key' }",
            &["line 5, `handshake_secret_file`", "asana.key"],
        ),
        (
            "scheme = 'asana'\nhandshake_secret_file = 'empty.txt'",
            &["line 5, `handshake_secret_file`", "is empty"],
        ),
        (
            "scheme = 'slack'\nhandshake_secret_file = 'key'",
            &["line 5, `handshake_secret_file`", "remove the key"],
        ),
        (
            "scheme = 'asana'\nhandshake_secret_file = 'key'\nhandshake_window = '1h'\ntenants = { header = 'X-A' }",
            &["line 5, `handshake_secret_file`", "each tenant"],
        ),
        (
            "scheme = 'asana'\nsecrets = [{ env = 'SECRET' }]\nhandshake_window = '1h'",
            &["line 6, `handshake_window`", "as `handshake_secret_file`"],
        ),
        (
            "scheme = 'asana'\nhandshake_secret_file = 'key'\nhandshake_window = '2d'",
            &["line 6, `handshake_window`", "and 1h"],
        ),
        (
            "scheme = 'asana'\nhandshake_secret_file = 'key'\nhandshake_window = '1h'\n\
             [[endpoint]]\npath = '/1'\nscheme = 'notion'\nhandshake_secret_file = 'key'\nhandshake_window = '1h'",
            &["line 10, `handshake_secret_file`", "each its own"],
        ),
        (
            "scheme = 'asana'\nhandshake_secret_file = 'key'\nhandshake_window = '1h'\n\
             [[endpoint]]\npath = '/1'\nscheme = 'asana'\nhandshake_secret_file = './key'\nhandshake_window = '1h'",
            &["line 10, `handshake_secret_file`", "each its own"],
        ),
        (
            "scheme = 'slack'\nsecrets = [{ env = 'SECRET' }]\nverify_token = { env = 'SECRET' }",
            &["line 6, `verify_token`", "remove the key"],
        ),
        (
            "scheme = 'meta'\nsecrets = [{ env = 'SECRET' }]\nverify_token = 'hunter2'",
            &["line 6, `verify_token`", "never the token itself"],
        ),
        (
            "scheme = 'meta'\nsecrets = [{ env = 'SECRET' }]\nverify_token = { env = 'hunter2' }",
            &["line 6, `verify_token`", "never the secret itself"],
        ),
        (
            "scheme = 'meta'\nsecrets = [{ env = 'SECRET' }]\nverify_token = {}",
            &["line 6, `verify_token`", "one of `env` and `file`"],
        ),
        (
            "scheme = 'meta'\nsecrets = [{ env = 'SECRET' }]\nverify_token = { file = 'empty.txt' }",
            &["line 6, `verify_token`", "is empty"],
        ),
    ] {
        must_fix(&endpoint(words), said);
    }
}

/// Reloads the configuration, and returns the notes until it is done.
async fn read_again(serving: &mut Serving) -> String {
    serving.signal(Signal::HUP);
    let mut said = String::new();
    while !said.contains("secrets of 1 endpoint") {
        said += &serving.note().await;
    }
    said
}

/// An endpoint without a key yet.
fn waiting(scheme: &str, more: &str) -> String {
    format!(
        "listen = '127.0.0.1:0'\n[[endpoint]]\npath = '/0'\nscheme = '{scheme}'\n\
         handshake_secret_file = 'key'\nhandshake_window = '10 min'\n{more}"
    )
}

/// An endpoint for each handshake, configured as by a user.
fn all(vectors: &[Vector]) -> Files {
    let mut config = "listen = '127.0.0.1:0'\n".to_owned();
    let mut files = Files::new("").with("token", "my-verify-token");
    for (index, vector) in vectors.iter().enumerate() {
        let HandshakeVector { provider, request, .. } = vector.0;
        config += &format!("[[endpoint]]\npath = '/{index}'\nscheme = '{provider}'\n");
        config += &match &provider[..] {
            "asana" | "notion" => {
                format!("handshake_secret_file = 'key-{index}'\nhandshake_window = '1h'\n")
            }
            _ => format!("secrets = [{{ file = 'secret-{index}' }}]\n"),
        };
        if provider == "meta" {
            config += "verify_token = { file = 'token' }\n";
        }
        if vector.scheme().signs_url() {
            config += &format!("url = '{}'\n", request.url);
        }
        files = files.with(&format!("secret-{index}"), vector.secret());
    }
    files.with("serve.toml", config)
}

/// A vector, and the configuration of its endpoint.
struct Vector(&'static HandshakeVector);

fn vectors() -> Vec<Vector> {
    handshake_vectors().iter().map(Vector).collect()
}

fn vector(kind: &str) -> Vector {
    vectors().into_iter().find(|vector| vector.kind == kind).unwrap()
}

impl Deref for Vector {
    type Target = HandshakeVector;

    fn deref(&self) -> &HandshakeVector {
        self.0
    }
}

impl Vector {
    fn scheme(&self) -> Scheme {
        schemes::named(&self.provider).unwrap()
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

    /// The endpoint's secret.
    fn secret(&self) -> String {
        match (&self.provider[..], &self.secret) {
            ("discord", _) => {
                let pair = Ed25519KeyPair::from_seed_unchecked(&SEED).unwrap();
                pair.public_key().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
            }
            // The vector's secret is the verify token.
            ("meta", _) | (_, None) => "signing secret".to_owned(),
            (_, Some(secret)) => secret.clone(),
        }
    }

    /// The request's headers, with a new signature if the vector has none.
    fn headers(&self) -> Vec<(String, String)> {
        let mut headers = self.request.headers.clone();
        let signer = match &self.provider[..] {
            "discord" => Signer::new(self.scheme(), Secret::new(seed()).unwrap()),
            _ if self.is_signed() && !headers.iter().any(|(name, _)| self.is_signature(name)) => {
                Signer::new(self.scheme(), Secret::new(self.secret()).unwrap())
            }
            _ => return headers,
        };
        let signer = signer.unwrap().with_id("msg_1");
        headers.extend(signer.sign_with(&headers, &self.request.body).unwrap());
        headers
    }

    async fn ask(
        &self,
        endpoint: usize,
        headers: &[(String, String)],
        serving: &Serving,
    ) -> Answered {
        let query = &self.request.url["https://receiver.example/hook".len()..];
        let uri = format!("http://{}/{endpoint}{query}", serving.address());
        let mut request = Request::builder().method(&self.request.method[..]).uri(uri);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        send(request.body(Full::from(self.request.body.clone())).unwrap()).await
    }

    fn captured_secret(&self) -> Option<String> {
        let mut headers = self.request.headers.iter();
        let asana = headers.find(|(name, _)| name == "X-Hook-Secret").map(|(_, value)| value);
        asana.or(self.expect.capture.as_ref()).cloned()
    }

    /// Texts that the program must never print.
    fn canaries(&self) -> Vec<String> {
        let expected = &self.expect;
        let values = expected.json.iter().flat_map(|json| json.as_object().unwrap().values());
        let answers = values.filter_map(|value| value.as_str().map(str::to_owned));
        let secrets = self.secret.iter().chain(&expected.body).chain(&expected.capture);
        secrets
            .cloned()
            .chain([self.secret()])
            .chain(self.captured_secret())
            .chain(answers)
            .collect()
    }
}

fn seed() -> String {
    format!("whsk_{}", STANDARD.encode(SEED))
}

const SEED: [u8; 32] = [7; 32];
