//! The sample events of the providers.

use crate::program::{Files, countersign};

#[test]
fn a_signed_sample_verifies_with_its_event_type() {
    for (scheme, event) in [
        ("stripe", "checkout.session.completed"),
        ("github", "issues"),
        ("venum", ""),
        ("perps-tracker", ""),
        ("standardwebhooks", ""),
        ("figma", ""),
        ("slack", ""),
    ] {
        let sign = countersign("sign --secret-env S --scheme").args([scheme, "--sample"]);
        let sign = sign.args(Some(event).filter(|event| !event.is_empty()));
        let signed = sign.env("S", BASE64).run().with(0);
        assert_eq!(signed.json()["method"], "POST", "{scheme}");
        let verify = countersign("verify --json --request - --secret-env S --scheme").arg(scheme);
        let verified = verify.env("S", BASE64).input(signed.stdout).run();
        assert_eq!(verified.status, 0, "{scheme}: {}{}", verified.stdout, verified.stderr);
        if !event.is_empty() {
            assert_eq!(verified.json()["event_type"], event);
        }
    }
}

#[test]
fn every_sample_has_new_ids_and_the_time_of_the_signature() {
    let sign = || {
        let words = "sign --scheme stripe --secret-env S --sample --timestamp 1760000000000";
        countersign(words).env("S", "secret").run().with(0)
    };
    let (first, second) = (sign(), sign());
    assert_ne!(first.json()["body_base64"], second.json()["body_base64"]);
    let verify = |signed: &str| {
        let words = "verify --scheme stripe --secret-env S --request - --json --now 1760000001000";
        countersign(words).env("S", "secret").input(signed).run().with(0).json()
    };
    let (first, second) = (verify(&first.stdout), verify(&second.stdout));
    assert_ne!(first["event_id"], second["event_id"]);
    assert_eq!(first["signed_at_ms"], 1_760_000_000_000_i64);
}

#[test]
fn headers_of_the_user_replace_those_of_the_sample() {
    let words = "sign --scheme github --secret-env S --sample -H X-GitHub-Event:ping";
    let signed = countersign(words).env("S", "secret").run().with(0).json();
    let headers = signed["headers"].as_object().unwrap();
    let events = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("x-github-event"));
    let events: Vec<_> = events.map(|(_, value)| value).collect();
    assert_eq!(events, [&serde_json::json!(["ping"])]);
}

#[test]
fn an_unknown_sample_and_a_scheme_without_samples_are_errors() {
    let words = "sign --scheme github --secret-env S --sample nope";
    countersign(words).env("S", "secret").run().must_fix(&["`nope`", "`push` or `issues`"]);
    let file = "name = 'acme'\nsignature_header = 'X-Sig'\nsigned_payload = '{body}'\n";
    let files = Files::new().with("acme.toml", file);
    let file = files.arg("acme.toml");
    let sign = countersign("sign --secret-env S --sample --scheme").arg(&file);
    sign.env("S", "secret").run().must_fix(&["`acme` has no sample events", "`--body FILE`"]);
    countersign("schemes --samples").arg(file).run().must_fix(&["`acme` has no sample events"]);
    let words = "sign --scheme github --secret-env S --body - --sample";
    countersign(words).env("S", "secret").run().must_fix(&["--sample", "cannot be used with"]);
}

#[test]
fn the_samples_of_a_scheme_are_listed() {
    let listed = countersign("schemes github --samples").run().with(0).stdout;
    let mut rows = listed.lines();
    assert_eq!(rows.next().unwrap().split_whitespace().collect::<Vec<_>>(), ["EVENT", "BODY"]);
    assert!(rows.next().unwrap().starts_with("push    {\"ref\":"), "{listed}");
    assert!(listed.contains("countersign send --sample push"), "{listed}");
    let json = countersign("schemes github --samples --json").run().with(0).json();
    assert_eq!(json[1]["event"], "issues");
    assert_eq!(json[1]["headers"]["X-GitHub-Event"], "issues");
    assert!(serde_json::from_str::<serde_json::Value>(json[1]["body"].as_str().unwrap()).is_ok());
    countersign("schemes --samples").run().must_fix(&["NAME"]);
}

/// Valid as text and as base64.
const BASE64: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
