//! Every adapter answers every handshake before the handler is called.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, Bytes};
use countersign::handshake::HandshakeAnswer;
use countersign::{MemoryStore, Receiver, Secret, Signer, Verifier};
use http::Request;
use serde_json::Value;

use super::{Vector, vector, vectors};
use crate::harness::axum::{Adapter, all};
use crate::harness::{Handler, Seen, actix};
use fixtures::delivery::NOW_MS;

#[tokio::test]
async fn every_adapter_answers_every_handshake_without_calling_the_handler() {
    for vector in vectors() {
        let direct = direct(&vector);
        let verifier = verifier_in_window(&vector, &SavedSecrets::default());
        for adapter in adapters(&verifier) {
            // Once for each adapter: an opened handshake window admits one
            // handshake.
            verifier.open_handshake_window(Duration::from_secs(60));
            let seen = ask(&adapter, &vector).await;
            let which = format!("{adapter}: {}", vector.kind);
            assert_same(&which, &vector, direct.as_ref(), seen.status, &seen.headers, &seen.body);
        }
    }
}

#[tokio::test]
async fn the_handshake_secret_is_stored_before_the_response_is_sent() {
    for kind in ["asana", "notion"] {
        let vector = vector(kind);
        let saved = SavedSecrets::default();
        let verifier = verifier_in_window(&vector, &saved);
        for (index, adapter) in adapters(&verifier).iter().enumerate() {
            verifier.open_handshake_window(Duration::from_secs(60));
            assert_eq!(ask(adapter, &vector).await.status, 200, "{adapter}");
            assert_eq!(saved.0.lock().unwrap().len(), index + 1, "{adapter}: {kind}");
        }
    }
}

#[tokio::test]
async fn a_handshake_secret_is_stored_if_its_handshake_is_signed_with_it() {
    let vector = vector("notion");
    let token = secret_in_body(&vector);
    let saved = SavedSecrets::default();
    let verifier = verifier_in_window(&vector, &saved);
    for (index, adapter) in adapters(&verifier).iter().enumerate() {
        verifier.open_handshake_window(Duration::from_secs(60));
        let signed = signed_with(&vector, &token);
        assert_eq!(send(adapter, &vector, &signed).await.status, 200, "{adapter}");
        assert_eq!(saved.0.lock().unwrap().len(), index + 1, "{adapter}");
        // The first handshake has closed the window.
        assert_eq!(send(adapter, &vector, &signed).await.status, 401, "{adapter}");
    }
    let saved = saved.0.lock().unwrap();
    assert!(saved.iter().all(|secret| secret.dangerous_reveal() == token.as_bytes()));
}

#[tokio::test]
async fn a_handshake_secret_is_accepted_before_any_secret_is_valid() {
    for kind in ["asana", "notion"] {
        let vector = vector(kind);
        let never = Secret::new("no key yet").unwrap().valid_until_unix_ms(NOW_MS - 1);
        let verifier = Verifier::new(vector.scheme(), never).unwrap().with_clock(|| NOW_MS);
        let saved = SavedSecrets::default();
        let verifier = saving(verifier, &saved);
        for (index, adapter) in adapters(&verifier).iter().enumerate() {
            let delivery = signed_with(&vector, "a key that was not sent in a handshake");
            assert_eq!(send(adapter, &vector, &delivery).await.status, 503, "{adapter}: {kind}");
            verifier.open_handshake_window(Duration::from_secs(60));
            assert_eq!(send(adapter, &vector, &delivery).await.status, 503, "{adapter}: {kind}");
            assert_eq!(ask(adapter, &vector).await.status, 200, "{adapter}: {kind}");
            assert_eq!(send(adapter, &vector, &delivery).await.status, 503, "{adapter}: {kind}");
            assert_eq!(saved.0.lock().unwrap().len(), index + 1, "{adapter}: {kind}");
        }
    }
    // The handshake can be signed with the key that it delivers.
    let vector = vector("notion");
    let token = secret_in_body(&vector);
    let never = Secret::new("no key yet").unwrap().valid_until_unix_ms(NOW_MS - 1);
    let verifier = Verifier::new(vector.scheme(), never).unwrap().with_clock(|| NOW_MS);
    let saved = SavedSecrets::default();
    let verifier = saving(verifier, &saved);
    for (index, adapter) in adapters(&verifier).iter().enumerate() {
        verifier.open_handshake_window(Duration::from_secs(60));
        let signed = signed_with(&vector, &token);
        assert_eq!(send(adapter, &vector, &signed).await.status, 200, "{adapter}");
        assert_eq!(saved.0.lock().unwrap().len(), index + 1, "{adapter}");
    }
}

#[tokio::test]
async fn a_handshake_signed_with_another_secret_than_it_sends_is_rejected() {
    let vector = vector("notion");
    let saved = SavedSecrets::default();
    let verifier = verifier_in_window(&vector, &saved);
    for adapter in &adapters(&verifier) {
        verifier.open_handshake_window(Duration::from_secs(60));
        let signed = signed_with(&vector, "a key that was not sent in a handshake");
        assert_eq!(send(adapter, &vector, &signed).await.status, 401, "{adapter}");
        // It has not closed the window.
        let signed = signed_with(&vector, &secret_in_body(&vector));
        assert_eq!(send(adapter, &vector, &signed).await.status, 200, "{adapter}");
    }
}

/// The key in the body of a handshake.
fn secret_in_body(vector: &Vector) -> String {
    let body: Value = serde_json::from_slice(&vector.request.body).unwrap();
    body["verification_token"].as_str().unwrap().to_owned()
}

