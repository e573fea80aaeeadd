//! Moves through the text of a JSON body, and checks the grammar of everything that it passes.
//!
//! Each step is linear in the bytes that it passes, and fast for escapes, too: the bodies are not
//! verified yet. Bytes that are not ASCII are passed: a caller that needs text checks it for UTF-8.

use std::borrow::Cow;

/// The position of the first byte that is not white space.
#[inline]
pub(super) fn after_space(body: &[u8], at: usize) -> usize {
    token(body, at).map_or(body.len(), |(at, _)| at)
}

/// The first byte that is not white space, and its position.
#[inline]
fn token(body: &[u8], start: usize) -> Option<(usize, u8)> {
    let mut at = start;
    loop {
        let byte = *body.get(at)?;
        if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
            return Some((at, byte));
        }
        at += 1;
    }
}

/// The next position inside of an object or array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// The start of a member or element.
    Item(usize),
    /// The position behind the closing bracket.
    End(usize),
}

/// The first member or element of the object or array that starts here and ends with `close`.
pub(super) fn first(body: &[u8], start: usize, close: u8) -> Option<Next> {
    let (at, byte) = token(body, start + 1)?;
    Some(if byte == close { Next::End(at + 1) } else { Next::Item(at) })
}

/// The member or element behind the one that ends here.
pub(super) fn next(body: &[u8], end: usize, close: u8) -> Option<Next> {
    match token(body, end)? {
        (at, b',') => Some(Next::Item(after_space(body, at + 1))),
        (at, byte) if byte == close => Some(Next::End(at + 1)),
        _ => None,
    }
}

/// The position behind the name of the member that starts here, and the position of its value.
pub(super) fn name(body: &[u8], start: usize) -> Option<(usize, usize)> {
    if *body.get(start)? != b'"' {
        return None;
    }
    let end = end_of_string(body, start)?;
    match token(body, end)? {
        (colon, b':') => Some((end, after_space(body, colon + 1))),
        _ => None,
    }
}

/// The position behind the value that starts here.
pub(super) fn end_of_value(body: &[u8], start: usize) -> Option<usize> {
    match body.get(start)? {
        b'{' | b'[' => end_of_nested(body, start, NOT_NESTED),
        _ => end_of_scalar(body, start),
    }
}

/// The position behind the array whose next element starts here.
pub(super) fn end_of_array(body: &[u8], start: usize) -> Option<usize> {
    end_of_nested(body, start, b']')
}

/// Instead of the bracket that closes what surrounds a value.
const NOT_NESTED: u8 = 0;

/// The position behind `close`, which closes what surrounds the value that starts here; behind the
/// value itself if that is [`NOT_NESTED`].
fn end_of_nested(body: &[u8], start: usize, mut close: u8) -> Option<usize> {
    let (mut at, mut byte) = (start, *body.get(start)?);
    // The brackets that close what surrounds the innermost object or array.
    let mut outer = Vec::new();
    loop {
        // A value starts here.
        if byte == b'{' || byte == b'[' {
            outer.push(close);
            close = if byte == b'{' { b'}' } else { b']' };
            (at, byte) = token(body, at + 1)?;
            if byte != close {
                if close == b'}' {
                    at = name(body, at)?.1;
                    byte = *body.get(at)?;
                }
                continue;
            }
        } else {
            (at, byte) = token(body, end_of_scalar(body, at)?)?;
        }
        // Here is what follows a value, or the end of an empty object or array.
        while byte != b',' {
            if byte != close {
                return None;
            }
            match outer.pop() {
                None | Some(NOT_NESTED) => return Some(at + 1),
                Some(next) => close = next,
            }
            (at, byte) = token(body, at + 1)?;
        }
        (at, byte) = token(body, at + 1)?;
        if close == b'}' {
            at = name(body, at)?.1;
            byte = *body.get(at)?;
        }
    }
}

#[inline]
fn end_of_scalar(body: &[u8], start: usize) -> Option<usize> {
    match *body.get(start)? {
        b'"' => end_of_string(body, start),
        b'0' => end_of_number(body, start + 1),
        b'1'..=b'9' => end_of_number(body, after_digits(body, start + 1)),
        b'-' => match *body.get(start + 1)? {
            b'0' => end_of_number(body, start + 2),
            b'1'..=b'9' => end_of_number(body, after_digits(body, start + 2)),
            _ => None,
        },
        b't' => end_of_word(body, start, b"true"),
        b'f' => end_of_word(body, start, b"false"),
        b'n' => end_of_word(body, start, b"null"),
        _ => None,
    }
}

fn end_of_word(body: &[u8], start: usize, word: &[u8]) -> Option<usize> {
    body[start..].starts_with(word).then(|| start + word.len())
}

