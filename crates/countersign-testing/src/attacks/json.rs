//! Edits JSON as text: replaces one value, or reformats the whole document.

use std::collections::HashMap;
use std::io;
use std::ops::Range;

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter, Serializer};
use serde_json::value::RawValue;

/// Replaces a value with what `change` makes from it, and leaves every other
/// byte unchanged. Otherwise a receiver that verifies other bytes than it
/// received would not be detected.
pub(super) fn changed(
    body: &[u8],
    pointer: &str,
    change: impl FnOnce(Value) -> Option<Value>,
) -> Option<Bytes> {
    let text = std::str::from_utf8(body).ok()?;
    let Range { start, end } = place(text, pointer)?;
    let value = change(serde_json::from_str(&text[start..end]).ok()?)?;
    Some([&text[..start], &value.to_string(), &text[end..]].concat().into())
}

/// Inserts a field in front of all other fields of an object.
pub(super) fn with_field(body: &[u8], name: &str, value: &str) -> Option<Bytes> {
    let event: Value = serde_json::from_slice(body).ok()?;
    let comma = if event.as_object()?.is_empty() { "" } else { "," };
    let rest = body.trim_ascii().strip_prefix(b"{")?;
    let field = format!("{{{}:{}{comma}", Value::from(name), Value::from(value));
    Some([field.as_bytes(), rest].concat().into())
}

/// The same JSON with line breaks and indentation.
fn in_lines(body: &[u8]) -> Option<Bytes> {
    let event: Value = serde_json::from_slice(body).ok()?;
    serde_json::to_vec_pretty(&event).ok().map(Bytes::from)
}

/// The same JSON with redundant escapes and zeros.
fn in_many_words(body: &[u8]) -> Option<Bytes> {
    let event: Value = serde_json::from_slice(body).ok()?;
    let mut written = Vec::new();
    event.serialize(&mut Serializer::with_formatter(&mut written, Wordy::default())).ok()?;
    Some(written.into())
}

/// The position of a value in the text.
fn place(text: &str, pointer: &str) -> Option<Range<usize>> {
    let mut value = text;
    for token in pointer.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        value = if value.trim_start().starts_with('[') {
            let items: Vec<&RawValue> = serde_json::from_str(value).ok()?;
            items.get(token.parse::<usize>().ok()?)?.get()
        } else {
            let fields: HashMap<String, &RawValue> = serde_json::from_str(value).ok()?;
            fields.get(token.as_str())?.get()
        };
    }
    // The value is a slice of the text.
    let start = value.as_ptr().addr() - text.as_ptr().addr();
    Some(start..start + value.len())
}

/// Writes the first letter of each string as an escape, and fractions with a
/// trailing zero.
#[derive(Default)]
struct Wordy {
    is_key: bool,
    is_first: bool,
}

impl Formatter for Wordy {
    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        is_first: bool,
    ) -> io::Result<()> {
        self.is_key = true;
        if is_first { Ok(()) } else { writer.write_all(b",") }
    }

    fn end_object_key<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.is_key = false;
        Ok(())
    }

    fn begin_string<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.is_first = !self.is_key;
        writer.write_all(b"\"")
    }

    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment.chars();
        if std::mem::take(&mut self.is_first)
            && let Some(first) = rest.next()
        {
            for unit in first.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
        }
        writer.write_all(rest.as_str().as_bytes())
    }

    fn write_char_escape<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        self.is_first = false;
        CompactFormatter.write_char_escape(writer, escape)
    }

    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        let number = Value::from(value).to_string();
        let zero = if number.contains('.') && !number.contains('e') { "0" } else { "" };
        write!(writer, "{number}{zero}")
    }
}

type Write = fn(&[u8]) -> Option<Bytes>;

/// Ways to reformat the same JSON.
pub(super) const WRITTEN_OTHERWISE: [Write; 2] = [in_lines, in_many_words];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_changed_value_differs() {
        let body = "{ \"a\" : {\"x/y\": [1, 2.50,\t3]},\n \"b\": \"\\u00e9\" }";
        let changed = |pointer: &str| changed(body.as_bytes(), pointer, |_| Some("new".into()));
        assert_eq!(
            changed("/a/x~1y/1").unwrap(),
            "{ \"a\" : {\"x/y\": [1, \"new\",\t3]},\n \"b\": \"\\u00e9\" }"
        );
        assert_eq!(
            changed("/b").unwrap(),
            "{ \"a\" : {\"x/y\": [1, 2.50,\t3]},\n \"b\": \"new\" }"
        );
        for nothing in ["/c", "/a/x~1y/3", "/b/c", "/a/x~1y/last"] {
            assert_eq!(changed(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn reserialized_json_parses_to_the_same_value() {
        let body = r#"{"id":"é\"1","n":[2.5,1e300,7,-0.25],"":"","😀":"😀"}"#;
        let event: Value = serde_json::from_str(body).unwrap();
        let [lines, escaped] = WRITTEN_OTHERWISE.map(|write| write(body.as_bytes()).unwrap());
        for other in [&lines, &escaped] {
            assert_eq!(serde_json::from_slice::<Value>(other).unwrap(), event, "{other:?}");
            assert_ne!(other, body);
        }
        assert!(lines.contains(&b'\n'));
        let escaped = std::str::from_utf8(&escaped).unwrap();
        for part in [r#""\u00e9\"1""#, "2.50,", "1e+300,7,", r#""😀":"\ud83d\ude00""#] {
            assert!(escaped.contains(part), "{part}: {escaped}");
        }
        assert_eq!(WRITTEN_OTHERWISE.map(|write| write(b"a=1")), [None, None]);
    }
}
