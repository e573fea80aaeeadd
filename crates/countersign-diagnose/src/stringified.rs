//! Changes of the body: bytes or values that a language converted to a string.

use std::borrow::Cow;

use super::cause::{Cause, CauseKind};
use super::experiment::{Experiment, Tries, Try};
use super::json::{self, Node};

/// Tries the original bytes, if the string contains all of them.
pub(super) fn undone(trial: &Experiment) -> Tries<'_> {
    let body = trial.body();
    let text = std::str::from_utf8(body).unwrap_or_default().trim();
    let found = [
        ("a `Buffer` that `JSON.stringify` serialized", buffer(body)),
        ("a `Uint8Array` that `JSON.stringify` serialized", byte_array(body)),
        ("a list of the signed bytes as decimal numbers", numbers(text)),
        ("the `repr` of Python `bytes`", python_bytes(text)),
        ("a `Buffer` as Node prints it", shown_buffer(text)),
        ("the signed bytes in hexadecimal", hexadecimal(text)),
    ];
    Box::new(found.into_iter().filter_map(|(what, bytes)| {
        let bytes = bytes.filter(|bytes| !bytes.is_empty())?;
        let cause =
            Cause::tried(CauseKind::BodyReserialized, format!("the captured body is {what}"));
        Some(Try { cause, trial: trial.with_body(bytes) })
    }))
}

/// The description of a string that contains nothing of the original body.
pub(super) fn named(body: &[u8]) -> Option<Cow<'static, str>> {
    let text = std::str::from_utf8(body).ok()?.trim();
    let (_, what) = STRINGIFIED.iter().find(|(begin, _)| text.starts_with(begin))?;
    let is_one = ALONE.iter().all(|alone| !text.starts_with(alone)) || ALONE.contains(&text);
    is_one.then_some(Cow::Borrowed(*what))
}

/// `{"type":"Buffer","data":[123,125]}`.
fn buffer(body: &[u8]) -> Option<Vec<u8>> {
    // Parses likely bodies only.
    memchr::memmem::find(body.get(..MAX_START).unwrap_or(body), b"\"Buffer\"")?;
    let Some(Node::Map(members)) = json::parse(body) else { return None };
    match members.as_slice() {
        [(_, Node::Text(kind)), (_, Node::List(bytes))] if kind == "Buffer" => {
            bytes.iter().map(byte).collect()
        }
        _ => None,
    }
}

/// `{"0":123,"1":125}`.
fn byte_array(body: &[u8]) -> Option<Vec<u8>> {
    memchr::memmem::find(body.get(..MAX_START).unwrap_or(body), b"\"0\"")?;
    let Some(Node::Map(members)) = json::parse(body) else { return None };
    let bytes = members
        .iter()
        .enumerate()
        .map(|(at, (name, node))| if name.parse() == Ok(at) { byte(node) } else { None });
    bytes.collect()
}

fn byte(node: &Node) -> Option<u8> {
    match node {
        Node::Plain(number) => number.parse().ok(),
        _ => None,
    }
}

/// `123,125`, in brackets or not.
fn numbers(text: &str) -> Option<Vec<u8>> {
    let text = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    text.contains([',', ' ']).then(|| {
        let numbers = text.split([',', ' ']).filter(|number| !number.is_empty());
        numbers.map(|number| number.parse().ok()).collect()
    })?
}

/// `b'{"a": "\xc3\xa9"}'`.
fn python_bytes(text: &str) -> Option<Vec<u8>> {
    let quoted = text.strip_prefix('b')?;
    let quote = quoted.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
    let mut rest = quoted.strip_prefix(quote)?.strip_suffix(quote)?.as_bytes();
    let mut bytes = Vec::with_capacity(rest.len());
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        let (&escape, behind) = rest.split_first()?;
        rest = behind;
        bytes.push(match escape {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'\\' | b'\'' | b'"' => escape,
            b'x' => {
                let mut byte = [0];
                const_hex::decode_to_slice(rest.get(..2)?, &mut byte).ok()?;
                rest = &rest[2..];
                byte[0]
            }
            _ => return None,
        });
    }
    Some(bytes)
}