/// The position behind the number whose integer ends here.
#[inline]
fn end_of_number(body: &[u8], end: usize) -> Option<usize> {
    match body.get(end) {
        Some(b'.' | b'e' | b'E') => end_of_fraction(body, end),
        _ => Some(end),
    }
}

/// The position behind the fraction and the exponent, of which the first starts here.
fn end_of_fraction(body: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    if body.get(at) == Some(&b'.') {
        at = after_some_digits(body, at + 1)?;
    }
    if matches!(body.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(body.get(at + 1), Some(b'+' | b'-')));
        at = after_some_digits(body, at + 1 + sign)?;
    }
    Some(at)
}

fn after_some_digits(body: &[u8], start: usize) -> Option<usize> {
    Some(after_digits(body, start)).filter(|end| *end > start)
}

fn after_digits(body: &[u8], start: usize) -> usize {
    let mut at = start;
    while body.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    at
}

/// The position behind the string that starts here.
fn end_of_string(body: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        at += plain(&body[at..]);
        match body.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += length_of_escape(&body[at..])?,
            _ => return None,
        }
    }
}

/// The number of bytes before a quote, a backslash or a control character.
#[inline]
fn plain(text: &[u8]) -> usize {
    let is_plain = |byte: &u8| !matches!(byte, b'"' | b'\\' | 0..0x20);
    // A short text is faster byte by byte, and a long one by blocks, of which all bytes are checked
    // in a few instructions.
    let short = text.iter().take(SHORT).take_while(|byte| is_plain(byte)).count();
    if short < SHORT {
        return short;
    }
    let is_plain_block =
        |block: &&[u8; 16]| block.iter().fold(true, |plain, byte| plain & is_plain(byte));
    let blocks = text[SHORT..].as_chunks().0.iter().take_while(is_plain_block).count();
    let whole = SHORT + blocks * 16;
    whole + text[whole..].iter().take_while(|byte| is_plain(byte)).count()
}

const SHORT: usize = 8;

fn length_of_escape(text: &[u8]) -> Option<usize> {
    match text.get(1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
        b'u' => text.get(2..6)?.iter().all(u8::is_ascii_hexdigit).then_some(6),
        _ => None,
    }
}

/// The text of a string, which is given without its quotes. `None` if an escape is no character.
pub(super) fn unescaped(string: &str) -> Option<Cow<'_, str>> {
    if memchr::memchr(b'\\', string.as_bytes()).is_none() {
        return Some(Cow::Borrowed(string));
    }
    // By bytes, because a search for the next escape is slow if there are many.
    let bytes = string.as_bytes();
    let mut text = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if *byte == b'\\' {
            let (character, length) = escape(&bytes[at..])?;
            text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            at += length;
        } else {
            text.push(*byte);
            at += 1;
        }
    }
    String::from_utf8(text).ok().map(Cow::Owned)
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
    use crate::json::is_document;

    #[test]
    fn the_scanner_accepts_the_same_grammar_as_a_parser() {
        let parts = [
            "{", "}", "[", "]", ",", ":", "\"", "\"a\"", "\"\\", "\\u00e4", "u12", "-", "0", "12",
            ".", "e", "E+", "true", "nul", "null", " ", "\n", "\u{1}", "ä",
        ];
        let mut documents = 0;
        for number in 0..parts.len().pow(4) {
            let part = |power: u32| parts[number / parts.len().pow(power) % parts.len()];
            let body = [part(3), part(2), part(1), part(0)].concat();
            let parsed = serde_json::from_str::<serde_core::de::IgnoredAny>(&body).is_ok();
            assert_eq!(is_document(body.as_bytes()), parsed, "{body:?}");
            documents += usize::from(parsed);
        }
        assert!(documents > 100, "{documents}");
    }

    #[test]
    fn the_scanner_agrees_with_a_parser_on_long_and_deep_documents() {
        let plain = "0123456789abcdef".repeat(3);
        for cut in 0..plain.len() {
            for end in ["\"", "", "\\\"\"", "\\\"", "\u{1f}\"", "\\x\"", "é\""] {
                let body = format!("\"{}{end}", &plain[..cut]);
                let parsed = serde_json::from_str::<serde_core::de::IgnoredAny>(&body).is_ok();
                assert_eq!(is_document(body.as_bytes()), parsed, "{body:?}");
            }
        }
        let nested = |closed| format!("{}1{}", "[{\"a\":".repeat(500_000), "}]".repeat(closed));
        assert!(is_document(nested(500_000).as_bytes()));
        assert!(!is_document(nested(499_999).as_bytes()));
        assert!(!is_document(format!("{}]", nested(500_000)).as_bytes()));
        assert!(is_document(b"\"\xff\"") && !is_document(b"\xff"));
    }

    #[test]
    fn the_scanner_decodes_strings_as_a_parser_does() {
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
