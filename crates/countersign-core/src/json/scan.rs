//! Moves through the text of a body that is known to be one JSON document.
//!
//! Each step is linear in the bytes that it passes, and fast for escapes, too: the bodies are not
//! verified yet.

use std::borrow::Cow;

/// The position of the first byte that is not white space.
pub(super) fn after_space(body: &[u8], at: usize) -> usize {
    let rest = body.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count()
}

/// The position behind the value that starts here.
pub(super) fn end_of_value(body: &[u8], start: usize) -> Option<usize> {
    match body.get(start)? {
        b'"' => end_of_string(body, start),
        b'{' | b'[' => end_of_nested(body, start),
        _ => {
            let ends =
                |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r');
            let rest = &body[start..];
            Some(start + rest.iter().position(ends).unwrap_or(rest.len()))
        }
    }
}

/// The position behind the object or array that starts here.
fn end_of_nested(body: &[u8], start: usize) -> Option<usize> {
    let (mut at, mut depth) = (start, 0_usize);
    loop {
        match body.get(at)? {
            b'"' => {
                at = end_of_string(body, at)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth <= 1 => return Some(at + 1),
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
}

/// The position behind the string whose opening quote is here.
pub(super) fn end_of_string(body: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match body.get(at)? {
            b'"' => return Some(at + 1),
            // The escaped byte can be a quote.
            b'\\' => at += 2,
            _ => at += memchr::memchr2(b'"', b'\\', &body[at..])?,
        }
    }
}

/// The text of a string, which is given without its quotes. `None` if an escape is no character.
pub(super) fn unescaped(string: &str) -> Option<Cow<'_, str>> {
    if memchr::memchr(b'\\', string.as_bytes()).is_none() {
        return Some(Cow::Borrowed(string));
    }
    let mut text = String::with_capacity(string.len());
    let mut rest = string;
    while let Some(first) = rest.as_bytes().first() {
        if *first == b'\\' {
            let (character, length) = escape(rest.as_bytes())?;
            text.push(character);
            rest = rest.get(length..)?;
        } else {
            let length = memchr::memchr(b'\\', rest.as_bytes()).unwrap_or(rest.len());
            let (plain, escaped) = rest.split_at(length);
            text.push_str(plain);
            rest = escaped;
        }
    }
    Some(Cow::Owned(text))
}

/// The character of the escape that starts here, and the length of the escape.
fn escape(text: &[u8]) -> Option<(char, usize)> {
    let character = match text.get(1)? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode_escape(text),
        _ => return None,
    };
    Some((character, 2))
}

/// `\u00e4`, or two for a character outside of the basic plane.
fn unicode_escape(text: &[u8]) -> Option<(char, usize)> {
    let first = hex(text.get(2..6)?)?;
    if !(0xD800..0xDC00).contains(&first) {
        return Some((char::from_u32(first)?, 6));
    }
    let second = hex(text.get(6..12)?.strip_prefix(b"\\u")?)?;
    let low = second.checked_sub(0xDC00).filter(|low| *low < 0x400)?;
    Some((char::from_u32(0x1_0000 + ((first - 0xD800) << 10) + low)?, 12))
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, digit| Some(number << 4 | char::from(*digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_has_the_text_that_a_parser_reads() {
        for string in [
            "",
            "plain",
            "ä€😀",
            r#"\"\\\/\b\f\n\r\t"#,
            r"a\nb\n\nc",
            r"\u00e4\u0041\uD83D\uDE00 \ud83d\ude00",
            r"\u0000\uffff",
            // Each is half of a character, or no escape.
            r"\ud800",
            r"\ud800x",
            r"\ud800\n",
            r"\ud800\u0041",
            r"\udc00",
            r"\u12",
            r"\u12g4",
            r"\x41",
            "\\",
        ] {
            let parsed = serde_json::from_str::<String>(&format!("\"{string}\"")).ok();
            assert_eq!(unescaped(string).map(Cow::into_owned), parsed, "{string}");
        }
    }
}
