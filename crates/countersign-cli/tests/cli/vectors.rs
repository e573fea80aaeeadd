//! All test vectors and handshakes, each verified by a separate process.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::handshake::{Handshake, HandshakeRule};
use countersign::scheme::HeaderSet;
use countersign::schemes;
use countersign_conformance::{Expect, Reason, vectors};
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};

use crate::program::{Files, countersign};

#[test]
fn every_vector_gets_the_verdict_of_the_library() {
    let requests: Vec<Value> = serde_json::from_str(VECTORS).unwrap();
    assert_eq!(requests.len(), vectors().len());
    for (vector, request) in vectors().iter().zip(requests) {
        assert_eq!(request["name"], *vector.name, "both are in the order of the file");
        let mut files = Files::new().with("request.json", request.to_string());
        let mut program = countersign("verify --json --scheme").arg(&vector.provider);
        for (index, secret) in vector.secret_texts().into_iter().enumerate() {
            let name = format!("secret-{index}");
            files = files.with(&name, secret);
            program = program.args(["--secret-file", &files.arg(&name)]);
        }
        let ended = program
            .args(["--request", &files.arg("request.json")])
            .args(["--now", &vector.now_unix_ms.to_string()])
            .run();
        if vector.expect == Expect::Invalid(Reason::NoSecret) {
            ended.must_fix(&[]);
            continue;
        }
        let reported = format!("{vector}:\n{}{}", ended.stdout, ended.stderr);
        let answer: Value = serde_json::from_str(&ended.stdout).expect(&reported);
        let keys: Vec<_> = answer.as_object().unwrap().keys().map(String::as_str).collect();
        let (status, verified, expected_keys) = match vector.expect {
            Expect::Valid => (0, true, VERIFIED_KEYS),
            Expect::Invalid(_) => (1, false, REJECTED_KEYS),
        };
        assert_eq!((ended.status, &answer["verified"]), (status, &json!(verified)), "{reported}");
        let keys: Vec<_> = keys.into_iter().filter(|key| *key != "handshake").collect();
        assert_eq!(keys, expected_keys, "{reported}");
        let scheme = schemes::named(&vector.provider).unwrap();
        // For an alias, the output has the name of its scheme.
        assert_eq!(answer["scheme"], *scheme.name(), "{reported}");
        let verdict = vector.verifier(&scheme).unwrap().verify(vector.head(), vector.body.clone());
        let code = verdict.err().map(|rejected| rejected.code());
        assert_eq!(answer["code"].as_str(), code, "{reported}");
    }
}

#[test]
fn every_handshake_is_reported_with_its_answer_and_only_signed_ones_verify() {
    let handshakes: Vec<Value> = serde_json::from_str(HANDSHAKES).unwrap();
    assert!(handshakes.len() >= 13);
    for handshake in &handshakes {
        let provider = handshake["provider"].as_str().unwrap();
        let which = format!("{provider}: {}", handshake["note"]);
        let files = Files::new().with("request.json", signed(handshake).to_string());
        let files = secrets(files, handshake);
        let ended =
            countersign("verify --json --answer --handshake-window --now 1760000000000 --scheme")
                .args([provider, "--request", &files.arg("request.json")])
                .args(["--secret-file", &files.arg("secret")])
                .args(["--verify-token-file", &files.arg("token")])
                .run();
        let reported = format!("{which}:\n{}{}", ended.stdout, ended.stderr);
        let answer: Value = serde_json::from_str(&ended.stdout).expect(&reported);
        let expected = &handshake["expect_response"];
        if expected["status"] == 401 {
            assert_eq!((ended.status, &answer["status"]), (1, &expected["status"]), "{reported}");
            continue;
        }
        let name = answer["handshake"]["name"].as_str().expect(&reported);
        let scheme = schemes::named(provider).unwrap();
        let known = scheme.handshakes().iter().find(|known| known.name() == name).unwrap();
        let is_signed = known.rule() == HandshakeRule::Signed;
        assert_eq!(answer["handshake"]["signed"], is_signed, "{reported}");
        assert_eq!(answer["verified"], is_signed, "{reported}");
        assert_eq!(ended.status, if is_signed { 0 } else { 1 }, "{reported}");
        if !is_signed {
            assert_eq!(answer["code"], "handshake", "{reported}");
        }
        assert_eq!(answer["handshake"]["status"], expected["status"], "{reported}");
        let captures = known.rule() == HandshakeRule::UnsignedInWindow;
        assert_eq!(answer["handshake"]["hands_over_secret"], captures, "{reported}");

        let answer = &answer["handshake"]["answer"];
        let body = answer["body"].as_str().unwrap();
        match (&expected["body"], &expected["json"]) {
            (Value::String(text), _) => assert_eq!(body, text, "{reported}"),
            (_, Value::Null) => assert_eq!(body, "", "{reported}"),
            (_, json) => {
                assert_eq!(&serde_json::from_str::<Value>(body).unwrap(), json, "{reported}");
            }
        }
        for (name, value) in expected["headers"].as_object().into_iter().flatten() {
            assert_eq!(&answer["headers"][name], value, "{reported}");
        }
    }
}

