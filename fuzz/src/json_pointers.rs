//! A JSON pointer finds the same value as `serde_json`.

use std::collections::HashSet;

use countersign::{EventIdFrom, Scheme, Secret, Verifier};
use ring::hmac::HMAC_SHA256;
use serde_json::Value;

use super::Target;
use super::input::Input;
use super::plain;

pub const TARGET: Target = Target { name: "json_pointers", run, seeds };

/// The input is a line of pointers to the id, joined by `+`; a line for the type; and the body.
fn run(input: &[u8]) {
    let mut input = Input::new(input);
    let (id_at, type_at) = (input.text(), input.text());
    let body = input.rest();
    let scheme = Scheme::builder("pointed")
        .signature_header("X-Signature")
        .signed_payload("{body}")
        .event_id(format!("body:{id_at}"))
        .event_type(format!("body:{type_at}"))
        .build();
    let Ok(scheme) = scheme else { return };
    let secret = Secret::new(plain::KEY).expect("it is not empty");
    let verifier = Verifier::new(scheme, secret).expect("it needs nothing else");
    let tag = const_hex::encode(plain::mac(HMAC_SHA256, &[body]));
    let verified = verifier.verify(&[("X-Signature", tag)], body.to_vec());
    let verified = verified.expect("this is how it is signed");

    let kind = verified.event_type().map(|kind| {
        assert!(kind.is_signed());
        kind.name.to_owned()
    });
    let id = match verified.event_id_from() {
        EventIdFrom::Source(_) => Some(verified.event_id().to_owned()),
        _ => {
            let digest = ring::digest::digest(&ring::digest::SHA256, body);
            assert_eq!(verified.event_id(), format!("sha256:{}", const_hex::encode(digest)));
            None
        }
    };
    // `serde_json` has no pointer to all elements of an array.
    if id_at.split(['/', '+']).any(|token| token == "*") {
        return;
    }
    // If a name occurs twice, `serde_json` keeps only the last value, without an error.
    let Ok(document) = serde_json::from_slice::<Value>(body) else { return };
    if !has_unique_names(body, &document) {
        return;
    }
    let texts: Option<Vec<String>> = id_at.split('+').map(|at| text(&document, at)).collect();
    let expected = texts.map(|texts| match &texts[..] {
        [only] => only.clone(),
        several => {
            let escaped = several.iter().map(|text| text.replace('\\', "\\\\").replace(':', "\\:"));
            escaped.collect::<Vec<_>>().join(":")
        }
    });
    assert_eq!(id, expected, "{id_at}");
    assert_eq!(kind, text(&document, &type_at), "{type_at}");
}

/// The text of a scalar value, if it has a text.
fn text(document: &Value, pointer: &str) -> Option<String> {
    let text = match document.pointer(pointer)? {
        Value::String(text) => text.clone(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) if number.is_i64() || number.is_u64() => number.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// Whether `serde_json` dropped no value: the number of commas in the body matches the number of
/// values that it kept.
fn has_unique_names(body: &[u8], document: &Value) -> bool {
    let mut separators = 0;
    let (mut in_string, mut is_escaped) = (false, false);
    for byte in body {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_string => is_escaped = true,
            b'"' => in_string = !in_string,
            b',' if !in_string => separators += 1,
            _ => {}
        }
    }
    fn commas(value: &Value) -> usize {
        match value {
            Value::Array(items) => {
                items.len().saturating_sub(1) + items.iter().map(commas).sum::<usize>()
            }
            Value::Object(members) => {
                let names: HashSet<_> = members.keys().collect();
                names.len().saturating_sub(1) + members.values().map(commas).sum::<usize>()
            }
            _ => 0,
        }
    }
    separators == commas(document)
}

fn seeds() -> Vec<Vec<u8>> {
    [
        "/id\n/type\n{\"id\":\"evt_1\",\"type\":\"made\"}",
        "/a/b+/c\n/a~1b/~0\n{\"a\":{\"b\":\"x:\\\\y\"},\"c\":7,\"a/b\":{\"~\":true}}",
        "/x\n/0/2\n[[null,-5,\"\\u00e9\\ud83d\\ude00\",1.5,18446744073709551615,1e3]]",
        "/id\n/id\n{\"id\":\"a\",\"\\u0069d\":\"b\"}",
        "/\n//\n {\"\":{\"\":false}} ",
        "/01\n/-\n[0,1,{\"-\":[]}]",
        "/e/*/a+/e/*/b\n/-\n{\"e\":[{\"a\":1,\"b\":2},{\"b\":3,\"a\":null}]}",
        "/id\n/type\n{\"id\":\"a\"",
    ]
    .map(|input| input.as_bytes().to_vec())
    .into()
}
