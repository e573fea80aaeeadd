//! `countersign verify`: output and exit status.

use serde_json::Value;

use crate::program::{Files, Program, countersign};
use crate::schemes::ACME;

#[test]
fn a_verified_delivery_is_printed_in_exactly_the_documented_json() {
    let json = stripe("--json").run().with(0).stdout;
    assert_eq!(
        json,
        "{\"verified\":true,\"scheme\":\"stripe\",\"secret\":0,\"event_id\":\"evt_1SDKvector\",\
         \"event_id_from\":\"body:/id\",\"identity\":\"id\",\"event_type\":\"payment_intent.succeeded\",\
         \"signed_at_ms\":1760000000000}\n"
    );
}

#[test]
fn a_rejected_delivery_is_printed_in_exactly_the_documented_json() {
    let json = stripe("--json").input("{}").run().with(1).stdout;
    assert_eq!(
        json,
        "{\"verified\":false,\"scheme\":\"stripe\",\"code\":\"signature_mismatch\",\"status\":401,\
         \"detail\":\"the signature does not match any active secret\"}\n"
    );
}

#[test]
fn unknown_fields_are_null() {
    let files = Files::new().with("body", "no JSON");
    let signed = countersign("sign --scheme jupiter --secret-env S --body")
        .arg(files.arg("body"))
        .env("S", "secret")
        .run()
        .with(0);
    let verified = countersign("verify --scheme jupiter --secret-env S --json -H @- --body")
        .arg(files.arg("body"))
        .env("S", "secret")
        .input(signed.stdout)
        .run()
        .with(0)
        .json();
    assert_eq!(verified["event_id_from"], "digest");
    assert_eq!(verified["identity"], "unknown");
    assert_eq!(verified["event_type"], Value::Null);
    assert_eq!(verified["signed_at_ms"], Value::Null);
    assert_eq!(verified.as_object().unwrap().len(), 8);
}

#[test]
fn the_event_id_option_sets_the_event_id() {
    let verified = stripe("--event-id /id+/type --json").run().with(0).json();
    assert_eq!(verified["event_id"], "evt_1SDKvector:payment_intent.succeeded");
    assert_eq!(verified["event_id_from"], "body:/id+/type");
    assert_eq!(verified["identity"], "id");
    for place in ["id", "header:Stripe-Id", "/a/*/*", "/object+/type"] {
        stripe("--event-id").arg(place).run().must_fix(&["event_id"]);
    }
}

#[test]
fn the_text_output_shows_the_event_and_the_secret_or_the_reason() {
    let text = stripe("").run().with(0).stdout;
    for said in
        ["verified: stripe", "secret 0 (S)", "evt_1SDKvector", "body:/id", "2025-10-09T08:53:20"]
    {
        assert!(text.contains(said), "`{said}` is not in:\n{text}");
    }
    let text = stripe("").input("{}").run().with(1).stdout;
    for said in ["rejected: stripe", "signature_mismatch", "401", "any active secret"] {
        assert!(text.contains(said), "`{said}` is not in:\n{text}");
    }
}

#[test]
fn an_event_cannot_write_to_the_terminal() {
    let files = Files::new().with("body", r#"{"id":"\u001b[31m\u0007red","type":"\u009b2J"}"#);
    let signed = countersign("sign --scheme stripe --secret-env S --body")
        .arg(files.arg("body"))
        .env("S", "secret")
        .run()
        .with(0);
    let text = countersign("verify --scheme stripe --secret-env S -H @- --body")
        .arg(files.arg("body"))
        .env("S", "secret")
        .env("CLICOLOR_FORCE", "1")
        .input(signed.stdout)
        .run()
        .with(0)
        .stdout;
    assert!(text.contains(r"\u{1b}[31m\u{7}red") && text.contains(r"\u{9b}2J"), "{text:?}");
    assert!(!text.contains("\u{1b}[31mred") && !text.contains('\u{9b}'), "{text:?}");
}

#[test]
fn json_output_is_stable_byte_for_byte() {
    let files = Files::new().with("body", "{\"id\":\"a\u{7f}\u{9b}b\"}");
    let signed = countersign("sign --scheme stripe --secret-env S --body")
        .arg(files.arg("body"))
        .env("S", "secret")
        .run()
        .with(0);
    let json = countersign("verify --scheme stripe --secret-env S --json -H @- --body")
        .arg(files.arg("body"))
        .env("S", "secret")
        .input(signed.stdout)
        .run()
        .with(0)
        .json();
    assert_eq!(json["event_id"], "a\u{7f}\u{9b}b");
}

#[test]
fn the_system_clock_is_used_unless_a_time_is_given() {
    let late = stripe_without_clock().run().with(1).stdout;
    assert!(late.contains("timestamp_too_old"), "{late}");
    let early = stripe_without_clock().arg("--now=-1").run().with(1).stdout;
    assert!(early.contains("timestamp_in_future"), "{early}");
    for extreme in [i64::MIN, i64::MAX] {
        stripe_without_clock().arg(format!("--now={extreme}")).run().with(1);
    }
}

#[test]
fn a_date_beyond_the_year_9999_is_printed_without_a_panic() {
    let files = Files::new().with("body", "{}");
    let far = i64::MAX.to_string();
    let signed = countersign("sign --scheme venum --secret-env S --timestamp")
        .args([&far, "--body", &files.arg("body")])
        .env("S", "secret")
        .run()
        .with(0);
    let text = countersign("verify --scheme venum --secret-env S -H @- --now")
        .args([&far, "--body", &files.arg("body")])
        .env("S", "secret")
        .input(signed.stdout)
        .run()
        .with(0)
        .stdout;
    assert!(text.contains(&far), "{text}");
}

#[test]
fn a_scheme_from_a_toml_file_verifies() {
    let files = Files::new().with("acme.toml", ACME).with("body", r#"{"id":"evt_7"}"#);
    let run = |words: &str, input: &str| {
        countersign(words)
            .args(["--scheme", &files.arg("acme.toml"), "--body", &files.arg("body")])
            .env("S", "secret")
            .input(input)
            .run()
            .with(0)
            .stdout
    };
    let signed = run("sign --secret-env S", "");
    assert!(signed.starts_with("X-Acme-Signature: sha256="), "{signed}");
    let verified = run("verify --secret-env S --json -H @-", &signed);
    assert!(verified.contains(r#""scheme":"acme""#) && verified.contains("evt_7"), "{verified}");
}

/// A delivery signed by Stripe's own SDK, verified at the time of its signature.
fn stripe(words: &str) -> Program {
    stripe_without_clock().args(["--now", "1760000000000"]).args(words.split_whitespace())
}

fn stripe_without_clock() -> Program {
    countersign("verify --scheme stripe --secret-env S --body -")
        .args(["-H", STRIPE_SIGNATURE])
        .env("S", "whsec_test_secret_do_not_use_in_production")
        .input(STRIPE_BODY)
}

const STRIPE_SIGNATURE: &str = "Stripe-Signature: \
    t=1760000000,v1=2c2f0f3873dc88c08fafffbd5f134f73ed8d00c593242b5b662723744c62a934";
const STRIPE_BODY: &str = r#"{"id":"evt_1SDKvector","object":"event","type":"payment_intent.succeeded","created":1760000000}"#;