#[test]
fn handshakes_without_the_options_show_no_answer_and_no_open_window() {
    let handshakes: Vec<Value> = serde_json::from_str(HANDSHAKES).unwrap();
    for (provider, verified, code) in [
        ("zoom", true, Value::Null),
        ("x-twitter", false, json!("handshake")),
        ("asana", false, json!("missing_signature")),
        ("notion", false, json!("missing_signature")),
        // No verify token was given.
        ("meta", false, json!("missing_signature")),
    ] {
        let handshake = handshakes.iter().find(|h| h["provider"] == provider).unwrap();
        let files = Files::new().with("request.json", signed(handshake).to_string());
        let files = secrets(files, handshake);
        let run = |form: &str| {
            countersign("verify --now 1760000000000 --scheme")
                .args([provider, "--request", &files.arg("request.json")])
                .args(["--secret-file", &files.arg("secret")])
                .args(form.split_whitespace())
                .run()
        };
        let json = run("--json").json();
        assert_eq!(json["verified"], verified, "{provider}");
        assert_eq!(json["code"], code, "{provider}");
        assert_eq!(json["handshake"]["answer"], Value::Null, "{provider}");
        let text = run("").stdout;
        if provider == "zoom" {
            assert!(text.starts_with("verified: zoom"), "{text}");
            assert!(text.contains("kind        handshake `url-validation`"), "{text}");
        } else if provider == "x-twitter" {
            assert!(text.starts_with("not verified: x-twitter: handshake"), "{text}");
            assert!(text.contains("which is not signed"), "{text}");
        }
        assert!(!text.contains("response_token") && !text.contains("encryptedToken"), "{text}");
        let shown = run("--answer").stdout;
        let key = if provider == "zoom" { "encryptedToken" } else { "response_token" };
        assert_eq!(shown.contains(key), json["handshake"].is_object(), "{shown}");
    }
}

/// The request of a handshake, signed if the file has no signature for it.
fn signed(handshake: &Value) -> Value {
    let mut request = handshake["request"].clone();
    let provider = handshake["provider"].as_str().unwrap();
    let scheme = schemes::named(provider).unwrap();
    let is_signed = |handshake: &Handshake| handshake.rule() == HandshakeRule::Signed;
    let is_signature = |name: &String| {
        let mut signatures = scheme.header_sets().iter().flat_map(HeaderSet::signatures);
        signatures.any(|header| header.eq_ignore_ascii_case(name))
    };
    let mut headers = request["headers"].as_object().unwrap().keys();
    if !scheme.handshakes().iter().all(is_signed) || headers.any(is_signature) {
        return request;
    }
    let files = secrets(Files::new().with("request.json", request.to_string()), handshake);
    let key = if provider == "discord" { "private" } else { "secret" };
    let headers = countersign("sign --timestamp 1760000000000 --scheme")
        .args([provider, "--secret-file", &files.arg(key)])
        .args(["--request", &files.arg("request.json")])
        .run()
        .with(0)
        .stdout;
    for (name, value) in headers.lines().filter_map(|line| line.split_once(": ")) {
        request["headers"][name] = value.into();
    }
    request
}

/// The files with the keys and tokens of the receiver and the signer of a handshake.
fn secrets(files: Files, handshake: &Value) -> Files {
    let given = handshake["secret"].as_str();
    let (seed, discord) = ([7; 32], Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap());
    let secret = match (handshake["provider"].as_str(), given) {
        (Some("discord"), _) => {
            discord.public_key().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
        }
        // The vector's secret is the verify token.
        (Some("meta"), _) | (_, None) => "signing secret".to_owned(),
        (_, Some(secret)) => secret.to_owned(),
    };
    let private = STANDARD.encode([ED25519_PKCS8, &seed].concat());
    files
        .with("secret", secret)
        .with("private", private)
        .with("token", given.unwrap_or("a verify token"))
}

/// The prefix of the seed in a private key, RFC 8410.
const ED25519_PKCS8: &[u8] = &[
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

const VECTORS: &str = include_str!("../../../countersign-conformance/vectors/vectors.json");
const HANDSHAKES: &str = include_str!("../../../countersign-conformance/vectors/handshakes.json");
// In the order of serde_json's map.
const VERIFIED_KEYS: &[&str] = &[
    "event_id",
    "event_id_from",
    "event_type",
    "identity",
    "scheme",
    "secret",
    "signed_at_ms",
    "verified",
];
const REJECTED_KEYS: &[&str] = &["code", "detail", "scheme", "status", "verified"];
