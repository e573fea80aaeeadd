//! `countersign diagnose`: causes, output and exit status.

use serde_json::{Value, json};

use crate::program::{Ended, Files, Program, countersign};

const SECRET: &str = "whsec_test_secret_do_not_use_in_production";
const TAG: &str = "2c2f0f3873dc88c08fafffbd5f134f73ed8d00c593242b5b662723744c62a934";
const BODY: &str = r#"{"id":"evt_1SDKvector","object":"event","type":"payment_intent.succeeded","created":1760000000}"#;

/// A delivery signed by Stripe's own SDK, with this configured secret.
fn stripe(secret: &str, body: &str, words: &str) -> Program {
    countersign("diagnose --scheme stripe --secret-env S --body - --now 1760000000000")
        .args(["-H", &format!("Stripe-Signature: t=1760000000,v1={TAG}")])
        .args(words.split_whitespace())
        .env("S", secret)
        .input(body)
}

/// Runs it, and checks that the output contains no secret.
#[track_caller]
fn run(program: Program, status: i32) -> Ended {
    let ended = program.run().with(status);
    let shown = format!("{}{}", ended.stdout, ended.stderr);
    for secret in [&SECRET[6..], TAG, "evt_1SDKvector"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    ended
}

fn first(ended: &Ended) -> (Value, Value) {
    let cause = &ended.json()["causes"][0];
    (cause["cause"].clone(), cause["certain"].clone())
}

#[test]
fn a_delivery_that_verifies_exits_with_0_and_has_no_cause() {
    let ended = run(stripe(SECRET, BODY, "--json"), 0);
    assert_eq!(ended.stdout, "{\"verified\":true,\"code\":null,\"causes\":[]}\n");
    let ended = run(stripe(SECRET, BODY, ""), 0);
    assert!(ended.stdout.starts_with("verified: stripe"), "{}", ended.stdout);
}

#[test]
fn a_found_cause_exits_with_1_and_has_a_fix() {
    let ended = run(stripe(&format!("{SECRET} "), BODY, "--json"), 1);
    assert!(ended.stdout.starts_with(r#"{"verified":false,"code":"signature_mismatch","causes":[{"cause":"secret_trailing_whitespace","certain":true,"detail":""#), "{}", ended.stdout);
    assert!(ended.json()["causes"][0]["fix"].as_str().unwrap().contains("white space"));

    let text = run(stripe(SECRET, &format!("{BODY}\n"), ""), 1).stdout;
    assert!(
        text.starts_with("found: a newline was added to the body\n  fix    verify the"),
        "{text}"
    );
    for said in [
        "\n  cause  body_newline, confirmed\n",
        "\nrejected: stripe: signature_mismatch\n  the signature does not match any active secret",
        "\nFor offline use",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
}

/// The keys of the JSON output and their order are stable.
#[test]
fn the_json_has_exactly_the_documented_keys() {
    let keys = |line: &str| -> Vec<String> {
        let quoted = line.split('"').skip(1).step_by(2);
        let known =
            ["verified", "code", "handshake", "causes", "cause", "certain", "detail", "fix"];
        quoted.filter(|text| known.contains(text)).map(str::to_owned).collect()
    };
    let rejected = ["verified", "code", "causes", "cause", "certain", "detail", "fix"];
    let rewritten = BODY.replace(':', ": ");
    for (secret, body, status, count) in [
        (SECRET, BODY, 0, 0),
        ("another secret", BODY, 3, 1),
        (&format!("{SECRET} "), BODY, 1, 1),
        (&format!("{SECRET} "), &rewritten, 1, 2),
    ] {
        let ended = run(stripe(secret, body, "--json"), status);
        assert_eq!(ended.stdout.matches('\n').count(), 1, "{}", ended.stdout);
        let mut expected = rejected[..3].to_vec();
        (0..count).for_each(|_| expected.extend(&rejected[3..]));
        assert_eq!(keys(&ended.stdout), expected, "{}", ended.stdout);
        let json = ended.json();
        assert_eq!(json.as_object().unwrap().len(), 3, "{json}");
        assert_eq!((&json["verified"], json["code"].is_null()), (&json!(count == 0), count == 0));
        let causes = json["causes"].as_array().unwrap();
        assert_eq!(causes.len(), count, "{json}");
        for cause in causes {
            assert_eq!(cause.as_object().unwrap().len(), 4, "{cause}");
            assert!(cause["certain"].is_boolean(), "{cause}");
            for text in ["cause", "detail", "fix"] {
                assert!(cause[text].as_str().is_some_and(|text| !text.is_empty()), "{cause}");
            }
        }
    }
}

#[test]
fn several_causes_are_printed_in_order() {
    let text = run(stripe(&format!("'{SECRET}'"), &format!("{BODY}\n"), ""), 1).stdout;
    assert!(text.starts_with("found: a newline was added"), "{text}");
    assert!(text.contains("\nalso found: the secret `S` is in quotes\n"), "{text}");
    let key = stripe("sk_live_51Nx", BODY, "").args(["-H", "Content-Length: 1000"]);
    let text = run(key, 1).stdout;
    assert!(text.starts_with("suspected: the body is complete JSON"), "{text}");
    assert!(text.contains("\nor: the secret begins like a secret API key"), "{text}");
    assert!(text.contains("  cause  secret_kind, not confirmed\n"), "{text}");
}

/// A handshake, which a provider sends before any event, is not a failed delivery.
#[test]
fn an_unsigned_handshake_is_reported_as_a_handshake() {
    let url = "https://h.example/in?hub.mode=subscribe&hub.verify_token=tok3n&hub.challenge=1";
    let meta = |words: &str| {
        countersign("diagnose --scheme meta --secret-env S --body - --method GET --url")
            .arg(url)
            .args(words.split_whitespace())
            .env("S", SECRET)
            .env("TOKEN", "tok3n")
            .env("OTHER", "another")
    };
    for (words, said) in [
        ("--json", "none was given to compare it with"),
        ("--json --verify-token-env OTHER", "does not match the given one"),
        ("--json --verify-token-env TOKEN", "which is not signed"),
    ] {
        let ended = run(meta(words), 1);
        let json = ended.json();
        assert_eq!(first(&ended), (json!("handshake"), json!(true)), "{json}");
        assert_eq!(
            (&json["code"], &json["handshake"]),
            (&json!("missing_signature"), &json!("subscribe"))
        );
        let detail = json["causes"][0]["detail"].as_str().unwrap();
        assert!(detail.contains(said) && !ended.stdout.contains("tok3n"), "{detail}");
    }
    let files = Files::new().with("token", "tok3n");
    let text = run(meta("--verify-token-file").arg(files.arg("token")), 1).stdout;
    assert!(
        text.starts_with("found: the request is not a delivery: it is the scheme's handshake"),
        "{text}"
    );
    run(meta("--verify-token-env NOT_THERE"), 2);
}

#[test]
fn a_signed_handshake_is_verified_and_reported_as_a_handshake() {
    let body = r#"{"type":"url_verification","challenge":"a1b2"}"#;
    let sign = countersign("sign --scheme slack --secret-env S --body - --timestamp 1760000000000");
    let headers = sign.env("S", "secret").input(body).run().with(0).stdout;
    let files = Files::new().with("headers", headers);
    let slack = |words: &str| {
        countersign("diagnose --scheme slack --secret-env S --body - --now 1760000000000 -H")
            .arg(format!("@{}", files.arg("headers")))
            .args(words.split_whitespace())
            .env("S", "secret")
            .input(body)
    };
    let json = slack("--json").run().with(0).json();
    assert_eq!((&json["verified"], &json["code"]), (&json!(true), &Value::Null));
    assert_eq!(json["handshake"], "url-verification");
    let text = slack("").run().with(0).stdout;
    assert!(text.contains("it is the handshake `url-verification`, not an event"), "{text}");
    let text = slack("").env("S", "another").run().with(3).stdout;
    assert!(
        text.contains("it requests the handshake `url-verification`: it is not an event"),
        "{text}"
    );
}

#[test]
fn no_found_cause_exits_with_3() {
    let ended = run(stripe("another secret", BODY, "--json"), 3);
    assert_eq!(first(&ended), (json!("tampered_or_unknown"), json!(false)));
    let text = run(stripe("another secret", BODY, ""), 3).stdout;
    assert!(text.starts_with("not found: none of "), "{text}");
    assert!(text.contains("  cause  tampered_or_unknown, not confirmed\n"), "{text}");
}

#[test]
fn an_unusable_secret_is_explained_with_the_options_of_the_program() {
    let svix = |secret: &str, json: &str| {
        countersign("diagnose --scheme svix --secret-env S --body - --now 1760000000000")
            .args(json.split_whitespace())
            .args(["-H", "svix-id: msg_1", "-H", "svix-timestamp: 1760000000"])
            .args(["-H", "svix-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="])
            .env("S", secret)
            .input("{}")
    };
    let ended = svix("sk_live_123", "--json").run().with(1);
    assert_eq!(ended.json()["code"], "misconfigured");
    assert_eq!(first(&ended), (json!("secret_kind"), json!(false)));
    let ended = svix("what is this?", "--json").run().with(1);
    assert_eq!(first(&ended), (json!("secret_kind"), json!(false)));
    let text = svix("what is this?", "").run().with(1).stdout;
    assert!(text.starts_with("suspected: the secret `S` is not base64"), "{text}");
    assert!(text.contains("\nrejected: svix: misconfigured\n"), "{text}");
    assert!(!text.contains("::") && !text.contains("what is this"), "{text}");
}

#[test]
fn secrets_of_other_endpoints_and_retired_ones_are_tried() {
    let files = Files::new().with("staging", "a").with("right", SECRET);
    let right = files.arg("right");
    for (flag, cause) in [
        ("--other-endpoint-secret-file", "secret_of_another_endpoint"),
        ("--old-secret-file", "rotated"),
    ] {
        let program =
            stripe("another", BODY, "--json --other-endpoint-secret-env OTHER").env("OTHER", "b");
        let program = program.args(["--old-secret-file", &files.arg("staging"), flag, &right]);
        let ended = run(program, 1);
        assert_eq!(first(&ended), (json!(cause), json!(true)));
        let detail = ended.json()["causes"][0]["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(&right), "{detail}");
    }
    stripe(SECRET, BODY, "--old-secret-env NOT_THERE").run().must_fix(&["`NOT_THERE` is not set"]);
}

#[test]
fn a_request_file_is_diagnosed_with_its_url_and_its_time() {
    let request = json!({
        "method": "POST",
        "url": "https://receiver.example/hook",
        "headers": {"Stripe-Signature": format!("t=1760000000,v1={TAG}")},
        "body_base64": base64(BODY),
    });
    let files = Files::new().with("request.json", request.to_string());
    let program = countersign("diagnose --json --scheme stripe --secret-env S --now 1770000000000")
        .args(["--request", &files.arg("request.json")])
        .env("S", SECRET);
    let ended = run(program, 1);
    assert_eq!(ended.json()["code"], "timestamp_too_old");
    assert_eq!(first(&ended), (json!("replayed_old_capture"), json!(true)));
}

#[test]
fn bad_usage_exits_with_2() {
    let square = countersign("diagnose --scheme square --secret-env S --body -").env("S", "s");
    square.run().must_fix(&["`--url`"]);
    for words in [
        "diagnose",
        "diagnose --scheme stripe --body -",
        "diagnose --scheme nonsense --secret-env S --body -",
    ] {
        let ended = countersign(words).env("S", "s").run();
        assert_eq!(ended.status, 2, "{words}");
    }
}

fn base64(body: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(body)
}