fn signed_with(vector: &Vector, key: &str) -> Vec<(String, String)> {
    let signer = Signer::new(vector.scheme(), Secret::new(key).unwrap()).unwrap();
    signer.sign_with(&vector.request.headers, &vector.request.body).unwrap()
}

#[tokio::test]
async fn a_handshake_secret_that_cannot_be_stored_is_not_acknowledged() {
    let vector = vector("asana");
    let without_store = vector.verifier();
    let full =
        vector.verifier().with_handshake_secret_store(|_: Secret| Err("the disk is full".into()));
    let panics = |_: Secret| -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        panic!("intended panic")
    };
    let panics = vector.verifier().with_handshake_secret_store(panics);
    for verifier in [without_store, full, panics] {
        verifier.open_handshake_window(Duration::from_secs(60));
        let [adapter, ..] = &adapters(&verifier);
        assert_eq!(ask(adapter, &vector).await.status, 503);
    }
}

#[tokio::test]
async fn every_adapter_rejects_a_forged_handshake() {
    let mut vector = vector("zoom");
    vector.secret = Some("another secret".to_owned());
    let headers = vector.headers();
    vector.secret = Some("zoom_secret_token".to_owned());
    for adapter in &adapters(&vector.verifier()) {
        let seen = send(adapter, &vector, &headers).await;
        assert_eq!((seen.status, seen.body.len()), (401, 0), "{adapter}");
    }
}

/// The response of core itself.
fn direct(vector: &Vector) -> Option<HandshakeAnswer> {
    let verifier = vector.verifier();
    verifier.open_handshake_window(Duration::from_secs(60));
    super::receive(&verifier, vector, &vector.headers()).ok().flatten()
}

#[derive(Clone, Default)]
struct SavedSecrets(Arc<Mutex<Vec<Secret>>>);

fn verifier_in_window(vector: &Vector, saved: &SavedSecrets) -> Verifier {
    let verifier = saving(vector.verifier(), saved);
    verifier.open_handshake_window(Duration::from_secs(60));
    verifier
}

fn saving(verifier: Verifier, saved: &SavedSecrets) -> Verifier {
    let saved = saved.clone();
    verifier.with_handshake_secret_store(move |secret| {
        saved.0.lock().unwrap().push(secret);
        Ok(())
    })
}

/// Each adapter, with a handler that must not be called.
fn adapters(verifier: &Verifier) -> [Adapter; 6] {
    all(&receiver(verifier), &Handler::never())
}

fn receiver(verifier: &Verifier) -> Receiver<MemoryStore> {
    Receiver::new(verifier.clone().with_endpoint("handshakes"), MemoryStore::new())
}

async fn ask(adapter: &Adapter, vector: &Vector) -> Seen {
    send(adapter, vector, &vector.headers()).await
}

async fn send(adapter: &Adapter, vector: &Vector, headers: &[(String, String)]) -> Seen {
    let target = &vector.request.url["https://receiver.example".len()..];
    let mut request = Request::builder().method(vector.request.method.as_str()).uri(target);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let request = request.body(Body::from(vector.request.body.clone())).unwrap();
    let seen = adapter.answer(request).await;
    assert!(seen.code.is_some(), "not a response of the adapter");
    seen
}

#[actix_web::test]
async fn the_actix_adapters_answer_every_handshake_in_the_same_way() {
    for vector in vectors() {
        let direct = direct(&vector);
        let verifier = verifier_in_window(&vector, &SavedSecrets::default());
        for adapter in actix::ALL {
            verifier.open_handshake_window(Duration::from_secs(60));
            let (status, headers, body) = ask_actix(&verifier, &vector, adapter).await;
            assert_same(
                &format!("{adapter:?}: {}", vector.kind),
                &vector,
                direct.as_ref(),
                status,
                &headers,
                &body,
            );
        }
    }
}

async fn ask_actix(
    verifier: &Verifier,
    vector: &Vector,
    adapter: actix::Adapter,
) -> (u16, Vec<(String, String)>, Bytes) {
    let app = actix_web::App::new()
        .configure(|config| adapter.configure(config, &receiver(verifier), &Handler::never()));
    let app = actix_web::test::init_service(app).await;
    let method = vector.request.method.parse().unwrap();
    let target = &vector.request.url["https://receiver.example".len()..];
    let mut request = actix_web::test::TestRequest::default().method(method).uri(target);
    for (name, value) in vector.headers() {
        request = request.insert_header((name, value));
    }
    let request = request.set_payload(vector.request.body.clone()).to_request();
    let response = actix_web::test::call_service(&app, request).await;
    let status = response.status().as_u16();
    let headers = response.headers().iter();
    let headers =
        headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    (status, headers.collect(), actix_web::test::read_body(response).await)
}

/// The response is that of core itself, or has only the status of a rejection.
fn assert_same(
    which: &str,
    vector: &Vector,
    direct: Option<&HandshakeAnswer>,
    status: u16,
    headers: &[(String, String)],
    body: &Bytes,
) {
    assert_eq!(status, vector.expect.status, "{which}");
    let Some(answer) = direct else {
        assert!(body.is_empty(), "{which}");
        return;
    };
    assert_eq!(body, answer.body(), "{which}");
    for (name, value) in answer.headers() {
        let same =
            |(other, shown): &(String, String)| other.eq_ignore_ascii_case(name) && shown == value;
        assert!(headers.iter().any(same), "{which}: {name}");
    }
}
