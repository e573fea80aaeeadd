//! `countersign schemes` lists the built-in schemes and describes one.

use crate::program::{Files, countersign};

#[test]
fn all_schemes_are_listed_with_their_differences() {
    let listed = countersign("schemes --wide").run().with(0);
    let mut lines = listed.stdout.lines();
    assert_eq!(
        lines.next().unwrap().split_whitespace().collect::<Vec<_>>(),
        ["NAME", "TITLE", "SIGNATURE", "SIGNED", "BYTES", "EVIDENCE", "ALIASES"]
    );
    let venum = lines.find(|line| line.starts_with("venum ")).unwrap();
    for cell in ["Venum", "X-Venum-Signature: t=<milliseconds>,v1=<hex>", "{ts}.{body}", "docs"] {
        assert!(venum.contains(cell), "`{cell}` is not in: {venum}");
    }
    assert_eq!(listed.stdout.lines().count(), names().len() + 1);
}

#[test]
fn a_description_marks_unsigned_and_unconfirmed_properties() {
    let text = countersign("schemes github").run().with(0).stdout;
    for line in [
        "github: GitHub",
        "  signature     X-Hub-Signature-256: sha256=<hex>",
        "  headers       X-Hub-Signature-256",
        "  signed bytes  {body}",
        "  algorithm     hmac-sha256",
        "  encoding      hex",
        "  secret        text",
        "  timestamp     none",
        "  tolerance     none",
        "  event key     digest of the signed bytes",
        "  identity      unknown: ",
        "  event type    header:X-GitHub-Event (unsigned)",
        "  body limit    25 MiB (unconfirmed)",
        "  ack deadline  10s (unconfirmed)",
        "  retries       never (unconfirmed)",
        "  retry window  ",
        "  retention     ",
        "  evidence      sdk-run",
        "  sources       @octokit",
        "  notes         `X-GitHub-Delivery` is not signed",
    ] {
        assert!(text.lines().any(|l| l.starts_with(line)), "`{line}` is not in:\n{text}");
    }
    let venum = countersign("schemes venum").run().with(0).stdout;
    for line in [
        "  timestamp     field:t, milliseconds",
        "  tolerance     5m in the past, 5m in the future",
        "  event key     body:/signature+/type, else digest of the signed bytes",
        "  event type    body:/type",
        "  retries       after 500ms, 1s, 2s",
    ] {
        assert!(venum.lines().any(|l| l == line), "`{line}` is not in:\n{venum}");
    }
}

#[test]
fn json_has_the_same_keys_for_every_scheme() {
    let one = countersign("schemes stripe --json").run().with(0).json();
    let all = countersign("schemes --json").run().with(0).json();
    let all = all.as_array().unwrap();
    assert!(all.contains(&one));
    let keys: Vec<_> = one.as_object().unwrap().keys().collect();
    for scheme in all {
        assert_eq!(scheme.as_object().unwrap().keys().collect::<Vec<_>>(), keys);
    }
    assert_eq!(one["name"], "stripe");
    assert_eq!(one["signature"], "Stripe-Signature: t=<seconds>,v1=<hex>");
    assert_eq!(one["signed"], "{ts}.{body}");
    assert_eq!(one["timestamp"], serde_json::json!({"from": "field:t", "unit": "seconds"}));
    assert_eq!(one["tolerance"], serde_json::json!({"past_ms": 300_000, "future_ms": 300_000}));
    assert_eq!(one["event_id"], serde_json::json!(["body:/id", "digest"]));
    assert_eq!(one["identity"], "id");
    assert_eq!(one["interactive"], "no");
    assert_eq!(one["event_type"], serde_json::json!([{"from": "body:/type", "signed": true}]));
    assert_eq!(one["ack_deadline_ms"], 10_000);
    assert_eq!(one["retries"]["kind"], "within");
    assert_eq!(one["evidence"], "sdk-run");
}

#[test]
fn toml_output_reads_back_as_the_scheme_and_schemes_in_code_have_none() {
    let all = countersign("schemes --json").run().with(0).json();
    let mut code = 0;
    for scheme in all.as_array().unwrap() {
        let name = scheme["name"].as_str().unwrap();
        let printed = countersign("schemes --toml").arg(name).run();
        if scheme["is_data"] == false {
            printed.must_fix(&[name, "code"]);
            code += 1;
            continue;
        }
        let files = Files::new().with("scheme.toml", printed.with(0).stdout);
        let mut read = countersign("schemes --json").arg(files.arg("scheme.toml")).run().json();
        read["aliases"] = scheme["aliases"].clone();
        assert_eq!(&read, scheme);
    }
    assert_eq!(code, 14);
    countersign("schemes --toml").run().must_fix(&["NAME"]);
    countersign("schemes stripe --toml --json").run().must_fix(&["--json"]);
}

