//! `countersign sign`, and verification of its output by `countersign verify`.

use serde_json::Value;

use crate::program::{Ended, Files, countersign};

#[test]
fn the_headers_are_printed_one_a_line_and_nothing_else() {
    let files = Files::new().with("body", "{}");
    let signed = sign("venum", &["--timestamp", "1760000000000"], &files).with(0);
    assert_eq!(
        signed.stdout,
        "X-Venum-Signature: t=1760000000000,\
         v1=c58eeec39177ef07b92887ee620fb61e57cabab7145445e9cb9fa25df93e8f97\n"
    );
    assert_eq!(signed.stderr, "");
}

#[test]
fn a_new_id_is_generated_if_none_is_given() {
    let files = Files::new().with("body", "{}");
    let id = |more: &[&str]| {
        let signed = sign("standardwebhooks", more, &files).with(0).stdout;
        let id = signed.lines().find_map(|line| line.strip_prefix("webhook-id: ")).unwrap();
        id.to_owned()
    };
    let (first, second) = (id(&[]), id(&[]));
    assert_ne!(first, second);
    assert!(first.starts_with("msg_") && first.len() == "msg_".len() + 32, "{first}");
    assert_eq!(id(&["--id", "msg_mine"]), "msg_mine");
}

#[test]
fn an_id_with_a_line_break_is_rejected() {
    let files = Files::new().with("body", "{}");
    for bad in ["a\nX-Evil: 1", "a b", "", "é"] {
        sign("svix", &["--id", bad], &files).must_fix(&["`--id`", "visible ASCII"]);
    }
}

#[test]
fn options_that_a_scheme_cannot_use_are_ignored_with_a_note() {
    let files = Files::new().with("body", "{}");
    let both = ["--id", "x", "--timestamp", "5"];
    let signed = sign("github", &both, &files).with(0);
    assert!(signed.stderr.contains("`--id` is ignored"), "{}", signed.stderr);
    assert!(signed.stderr.contains("`--timestamp` is ignored"), "{}", signed.stderr);
    assert_eq!(signed.stdout, sign("github", &[], &files).with(0).stdout);
    let signed = sign("perps-tracker", &["--timestamp", "5"], &files).with(0);
    assert!(signed.stderr.contains("body:/created"), "{}", signed.stderr);
}

