//! Decodes the escapes of URLs, of JSON and other string literals, and of XML, anywhere in a text.

use zeroize::Zeroizing;

/// The text with its escapes decoded once; `None` if it has none. Everything else stays unchanged.
///
/// All kinds are decoded together, because a text can be escaped in several ways, one after
/// another.
pub(super) fn decoded(bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    // Escaped text is never shorter than its bytes, so the buffer is never reallocated, which would
    // leave a copy that is not wiped.
    let mut text = Zeroizing::new(Vec::with_capacity(bytes.len()));
    let mut rest = bytes;
    while let Some(at) = memchr::memchr3(b'%', b'\\', b'&', rest) {
        let (before, from) = rest.split_at(at);
        text.extend_from_slice(before);
        let length = match escape(from) {
            Some((Decoded::Byte(byte), length)) => {
                text.push(byte);
                length
            }
            Some((Decoded::Character(character), length)) => {
                text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                length
            }
            None => {
                text.extend_from_slice(&from[..1]);
                1
            }
        };
        rest = from.get(length..).unwrap_or_default();
    }
    text.extend_from_slice(rest);
    (text.len() < bytes.len()).then_some(text)
}

/// What an escape encodes.
#[derive(Clone, Copy)]
enum Decoded {
    Byte(u8),
    Character(char),
}

/// Decodes the escape at the beginning of the bytes and returns its length.
fn escape(bytes: &[u8]) -> Option<(Decoded, usize)> {
    match bytes.first()? {
        b'%' => Some((Decoded::Byte(hex_byte(bytes.get(1..3)?)?), 3)),
        b'\\' => literal_escape(bytes),
        b'&' => {
            xml_reference(bytes).map(|(character, length)| (Decoded::Character(character), length))
        }
        _ => None,
    }
}

/// The escapes of JSON, and those that other languages have besides: `\x41`, `\u{41}`, `\'`.
fn literal_escape(bytes: &[u8]) -> Option<(Decoded, usize)> {
    let byte = match *bytes.get(1)? {
        b'u' if bytes.get(2) == Some(&b'{') => return braced(bytes),
        b'u' => return json_unit(bytes),
        b'x' => return Some((Decoded::Byte(hex_byte(bytes.get(2..4)?)?), 4)),
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        byte @ (b'"' | b'\'' | b'\\' | b'/') => byte,
        _ => return None,
    };
    Some((Decoded::Byte(byte), 2))
}

fn hex_byte(digits: &[u8]) -> Option<u8> {
    u8::try_from(number(digits, 16)?).ok()
}

/// `\u{1f600}`
fn braced(bytes: &[u8]) -> Option<(Decoded, usize)> {
    let end = memchr::memchr(b'}', bytes.get(..MAX_REFERENCE.min(bytes.len()))?)?;
    let character = char::from_u32(number(bytes.get(3..end)?, 16)?)?;
    Some((Decoded::Character(character), end + 1))
}

/// `\u00e9`, or two of them for a character beyond 65535.
fn json_unit(bytes: &[u8]) -> Option<(Decoded, usize)> {
    let unit = |bytes: &[u8]| {
        let digits = bytes.strip_prefix(b"\\u")?.get(..4)?;
        u16::try_from(number(digits, 16)?).ok()
    };
    let first = unit(bytes)?;
    let units = [Some(first), bytes.get(6..).and_then(unit)];
    let character = char::decode_utf16(units.into_iter().flatten()).next()?.ok()?;
    Some((Decoded::Character(character), 6 * character.len_utf16()))
}

/// `&amp;`, `&#233;`, `&#xe9;`
fn xml_reference(bytes: &[u8]) -> Option<(char, usize)> {
    let end = memchr::memchr(b';', bytes.get(..MAX_REFERENCE.min(bytes.len()))?)?;
    let character = match bytes.get(1..end)? {
        b"amp" => '&',
        b"apos" => '\'',
        b"gt" => '>',
        b"lt" => '<',
        b"quot" => '"',
        [b'#', b'x' | b'X', digits @ ..] => char::from_u32(number(digits, 16)?)?,
        [b'#', digits @ ..] => char::from_u32(number(digits, 10)?)?,
        _ => return None,
    };
    Some((character, end + 1))
}

/// A number without a sign.
fn number(digits: &[u8], radix: u32) -> Option<u32> {
    let digits = std::str::from_utf8(digits).ok()?;
    let is_number = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u32::from_str_radix(digits, radix).ok().filter(|_| is_number)
}

/// The maximum length of a reference, with leading zeros.
const MAX_REFERENCE: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn decodes(text: &str, plain: impl AsRef<[u8]>) {
        let decoded = decoded(text.as_bytes());
        let is = decoded.as_ref().map_or(text.as_bytes(), |text| &text[..]);
        assert_eq!(is, plain.as_ref(), "{text}");
        assert_eq!(decoded.is_some(), text.as_bytes() != plain.as_ref(), "{text}");
    }

    #[test]
    fn json_and_string_literal_escapes_are_decoded_and_other_text_is_kept() {
        for (text, plain) in [
            ("a", "a"),
            (r#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t"),
            (r"\u0041\u00e9\u20AC", "A\u{e9}\u{20ac}"),
            (r"\ud83d\ude00", "\u{1f600}"),
            (r"\ud83d\u0041", r"\ud83dA"),
            (r"\u00", r"\u00"),
            (r"\u+041", r"\u+041"),
            (r"\y\", r"\y\"),
            (r"\x41\x7E\'", "A~'"),
            (r"\x4\xg0\x+1", r"\x4\xg0\x+1"),
            (r"\u{41}\u{1F600}", "A\u{1f600}"),
            (r"\u{}\u{d800}\u{41", r"\u{}\u{d800}\u{41"),
        ] {
            decodes(text, plain);
        }
        decodes(r"\xff", b"\xff");
    }

    #[test]
    fn xml_character_references_are_decoded_and_other_text_is_kept() {
        for (text, plain) in [
            ("&amp;&lt;&gt;&quot;&apos;", "&<>\"'"),
            ("&#65;&#x41;&#X00041;&#128512;", "AAA\u{1f600}"),
            ("&amp;#65;", "&#65;"),
            ("&nbsp;&#;&#x;&#xd800;&#+65;& ;&", "&nbsp;&#;&#x;&#xd800;&#+65;& ;&"),
        ] {
            decodes(text, plain);
        }
    }

    #[test]
    fn percent_escapes_are_decoded_once_and_other_text_is_kept() {
        for (text, plain) in [
            ("%41%7e%2B", "A~+"),
            ("%2541", "%41"),
            ("%", "%"),
            ("%4", "%4"),
            ("%zz%+1", "%zz%+1"),
            ("%26amp;%5cn", "&amp;\\n"),
        ] {
            decodes(text, plain);
        }
        decodes("%ff", b"\xff");
    }
}
