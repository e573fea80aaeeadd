//! Control characters in requests, schemes and arguments are escaped in the output.

use serde_json::json;

use crate::program::{Files, Program, countersign};

/// Sequences that set a title, use a one-byte introducer, conceal text, and reverse text.
const EVIL: &str = "\u{1b}]0;PWNED\u{7}\u{9b}31m\u{1b}[8m\u{202e}gpj\u{2066}\u{200f}";

#[test]
fn a_request_writes_no_control_characters_to_a_terminal() {
    let signature = format!("sha256={}", "a5".repeat(32));
    let headers = json!({ "X-Hub-Signature-256": signature });
    for request in [
        json!({ "method": "POST", "url": "/x", "headers": { EVIL: 5 }, "body_base64": "" }),
        json!({ "method": "POST", "url": "/x", "headers": {}, "body_base64": "",
            "headers_base64": { EVIL: "!!" } }),
        json!({ "method": "POST", "url": "/x", "headers": {}, "body_base64": "",
            "redacted": [format!("header:{EVIL}")] }),
        json!({ "method": "POST", "url": format!("https://h.example/{EVIL}"), "headers": headers,
            "body_base64": "e30=" }),
        json!({ "method": "POST", "url": "/x", "body_base64": "e30=",
            "headers": { format!("x-{EVIL}"): signature, "x-sig": signature } }),
        json!({ "method": EVIL, "url": "/x", "headers": headers, "body_base64": "e30=" }),
    ] {
        for command in ["verify", "diagnose"] {
            for scheme in ["github", "square", "twilio", "stripe"] {
                let words = format!("{command} --scheme {scheme} --secret-env S --request -");
                is_harmless(countersign(&words).input(request.to_string()));
            }
        }
    }
}

#[test]
fn a_scheme_writes_no_control_characters_to_a_terminal() {
    let evil = toml(EVIL);
    for scheme in [
        format!(
            "name = \"ev\"\nsignature_header = \"x-s\"\nsigned_payload = \"{{body}}\"\nnope = {evil}\n"
        ),
        format!(
            "name = \"ev\"\nsignature_header = \"x-s\"\nsigned_payload = \"{{body}}\"\n{evil} = 1\n"
        ),
        format!("name = {evil}\nsignature_header = \"x-s\"\nsigned_payload = \"{{body}}\"\n"),
        format!("name = \"ev\"\nsignature_header = {evil}\nsigned_payload = \"{{body}}\"\n"),
        format!(
            "name = \"ev\"\nsignature_header = \"x-s\"\nsigned_payload = {}\n",
            toml(&format!("{{body}}{{{EVIL}}}"))
        ),
        format!(
            "name = \"ev\"\nsignature_header = \"x-s\"\nsigned_payload = {}\n",
            toml(&format!("{EVIL}{{body}}"))
        ),
    ] {
        let files = Files::new().with("evil.toml", scheme);
        let file = files.arg("evil.toml");
        is_harmless(countersign("schemes").arg(&file));
        let verify = countersign("verify --secret-env S --body - --scheme").arg(&file);
        is_harmless(verify.input("{}"));
    }
}

#[test]
fn arguments_and_verified_events_write_no_control_characters_to_a_terminal() {
    for scheme in [EVIL.to_owned(), format!("{EVIL}.toml")] {
        is_harmless(countersign("verify --secret-env S --body - --scheme").arg(scheme));
    }
    is_harmless(countersign("send --to").arg(EVIL));
    is_harmless(countersign("verify --now").arg(EVIL));
    is_harmless(countersign("verify --scheme github --secret-env S --body").arg(EVIL));

    let body = json!({ "id": format!("evt{EVIL}\n"), "type": EVIL }).to_string();
    let sign = countersign("sign --scheme alchemy --secret-env S --body -");
    let signed = sign.env("S", "secret").input(body.as_str()).run().with(0);
    let files = Files::new().with("body", &body);
    let verify = |words: &str| {
        let verify = countersign(words).arg("--body").arg(files.arg("body"));
        verify.input(signed.stdout.as_str())
    };
    let words = "verify --scheme alchemy --secret-env S -H @-";
    let shown = is_harmless(verify(words));
    assert!(shown.contains("verified") && shown.contains("\\u{1b}]0;PWNED"), "{shown}");
    // In JSON for programs the text is unchanged.
    let json = verify(&format!("{words} --json")).env("S", "secret").run().with(0).json();
    assert_eq!(json["event_id"], format!("evt{EVIL}\n"));
}

/// Asserts that the output for a terminal has no control characters except styles.
#[track_caller]
fn is_harmless(program: Program) -> String {
    let ended = program.env("S", "secret").env("CLICOLOR_FORCE", "1").run();
    let said = ended.stdout + &ended.stderr;
    assert!(!said.contains("panicked"), "{said}");
    let mut plain = said.clone();
    for style in ["0", "1", "2", "4", "31", "32", "33"] {
        plain = plain.replace(&format!("\u{1b}[{style}m"), "");
    }
    let is_obeyed = |character: char| {
        (character.is_control() && character != '\n')
            || ('\u{200e}'..='\u{202e}').contains(&character)
            || ('\u{2066}'..='\u{2069}').contains(&character)
    };
    assert!(!plain.chars().any(is_obeyed), "{said:?}");
    said
}

/// The text as a TOML string.
fn toml(text: &str) -> String {
    let escaped = text.chars().map(|character| match character {
        character if character.is_ascii_graphic() && character != '"' => character.to_string(),
        character => format!("\\u{:04x}", u32::from(character)),
    });
    format!("\"{}\"", escaped.collect::<String>())
}