#[test]
fn a_body_without_the_time_of_its_scheme_is_signed_with_a_note() {
    for (body, said) in [("{}", true), ("no json", true), (r#"{"created":1760000000}"#, false)] {
        let signed = sign("perps-tracker", &[], &Files::new().with("body", body)).with(0);
        assert!(signed.stdout.starts_with("X-Webhook-Signature: "), "{}", signed.stdout);
        assert_eq!(signed.stderr.contains("`/created`"), said, "{body}: {}", signed.stderr);
    }
}

#[test]
fn a_delivery_that_receivers_reject_is_signed_with_a_note() {
    let encoding = &["-H", "content-encoding: gzip"][..];
    let url = &["--url", "https://a.example/hook"][..];
    for (scheme, body, more, said) in [
        ("github", "{}", encoding, ["unsupported_encoding (status 415)", "`Content-Encoding`"]),
        ("stripe", "{}", encoding, ["unsupported_encoding (status 415)", "`Content-Encoding`"]),
        ("hubspot-v1", "a=1", &[], ["signature_mismatch", "is not one JSON document"]),
        ("hubspot-v2", "a=1", url, ["signature_mismatch", "is not one JSON document"]),
        ("coinbase-cdp-v1", "a=1", &[], ["signature_mismatch", "does not begin with"]),
        ("x-twitter", "", &[], ["signature_mismatch", "an empty body"]),
    ] {
        let files = Files::new().with("body", body);
        let signed = sign(scheme, more, &files).with(0);
        assert!(signed.stdout.contains(": "), "{scheme}: {}", signed.stdout);
        for said in said {
            assert!(signed.stderr.contains(said), "{scheme}: {said}: {}", signed.stderr);
        }
        let verify = countersign("verify --secret-env S -H @- --scheme")
            .args([scheme, "--body", &files.arg("body")])
            .args(more)
            .env("S", "c2VjcmV0");
        verify.input(signed.stdout).run().with(1);
    }
}

#[test]
fn a_delivery_that_receivers_accept_gets_no_note_even_if_it_is_old() {
    let files = Files::new().with("body", "{\"a\":1}");
    for (scheme, more) in [
        ("hubspot-v1", &[][..]),
        ("x-twitter", &[]),
        ("coinbase-cdp-v1", &["--timestamp", "1760000000000"]),
        ("stripe", &["--timestamp", "1760000000000", "-H", "content-encoding: identity"]),
    ] {
        assert_eq!(sign(scheme, more, &files).with(0).stderr, "", "{scheme}");
    }
}

#[test]
fn signature_headers_of_the_request_are_ignored() {
    let files = Files::new().with("body", "{}");
    let old = ["-H", "X-Venum-Signature: t=1,v1=00", "--timestamp", "1760000000000"];
    let fresh = ["--timestamp", "1760000000000"];
    assert_eq!(
        sign("venum", &old, &files).with(0).stdout,
        sign("venum", &fresh, &files).with(0).stdout
    );
}

#[test]
fn several_secrets_sign_together_if_the_header_is_a_list() {
    let files = Files::new().with("body", "{}").with("old", "old");
    let signed = sign("stripe", &["--secret-file", &files.arg("old")], &files).with(0).stdout;
    assert_eq!(signed.matches("v1=").count(), 2, "{signed}");
}

#[test]
fn a_signed_delivery_of_any_scheme_verifies_only_with_its_body() {
    let schemes = countersign("schemes --json").run().with(0).json();
    for scheme in schemes.as_array().unwrap() {
        let name = scheme["name"].as_str().unwrap();
        if scheme["signature"] == "in the body" {
            continue; // The next test is theirs.
        }
        let files =
            Files::new().with("body", body(scheme, "evt_1")).with("other", body(scheme, "evt_2"));
        let run = |words: &str, body: &str, clock: &str, input: &str| {
            let mut program = countersign(words)
                .args(["--scheme", name, "--secret-env", "S", clock, NOW_MS])
                .args(["--body", &files.arg(body)])
                .env("S", secret(scheme))
                .input(input);
            if scheme["signs_url"] == true {
                program = program.args(["--url", "https://example.com/hooks?a=1"]);
            }
            for header in signed_headers(scheme) {
                program = program.arg("-H").arg(format!("{header}: v"));
            }
            program.run()
        };
        let signed = run("sign", "body", "--timestamp", "");
        if matches!(scheme["algorithm"].as_str(), Some("ed25519" | "ecdsa-p256" | "rsa-sha256"))
            || name == "plaid"
        {
            // The secret is not a private key.
            signed.must_fix(&[]);
            continue;
        }
        let signed = signed.with(0).stdout;
        let verified = run("verify --json -H @-", "body", "--now", &signed);
        assert_eq!(verified.status, 0, "{name}: {}{}", verified.stdout, verified.stderr);
        assert_eq!(verified.json()["scheme"], name);
        if scheme["authenticates_body"] == true {
            let rejected = run("verify --json -H @-", "other", "--now", &signed);
            assert_eq!(rejected.status, 1, "{name}: {}{}", rejected.stdout, rejected.stderr);
            assert_eq!(rejected.json()["code"], "signature_mismatch", "{name}");
        }
    }
}

#[test]
fn a_scheme_with_its_signature_in_the_body_prints_the_signed_body() {
    let item = r#"{"notificationItems":[{"NotificationRequestItem":{"pspReference":"a"}}]}"#;
    for (scheme, body, secret) in [
        ("adyen", item, "3031323334353637383961626364656630313233343536373839616263646566"),
        ("mailgun", "{}", "secret"),
        ("figma", "{}", "secret"),
    ] {
        let files = Files::new().with("body", body);
        let run = |words: &str, body: &str, input: &str| {
            let program = countersign(words).args(["--scheme", scheme, "--secret-env", "S"]);
            program.args(["--body", body]).env("S", secret).input(input).run()
        };
        let signed = run("sign", &files.arg("body"), "").with(0);
        assert!(signed.stderr.contains("the body to send"), "{}", signed.stderr);
        run("verify", "-", &signed.stdout).with(0);
        run("verify", "-", body).with(1);
    }
}

#[test]
fn an_ambiguous_body_is_not_signed_and_the_error_says_why() {
    let similar = "{\"pa\u{17f}\u{17f}code\":\"other\"}";
    let long = format!("{{\"{}\":1}}", "a".repeat(257));
    for (body, said) in [(similar, "differs only in case"), (&long, "longer than 256 bytes")] {
        let rejected = sign("figma", &[], &Files::new().with("body", body));
        assert!(!rejected.stderr.contains("ISO-8859-1"), "{}", rejected.stderr);
        rejected.must_fix(&[said]);
    }
}

fn sign(scheme: &str, more: &[&str], files: &Files) -> Ended {
    countersign("sign --secret-env S --scheme")
        .args([scheme, "--body", &files.arg("body")])
        .args(more)
        .env("S", "c2VjcmV0")
        .run()
}

/// A secret in the scheme's format.
fn secret(scheme: &Value) -> &'static str {
    match scheme["secret_format"].as_str().unwrap() {
        "hex" => "3031323334353637383961626364656630313233343536373839616263646566",
        "text" | "html-entities" => "a secret of a demonstration",
        "basic" => "user:password",
        _ => "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    }
}

/// A body, with a time if the scheme reads it from the body.
fn body(scheme: &Value, id: &str) -> String {
    if scheme["name"] == "mandrill" {
        return format!("mandrill_events={id}");
    }
    let from = scheme["timestamp"]["from"].as_str().unwrap_or_default();
    let time = match scheme["timestamp"]["unit"].as_str() {
        Some("seconds") => "1760000000",
        Some("milliseconds") => NOW_MS,
        _ => "\"2025-10-09T08:53:20Z\"",
    };
    let Some(pointer) = from.strip_prefix("body:/") else { return format!(r#"{{"id":"{id}"}}"#) };
    let nested = pointer
        .split('/')
        .rev()
        .fold(time.to_owned(), |value, key| format!(r#"{{"{key}":{value}}}"#));
    nested.replacen('{', &format!(r#"{{"id":"{id}","#), 1)
}

/// The headers that the scheme signs, except those that `sign` adds.
fn signed_headers(scheme: &Value) -> Vec<String> {
    let parts = scheme["signed"].as_str().unwrap().split("{header:").skip(1);
    parts.map(|part| part.split('}').next().unwrap().to_owned()).collect()
}

const NOW_MS: &str = "1760000000000";