#[test]
fn handshakes_are_described() {
    let text = countersign("schemes slack").run().with(0).stdout;
    let line = "  handshake     url-verification, signed like any event: ";
    assert!(text.lines().any(|said| said.starts_with(line)), "{text}");
    let text = countersign("schemes asana").run().with(0).stdout;
    assert!(text.contains("answered only in its window"), "{text}");
    let json = countersign("schemes asana --json").run().with(0).json();
    assert_eq!(
        json["handshakes"],
        serde_json::json!([{
            "name": "x-hook-secret",
            "rule": "unsigned-in-window",
            "asked": "POST, header:X-Hook-Signature is absent, header:X-Hook-Secret is present",
            "answered": "200, header `X-Hook-Secret` as received",
            "captured_from": "header:X-Hook-Secret"
        }])
    );
}

#[test]
fn partial_coverage_of_the_body_is_shown() {
    for (name, said) in [
        ("github", None),
        ("gitlab-token", Some("  signed bytes  none: the header holds the secret itself")),
        ("figma", Some("  signed bytes  none: the body holds the secret itself")),
        ("mailgun", Some("  covers        nothing of the body")),
        ("adyen", Some("  covers        of the body only /notificationItems")),
    ] {
        let text = countersign("schemes").arg(name).run().with(0).stdout;
        let found = text.lines().find(|line| line.contains("is not authenticated"));
        assert_eq!(found.is_some(), said.is_some(), "{text}");
        assert!(found.is_none_or(|line| line.starts_with(said.unwrap())), "{text}");
    }
}

#[test]
fn the_event_key_and_the_secret_format_are_described() {
    for (name, said) in [
        // Their time is inside the body, or of the signed fields.
        ("linear", "event key     digest of the signed bytes"),
        ("mailgun", "event key     digest of the signed bytes"),
        ("calendly", "event key     digest of the signed bytes without the time"),
        ("discord", "secret        hex: a public key, in hexadecimal"),
        ("sendgrid", "secret        base64: a public key, in base64"),
        ("telegram", "event key     body:/update_id, else digest of the body"),
        ("figma", "event key     digest of the body without the secret (unconfirmed)"),
        ("deepgram", "event key     digest of the body"),
        ("adyen", "retention     37days 12h"),
        ("github", "secret        text: used as displayed, including any prefix"),
    ] {
        let text = countersign("schemes").arg(name).run().with(0).stdout;
        assert!(text.lines().any(|line| line.trim() == said), "`{said}` is not in:\n{text}");
    }
    for name in ["aws-sns", "paypal", "plaid", "fusionauth"] {
        let text = countersign("schemes").arg(name).run().with(0).stdout;
        let secret = text.lines().find(|line| line.starts_with("  secret  ")).unwrap();
        assert!(secret.contains("PEM") && secret.contains("the notes"), "{name}: {secret}");
    }
    let listed = countersign("schemes").arg("--wide").run().with(0).stdout;
    for line in listed.lines().filter(|line| line.starts_with("telegram ")) {
        assert!(line.contains(" none ") && !line.contains("{body}"), "{line}");
    }
}

#[test]
fn a_scheme_that_requires_an_id_shows_no_fallback_event_key() {
    for name in ["standardwebhooks", "svix", "twitch", "paypal", "github", "jupiter"] {
        let always_has_id = !["github", "jupiter"].contains(&name);
        let text = countersign("schemes").arg(name).run().with(0).stdout;
        let line = |label: &str| text.lines().find(|line| line.starts_with(label)).unwrap();
        let has_digest = line("  event key  ").contains("digest");
        assert_eq!(has_digest, !always_has_id, "{text}");
        if always_has_id {
            assert!(!line("  identity  ").contains("else unknown"), "{text}");
        }
        let json = countersign("schemes --json").arg(name).run().with(0).json();
        let sources = json["event_id"].as_array().unwrap();
        assert_eq!(sources.contains(&"digest".into()), !always_has_id, "{json}");
        assert_eq!(json["fallback_identity"].is_null(), always_has_id, "{json}");
    }
}

