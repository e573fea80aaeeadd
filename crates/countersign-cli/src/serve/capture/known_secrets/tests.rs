//! Forms in which a secret is found, and the work for a text.

use base64::engine::general_purpose;

use super::*;

fn hidden(secret: &str) -> KnownSecrets {
    let hidden = KnownSecrets::new();
    hidden.add(&Secret::new(secret).unwrap());
    hidden
}

/// The secrets of a configuration that is reloaded while the program has the others.
fn running_again(running: &KnownSecrets) -> KnownSecrets {
    let fresh = running.for_reload();
    fresh.add(&Secret::new("the new secret").unwrap());
    fresh
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn escaped(text: &str, escape: impl Fn(u16) -> String) -> String {
    text.encode_utf16().map(escape).collect()
}

#[test]
fn a_secret_is_found_in_every_encoding() {
    let secret = "It's a \"Secret\" / to Everybody";
    let hidden = hidden(secret);
    let base64 = |text: &str| general_purpose::STANDARD.encode(text);
    for text in [
        format!("Bearer {secret}."),
        format!("Basic {}", base64(&format!("user:{secret}"))),
        base64(&format!("u:{secret}!")),
        base64(secret),
        general_purpose::URL_SAFE_NO_PAD.encode(format!("?>{secret}")),
        secret.bytes().map(|byte| format!("{byte:02X}")).collect(),
        serde_json::json!({ "a": secret }).to_string(),
        serde_json::json!({ "a": secret }).to_string().replace('/', "\\/"),
        "a=It%27s+a+%22Secret%22+%2f+to%20Everybody&b".to_owned(),
        escaped(secret, |unit| format!("\\u{unit:04x}")),
        escaped(secret, |unit| format!("\\\\u{unit:04X}")),
        serde_json::json!(serde_json::json!({ "a": secret }).to_string()).to_string(),
        escaped(secret, |unit| format!("&#{unit};")),
        escaped(secret, |unit| format!("&#x{unit:X};")),
        "<a>It&apos;s a &quot;Secret&quot; / to Everybody</a>".to_owned(),
        escaped(secret, |unit| format!("\\x{unit:02x}")),
        escaped(secret, |unit| format!("\\u{{{unit:x}}}")),
        escaped(secret, |unit| format!("%25{unit:02X}")),
        escaped(secret, |unit| format!("%252525{unit:02X}")),
        escaped(secret, |unit| format!("%5Cu{unit:04x}")),
        escaped(secret, |unit| format!("%26%23{unit}%3B")),
        "a=It%2527s%2Ba%2B%2522Secret%2522%2B%252f%2Bto%2BEverybody".to_owned(),
        base64(&base64(secret)),
        format!("/x/{}", base64(&format!("user:{}", base64(&format!("user:{secret}"))))),
        base64(&escaped(secret, |unit| format!("%{unit:02X}"))),
        general_purpose::URL_SAFE_NO_PAD.encode(base64(secret)).replace('Q', "%51"),
        base64(&base64(&base64(secret))),
        base64(&base64(&base64(&base64(&format!("user:{secret}"))))),
        hex(&base64(secret)),
        hex(&hex(secret)),
        hex(&hex(secret).to_uppercase()).to_uppercase(),
        format!("a{}", hex(&escaped(secret, |unit| format!("%{unit:02X}")))),
        base64(&hex(secret)),
        base64(&hex(&base64(secret))),
        base64(&escaped(&base64(secret), |unit| format!("%25{unit:02X}"))),
        base64(&serde_json::json!({ "a": base64(secret) }).to_string().replace('/', "\\/")),
        escaped(&base64(&base64(secret)), |unit| format!("\\u{unit:04x}")),
        base64("a=It%27s+a+%22Secret%22+/+to+Everybody"),
        format!("{}\r\n{}", &base64(secret)[..9], &base64(secret)[9..]),
        format!("{}\n  {}", &base64(secret)[..9], &base64(secret)[9..]),
        format!("{}\r\n\t{}", &base64(secret)[..9], &base64(secret)[9..]),
        format!("> {}\n> > {}", &base64(secret)[..9], &base64(secret)[9..]),
        base64(&base64(&base64(&base64(&escaped(secret, |unit| format!("%{unit:02X}")))))),
        hex(&hex(&base64(&hex(&escaped(secret, |unit| format!("\\u{unit:04x}")))))),
    ] {
        assert!(hidden.is_in(text.as_bytes()), "{text}");
    }
    for text in ["", "It's a secret", "{\"a\":1}", "%zz+%", "\\", "\\u", "&", "&#;&#x;"] {
        assert!(!hidden.is_in(text.as_bytes()), "{text}");
    }
}

#[test]
fn a_secret_with_a_space_and_a_plus_is_found_in_nested_encodings() {
    let secret = "one plus two + three four";
    let hidden = hidden(secret);
    let form = |text: &str| text.replace('%', "%25").replace('+', "%2B").replace(' ', "+");
    let base64 = |text: &str| general_purpose::STANDARD.encode(text);
    let once = form(secret);
    assert_eq!(once, "one+plus+two+%2B+three+four");
    for text in [
        once.clone(),
        form(&once),
        form(&form(&once)),
        escaped(&once, |unit| format!("%{unit:02X}")),
        base64(&once),
        base64(&form(&once)),
        serde_json::json!({ "a": once }).to_string(),
    ] {
        assert!(hidden.is_in(text.as_bytes()), "{text}");
    }
}

#[test]
fn a_secret_is_found_in_a_lowercased_header_name() {
    let hidden = hidden("Tr0ub4dor&3");
    for name in ["x-tr0ub4dor&3", "tr0ub4dor%263"] {
        assert!(hidden.is_in_name(name), "{name}");
    }
    assert!(!hidden.is_in_name("x-hub-signature-256"));
    assert!(!KnownSecrets::nothing().is_in_name("tr0ub4dor&3"));
    let fresh = KnownSecrets::new();
    fresh.add_all(&hidden);
    assert!(fresh.is_in_name("tr0ub4dor&3"));
}

#[test]
fn a_secret_that_looks_escaped_is_found_in_escaped_text() {
    let secret = r"100%25 of \u0041ll &amp; %41";
    let hidden = hidden(secret);
    let json = serde_json::json!({ "a": secret, "b": "50%25", "\"": 1 }).to_string();
    for text in [secret, &json, &json.replace('%', "%25")] {
        assert!(hidden.is_in(text.as_bytes()), "{text}");
    }
}

#[test]
fn text_with_too_many_escape_layers_counts_as_a_secret() {
    let hidden = hidden("the secret itself");
    assert!(hidden.is_in(b"%2525252541"));
    let bytes: Vec<u8> = (0..10_000_u32).flat_map(|it| (it * it * 7).to_be_bytes()).collect();
    let base64 = general_purpose::STANDARD.encode(&bytes);
    for text in [&bytes[..], base64.as_bytes(), br#"{"a":"b\n50% & more","c":"%2541"}"#] {
        assert!(!hidden.is_in(text));
    }
}

#[test]
fn the_work_is_bounded_and_ordinary_bodies_are_within_the_bound() {
    let hidden = hidden("the secret itself");
    let forms = hidden.forms.as_ref().unwrap().read().unwrap();
    let spent = |text: &[u8]| {
        let mut work = Work::for_text(text);
        let all = work.0;
        let is_in = forms.are_in_escaped(text, MAX_LAYERS, false, &mut work);
        (is_in, all - work.0)
    };
    let bytes: Vec<u8> = (0..5_000_u32).flat_map(|it| (it * it * 7).to_be_bytes()).collect();
    let base64 = |bytes: &[u8]| general_purpose::STANDARD.encode(bytes);
    let once = base64(&bytes);
    let twice = base64(once.as_bytes());
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let json = serde_json::json!({ "a": serde_json::json!({ "b": once }).to_string() });
    for text in [once, twice, digits, json.to_string()] {
        let (is_in, spent) = spent(text.as_bytes());
        assert!(!is_in && spent < 32 * text.len(), "{spent} of {}", text.len());
    }
    // From every position, this decodes to base64 again.
    let nested = "V".repeat(20_000);
    let (_, spent) = spent(nested.as_bytes());
    assert!(spent <= MAX_WORK * nested.len() + MIN_WORK, "{spent}");
    let mut work = Work(10);
    assert!(work.spend(10) && !work.spend(1));
    assert!(forms.are_in_escaped(b"a", MAX_LAYERS, false, &mut work));
}

#[test]
fn a_large_body_of_any_content_costs_a_bounded_number_of_bytes_and_is_hidden_beyond() {
    let hidden = hidden("the secret itself");
    let forms = hidden.forms.as_ref().unwrap().read().unwrap();
    for length in [1, 1_000, 1 << 20, 32 << 20] {
        let all = Work::for_text(&vec![b'x'; length]).0;
        assert!(all >= 2 * length && all <= 2 * length + MAX_SEARCHED, "{length}: {all}");
    }
    let nested = "V".repeat(1 << 20);
    let mut work = Work(3 << 20);
    assert!(forms.are_in_escaped(nested.as_bytes(), MAX_LAYERS, false, &mut work));
    assert_eq!(work.0, 0);
}

#[test]
fn the_decoded_bytes_of_a_secret_are_found_too() {
    let key = b"\x00\xff a key of bytes \x80\x81";
    let base64 = general_purpose::STANDARD.encode(key);
    let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    for secret in [base64.clone(), format!("whsec_{base64}"), hex.to_uppercase()] {
        let hidden = hidden(&secret);
        for text in [&key[..], base64.as_bytes(), hex.as_bytes()] {
            assert!(hidden.is_in(&[b"a ", text, b" b"].concat()), "{secret}: {text:?}");
        }
    }
}

#[test]
fn a_secret_with_escaped_characters_is_found_escaped_and_unescaped() {
    let (escaped, key) = ("ab&amp;cd-&#039;secret&#039;", "ab&cd-'secret'");
    for secret in [escaped, key] {
        let hidden = hidden(secret);
        for text in [escaped, key, "ab%26cd-%27secret%27", "ab\\u0026cd-'secret'"] {
            assert!(hidden.is_in(text.as_bytes()), "{secret}: {text}");
        }
    }
    assert!(hidden(escaped).is_in(general_purpose::STANDARD.encode(key).as_bytes()));
}

#[test]
fn a_short_secret_is_found_only_verbatim() {
    let hidden = hidden("abcd");
    assert!(hidden.is_in(b"xabcdx"));
    assert!(!hidden.is_in(&[0xab, 0xcd]));
    assert!(!hidden.is_in(b"YWJjZA"));
}

#[test]
fn reloaded_secrets_are_redacted_in_addition_to_the_old_ones() {
    let running = hidden("the old secret");
    running.add_all(&hidden("the new secret"));
    running.add_all(&hidden("the new secret"));
    assert!(running.is_in(b"the old secret") && running.is_in(b"the new secret"));
    let forms = running.forms.unwrap().into_inner().unwrap();
    assert_eq!(forms.hex.values().flatten().count(), 2);
    let fresh = running_again(&hidden("the old secret"));
    assert!(fresh.is_in(b"the new secret") && !fresh.is_in(b"the old secret"));
    let nothing = KnownSecrets::nothing();
    assert!(!running_again(&nothing).is_in(b"the new secret"));
    nothing.add(&Secret::new("secret").unwrap());
    assert!(!nothing.is_in(b"secret"));
}