/// `<Buffer 7b 7d>`.
fn shown_buffer(text: &str) -> Option<Vec<u8>> {
    hexadecimal(&text.strip_prefix("<Buffer ")?.strip_suffix('>')?.replace(' ', ""))
}

/// `7b7d`, or PostgreSQL's `\x7b7d`.
fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("\\x").unwrap_or(text);
    const_hex::decode(digits.as_bytes()).ok().filter(|_| !digits.starts_with("0x"))
}

/// The length of the start of a body in which its first name is searched.
const MAX_START: usize = 64;
/// The beginnings of such strings.
const STRINGIFIED: &[(&str, &str)] = &[
    ("[object ", "an object that JavaScript converted to a string"),
    ("undefined", "JavaScript's `undefined`"),
    ("null", "JSON's `null`"),
    ("None", "Python's `None`"),
    ("nil", "Ruby's or Go's `nil`"),
    ("Array", "an array that PHP converted to a string"),
    ("System.Byte[]", "a byte array that .NET converted to a string"),
    ("[B@", "a byte array that Java converted to a string"),
    ("{'", "the `str` of a Python `dict`"),
    ("[{'", "the `str` of a Python list"),
    ("{:", "the `inspect` of a Ruby `Hash`"),
    ("#<", "the `inspect` of a Ruby object"),
    ("map[", "a map that Go's `fmt` printed"),
    ("<Buffer ", "a truncated `Buffer` as Node prints it"),
    ("<_io.", "the `str` of a Python stream"),
    ("ImmutableMultiDict(", "a form that Flask converted to a string"),
    ("<QueryDict:", "a form that Django converted to a string"),
];
/// Strings that only count if they are the whole body.
const ALONE: &[&str] = &["undefined", "null", "None", "nil", "Array"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stringified_bytes_are_recovered() {
        let body = b"{\"a\":\"\xc3\xa9'\\\n\"}";
        let numbers: Vec<String> = body.iter().map(u8::to_string).collect();
        let joined = numbers.join(",");
        assert_eq!(super::numbers(&joined).unwrap(), body);
        let buffer = format!("{{\"type\":\"Buffer\",\"data\":[{joined}]}}");
        assert_eq!(super::buffer(buffer.as_bytes()).unwrap(), body);
        let members: Vec<_> =
            numbers.iter().enumerate().map(|(at, byte)| format!("\"{at}\":{byte}")).collect();
        let array = format!("{{{}}}", members.join(","));
        assert_eq!(byte_array(array.as_bytes()).unwrap(), body);
        let python = r#"b'{"a":"\xc3\xa9\'\\\n"}'"#;
        assert_eq!(python_bytes(python).unwrap(), body);
        assert_eq!(shown_buffer("<Buffer 7b 7d>").unwrap(), b"{}");
        assert_eq!(hexadecimal("\\x7b7d").unwrap(), b"{}");
        for text in ["b'\\x", "b'\\xz'", "b'", "1,2,256", "<Buffer 7b ... 9 more bytes>", "0x7b"] {
            let found =
                [super::numbers(text), python_bytes(text), shown_buffer(text), hexadecimal(text)];
            assert_eq!(found, [const { None }; 4], "{text}");
        }
    }

    #[test]
    fn a_stringified_object_is_recognised_and_a_real_body_is_not() {
        for text in ["[object Object]", "undefined", "{'a': 1}", "map[a:1]", "[B@1b6d3586"] {
            assert!(named(text.as_bytes()).is_some(), "{text}");
        }
        for text in ["", "{}", "nullable=1", "None of it", "[1]", "Arrays"] {
            assert_eq!(named(text.as_bytes()), None, "{text}");
        }
    }
}