#[test]
fn a_shared_key_is_mentioned_only_if_an_algorithm_uses_one() {
    for (name, has_shared_key) in [("plaid", false), ("fusionauth", true)] {
        let text = countersign("schemes").arg(name).run().with(0).stdout;
        let secret = text.lines().find(|line| line.starts_with("  secret  ")).unwrap();
        assert_eq!(secret.contains("shared key"), has_shared_key, "{secret}");
    }
}

#[test]
fn the_page_of_all_schemes_is_the_output_of_the_program() {
    let page = include_str!("../../../../docs/SCHEMES.md");
    let written = countersign("schemes --markdown").run().with(0).stdout;
    assert!(page == written, "docs/SCHEMES.md is stale: run `cargo xtask schemes`");
}

#[test]
fn a_product_with_the_scheme_of_another_is_found_under_its_own_name() {
    let text = countersign("schemes clerk").run().with(0).stdout;
    assert!(text.starts_with("svix: Svix\n"), "{text}");
    assert!(text.lines().any(|line| line.trim_start() == "clerk"), "{text}");
    let listed = countersign("schemes --wide").run().with(0).stdout;
    let svix = listed.lines().find(|line| line.starts_with("svix ")).unwrap();
    assert!(svix.ends_with("  autumn, brex, clerk, resend"), "{svix}");
    let json = countersign("schemes svix --json").run().with(0).json();
    assert_eq!(json["aliases"], serde_json::json!(["autumn", "brex", "clerk", "resend"]));
}

#[test]
fn a_toml_file_is_described_like_a_built_in() {
    let files = Files::new().with("acme.toml", ACME);
    let text = countersign("schemes").arg(files.arg("acme.toml")).run().with(0).stdout;
    assert!(text.contains("X-Acme-Signature: sha256=<hex>") && text.contains("custom"), "{text}");
}

#[test]
fn a_scheme_file_with_the_name_of_another_scheme_is_an_error() {
    let file = countersign("schemes stripe --toml").run().with(0).stdout;
    let files = Files::new()
        .with("copy.toml", &file)
        .with("changed.toml", file.replace("5m", "6m"))
        .with("alias.toml", file.replace("name = \"stripe\"", "name = \"clerk\""))
        .with("own.toml", file.replace("name = \"stripe\"", "name = \"acme\""));
    let describe = |file: &str| countersign("schemes").arg(files.arg(file)).run();
    describe("copy.toml").with(0);
    describe("own.toml").with(0);
    describe("changed.toml").must_fix(&["changed.toml", "`stripe` is the name of a built-in"]);
    describe("alias.toml").must_fix(&["`clerk` is the name of a built-in"]);
}

#[test]
fn an_error_in_a_toml_file_names_the_file_the_line_and_the_key() {
    let wrong_word = ACME.replace("signature_prefix", "signature_prefx");
    let wrong_value = ACME.replace("{ts}.{body}", "{ts}");
    let files = Files::new().with("word.toml", wrong_word).with("value.toml", wrong_value);
    for (file, said) in [
        ("word.toml", ["word.toml", "line 4", "signature_prefx"]),
        ("value.toml", ["value.toml", "line 5", "signed_payload"]),
    ] {
        countersign("schemes").arg(files.arg(file)).run().must_fix(&said);
        countersign("verify --secret-env S --body - --scheme")
            .env("S", "secret")
            .arg(files.arg(file))
            .run()
            .must_fix(&said);
    }
    countersign("schemes no-such-file.toml")
        .run()
        .must_fix(&["no-such-file.toml", "cannot be read"]);
}

#[test]
fn an_unknown_name_gets_suggestions() {
    countersign("schemes strpie").run().must_fix(&["`strpie`", "did you mean `stripe`?"]);
    countersign("verify --scheme git --secret-env S --body -")
        .run()
        .must_fix(&["`github` or `gitlab-signing`"]);
    countersign("schemes quicksilver").run().must_fix(&["`countersign schemes`", ".toml"]);
    countersign("verify --scheme strpie --secret-env S --body -")
        .run()
        .must_fix(&["did you mean `stripe`?"]);
}

/// The names of all built-in schemes.
pub(crate) fn names() -> Vec<String> {
    let all = countersign("schemes --json").run().with(0).json();
    all.as_array().unwrap().iter().map(|s| s["name"].as_str().unwrap().to_owned()).collect()
}

pub(crate) const ACME: &str = r#"
name = "acme"
signature_header = "X-Acme-Signature"
signature_prefix = "sha256="
signed_payload = "{ts}.{body}"
timestamp_header = "X-Acme-Timestamp"
timestamp_unit = "seconds"
event_id = ["body:/id"]
"#;
