//! Warnings about secrets, with built-in schemes.

use countersign_core::{Secret, SecretWarning, Secrets};
use countersign_schemes::named;

fn kinds(scheme: &str, text: &str) -> Vec<String> {
    let secrets = Secrets::new(Secret::new(text).unwrap());
    let warnings = secrets.warnings(&named(scheme).unwrap());
    warnings.iter().map(|warning| format!("{:?}", warning.kind())).collect()
}

#[test]
fn short_quoted_and_padded_secrets_cause_warnings() {
    // A warning cannot be created outside of the core, so its debug text is compared.
    const QUOTES: &str = "InQuotes";
    const WHITE_SPACE: &str = "SurroundingWhitespace";
    let long = "whsec_MDEyMzQ1Njc4OWFiY2RlZg==";
    for (scheme, text, expected) in [
        ("github", "a", &["Short { bytes: 1 }"][..]),
        ("svix", "whsec_abcd", &["Short { bytes: 3 }"]),
        ("svix", long, &[]),
        ("github", "0123456789abcdef", &[]),
        ("github", "\"0123456789abcdef\"", &[QUOTES]),
        ("github", "‘0123456789abcdef’\u{200b}", &[WHITE_SPACE, QUOTES]),
        ("github", "0123456789abcdef\n", &[WHITE_SPACE]),
        ("gitlab-token", "token", &["Short { bytes: 5 }"]),
        ("github", "'", &["Short { bytes: 1 }"]),
    ] {
        assert_eq!(kinds(scheme, text), expected, "{scheme}: {text}");
    }
}

#[test]
fn a_public_key_and_a_trailing_line_break_after_pem_cause_no_warning() {
    let key = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    assert!(kinds("discord", key).is_empty());
    let pem = "WEBHOOK\n-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----\n";
    assert!(kinds("paypal", pem).is_empty());
}

#[test]
fn a_warning_names_the_secret_without_showing_it() {
    let secrets = Secrets::new(Secret::new("'hunter2'").unwrap().named("GITHUB"))
        .with_previous(Secret::new("hunter2").unwrap());
    let warnings = secrets.warnings(&named("github").unwrap());
    let messages: Vec<String> = warnings.iter().map(SecretWarning::to_string).collect();
    assert_eq!(messages.len(), 3, "{messages:?}");
    assert!(messages[0].starts_with("the secret `GITHUB` has quotes"), "{messages:?}");
    assert!(messages[2].starts_with("secret 1 has a key of 7 bytes"), "{messages:?}");
    let shown = format!("{messages:?}{warnings:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
    assert_eq!((warnings[2].index(), warnings[2].name()), (1, None));
}

#[test]
fn text_around_or_instead_of_the_secret_causes_a_warning() {
    for (text, problem) in [
        (r#"{"secret":"0123456789abcdef"}"#, "is JSON"),
        ("0123456789abcdef\n0123456789abcdef", "has several lines"),
        ("0123456789abcd****", "is masked"),
        ("••••••••cdef", "is masked"),
        ("WEBHOOK_SECRET=0123456789abcdef", "begins with the name of a variable"),
        ("0123456789abcdef...", "is masked"),
        ("\u{feff}0123456789abcdef", "begins with a byte order mark"),
    ] {
        let messages = texts("github", text);
        let [messages] = &messages[..] else { panic!("{text}: {messages:?}") };
        assert!(messages.contains(problem) && !messages.contains("0123"), "{messages}");
    }
    let both = texts("github", "\u{feff}0123456789abcdef\n");
    assert!(both[0].contains("byte order mark") && both[1].contains("white space"), "{both:?}");
    for (scheme, text) in [
        ("github", "0123456789abcdef"),
        ("github", "{0123456789abcdef"),
        ("github", "ABC_0123456789DEF=="),
        ("github", "ABC0123456789DEF=abc"),
        ("gitlab-token", "0123456789abcdef***"),
    ] {
        assert_eq!(texts(scheme, text), [""; 0], "{scheme}: {text}");
    }
}

fn texts(scheme: &str, text: &str) -> Vec<String> {
    let secrets = Secrets::new(Secret::new(text).unwrap());
    secrets.warnings(&named(scheme).unwrap()).iter().map(ToString::to_string).collect()
}
