//! Decodes the escapes in JSON and XML, anywhere in a text.

use zeroize::Zeroizing;

/// Decodes the escapes of JSON strings. Everything else stays unchanged.
pub(super) fn without_json(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    without(bytes, b'\\', json_escape)
}

/// Decodes character references: numeric ones, and the names that XML predefines.
pub(super) fn without_xml(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    without(bytes, b'&', xml_reference)
}

/// `read` decodes the escape at the beginning of the bytes and returns its length.
fn without(
    bytes: &[u8],
    mark: u8,
    read: impl Fn(&[u8]) -> Option<(char, usize)>,
) -> Zeroizing<Vec<u8>> {
    // A character is never longer than its escape, so the buffer is never reallocated, which would
    // leave a copy that is not wiped.
    let mut text = Zeroizing::new(Vec::with_capacity(bytes.len()));
    let mut rest = bytes;
    while let Some(at) = memchr::memchr(mark, rest) {
        let (before, from) = rest.split_at(at);
        text.extend_from_slice(before);
        let length = match read(from) {
            Some((character, length)) => {
                text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                length
            }
            None => {
                text.push(mark);
                1
            }
        };
        rest = from.get(length..).unwrap_or_default();
    }
    text.extend_from_slice(rest);
    text
}

fn json_escape(bytes: &[u8]) -> Option<(char, usize)> {
    let character = match bytes.get(1)? {
        b'u' => return json_unit(bytes),
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        _ => return None,
    };
    Some((character, 2))
}

/// `\u00e9`, or two of them for a character beyond 65535.
fn json_unit(bytes: &[u8]) -> Option<(char, usize)> {
    let unit = |bytes: &[u8]| {
        let digits = std::str::from_utf8(bytes.get(2..6)?).ok()?;
        let is_unit = bytes.starts_with(b"\\u") && digits.bytes().all(|it| it.is_ascii_hexdigit());
        u16::from_str_radix(digits, 16).ok().filter(|_| is_unit)
    };
    let first = unit(bytes)?;
    let units = [Some(first), bytes.get(6..).and_then(unit)];
    let character = char::decode_utf16(units.into_iter().flatten()).next()?.ok()?;
    Some((character, 6 * character.len_utf16()))
}

/// `&amp;`, `&#233;`, `&#xe9;`
fn xml_reference(bytes: &[u8]) -> Option<(char, usize)> {
    let end = memchr::memchr(b';', bytes.get(..MAX_REFERENCE.min(bytes.len()))?)?;
    let name = std::str::from_utf8(bytes.get(1..end)?).ok()?;
    let number = |digits: &str, radix| {
        let is_number = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        u32::from_str_radix(digits, radix).ok().filter(|_| is_number).and_then(char::from_u32)
    };
    let character = match name {
        "amp" => '&',
        "apos" => '\'',
        "gt" => '>',
        "lt" => '<',
        "quot" => '"',
        _ => match name.strip_prefix('#')?.strip_prefix(['x', 'X']) {
            Some(digits) => number(digits, 16)?,
            None => number(&name[1..], 10)?,
        },
    };
    Some((character, end + 1))
}

/// The maximum length of a reference, with leading zeros.
const MAX_REFERENCE: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_of_json_are_read_and_everything_else_stays() {
        for (text, plain) in [
            ("a", "a"),
            (r#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t"),
            (r"\u0041\u00e9\u20AC", "A\u{e9}\u{20ac}"),
            (r"\ud83d\ude00", "\u{1f600}"),
            (r"\ud83d\u0041", r"\ud83dA"),
            (r"\u00", r"\u00"),
            (r"\u+041", r"\u+041"),
            (r"\x\", r"\x\"),
        ] {
            assert_eq!(&without_json(text.as_bytes())[..], plain.as_bytes(), "{text}");
        }
    }

    #[test]
    fn references_of_xml_are_read_and_everything_else_stays() {
        for (text, plain) in [
            ("&amp;&lt;&gt;&quot;&apos;", "&<>\"'"),
            ("&#65;&#x41;&#X00041;&#128512;", "AAA\u{1f600}"),
            ("&amp;#65;", "&#65;"),
            ("&nbsp;&#;&#x;&#xd800;&#+65;& ;&", "&nbsp;&#;&#x;&#xd800;&#+65;& ;&"),
        ] {
            assert_eq!(&without_xml(text.as_bytes())[..], plain.as_bytes(), "{text}");
        }
    }
}
