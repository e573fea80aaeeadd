//! Recognises the text of a public key, a certificate or a private key, which must not be used as a
//! shared secret: a public key is not secret, so anyone could sign with its text.

mod curve;
mod words;

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::crypto::blank::is_blank;
use crate::crypto::signature_key::der::{self, BIT_STRING, INTEGER, SEQUENCE};
use crate::error::SecretProblem;

use self::curve::{contains_point, is_point};
use self::words::{CURVES, KEY_TYPES, has_mark, has_member, has_words, is_address, is_one_of};

/// Rejects a secret of a scheme with shared secrets that [is asymmetric](is_asymmetric), or is too
/// long to search for a key.
pub(crate) fn reject_asymmetric(secret: &[u8]) -> Result<(), SecretProblem> {
    if is_asymmetric(secret) {
        Err(SecretProblem::AsymmetricKey)
    } else if secret.len() > MAX_SEARCHED {
        Err(SecretProblem::malformed("a secret of at most 4 KiB; no provider has a longer one"))
    } else {
        Ok(())
    }
}

/// Whether a secret is or contains a public key, a certificate or a private key, or names the place
/// of one: in PEM, as a JWK or JWKS, as an OpenSSH key, in DER, as an OpenPGP key, as `RSAKeyValue`
/// in XML, in the words of OpenSSL, as an uncompressed point, as a URL or a DID. Also if that is
/// encoded in base64, base32 or hexadecimal, up to two times, with any separators, and with text
/// before or after it.
///
/// An uncompressed point is recognised by the equation of its curve, for P-256, P-384, P-521 and
/// secp256k1. So a random secret that begins with the byte 4 is not taken for one. Without the byte
/// 4, a point is recognised if the secret has no other bytes.
///
/// Not recognised are the 32 bytes of an Ed25519 key and the 33 bytes of a compressed point, which
/// do not differ from random bytes, the modulus of an RSA key without its name, and keys in other
/// encodings, such as lists of decimal numbers or base58. A secret of more than 4 KiB is not
/// decoded.
#[must_use]
pub fn is_asymmetric(secret: &[u8]) -> bool {
    is_der(secret) || is_point(secret) || contains_key(secret, MAX_DEPTH)
}

/// Looks for a key in these bytes, and in what they encode, up to this depth.
///
/// The digits of a key can look like an escape, such as `0x` in base64, so the text is also searched
/// as it is.
fn contains_key(bytes: &[u8], depth: usize) -> bool {
    let is_searched = bytes.len() <= MAX_SEARCHED;
    if has_mark(bytes) || (is_searched && contains_point(bytes)) {
        return true;
    }
    let text = without_zeros(bytes);
    let unescaped = unescaped(&text);
    let is_escaped = unescaped != text;
    contains_key_text(&text, depth) || (is_escaped && contains_key_text(&unescaped, depth))
}

fn contains_key_text(text: &[u8], depth: usize) -> bool {
    if has_mark(text) || has_words(text) || is_address(text) || is_jwk(text) || is_json_key(text) {
        return true;
    }
    depth > 0
        && text.len() <= MAX_SEARCHED
        && decoded(text).any(|decoded| {
            let is_key = is_der(&decoded) || is_point(&decoded);
            is_key
                || has_mark(&decoded)
                || contains_point(&decoded)
                || (is_mostly_text(&decoded) && contains_key(&decoded, depth - 1))
        })
}

/// Whether a text has the members of a JWK, in JSON, YAML or another notation. A key of the type
/// `oct` is a shared one.
fn is_jwk(text: &[u8]) -> bool {
    has_member(text, "kty", &KEY_TYPES)
        || has_member(text, "crv", &CURVES)
        || has_member(text, "e", &[RSA_EXPONENT])
}

/// The same for a JSON text in which the name of the member is escaped.
fn is_json_key(text: &[u8]) -> bool {
    let text = std::str::from_utf8(text).unwrap_or_default().trim_matches(is_blank);
    text.starts_with(['{', '['])
        && text.contains('\\')
        && serde_json::from_str(text).is_ok_and(|json| has_asymmetric_jwk(&json))
}

/// The depth is that of the JSON, which the parser limits.
fn has_asymmetric_jwk(json: &Value) -> bool {
    match json {
        Value::Object(members) => members.iter().any(|(name, value)| {
            let value_is = |of: &[&str]| value.as_str().is_some_and(|it| is_one_of(it, of));
            let is_key = match name.to_ascii_lowercase().as_str() {
                "kty" => value_is(&KEY_TYPES),
                "crv" => value_is(&CURVES),
                "e" => value_is(&[RSA_EXPONENT]),
                _ => false,
            };
            is_key || has_asymmetric_jwk(value)
        }),
        Value::Array(elements) => elements.iter().any(has_asymmetric_jwk),
        _ => false,
    }
}

/// Whether the bytes are DER of a public key, a private key or a certificate, and nothing else. A
/// random key has this form in less than one of a billion cases.
fn is_der(bytes: &[u8]) -> bool {
    let Some((SEQUENCE, inside, [])) = der::value(bytes) else { return false };
    let Some((SEQUENCE | INTEGER, _, rest)) = der::value(inside) else { return false };
    inside.len() >= MIN_DER_BYTES
        && matches!(der::value(rest), Some((SEQUENCE | INTEGER | BIT_STRING, _, _)))
}

/// Whether at least three quarters of the bytes are those of an ASCII text. Of random bytes, fewer
/// than half are.
fn is_mostly_text(bytes: &[u8]) -> bool {
    let is_text = |byte: &&u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace() || **byte == 0;
    bytes.iter().filter(is_text).count() * 4 >= bytes.len() * 3
}

/// In UTF-16, every second byte is zero.
fn without_zeros(text: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(text.iter().copied().filter(|byte| *byte != 0).collect())
}

/// The text without the escapes of URLs, shells, HTML and programming languages: `%41`, `\x41`,
/// `0x41`, `\n`, `\u0041`, `&#x41;`, `&quot;`.
fn unescaped(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut unescaped = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text;
    while let Some((&first, behind)) = rest.split_first() {
        let (byte, length) = match (first, behind) {
            (b'%', [high, low, ..]) => (byte_of(*high, *low), 3),
            // Bytes in a list: their digits follow one another.
            (b'0' | b'\\', [b'x' | b'X', ..]) => (Some(b' '), 2),
            (b'\\', [b'u' | b'U', b'0', b'0', high, low, ..]) => (byte_of(*high, *low), 6),
            (b'\\', [b'n' | b'r' | b't', ..]) => (Some(b' '), 2),
            (b'&', [b'#', b'x' | b'X', high, low, b';', ..]) => (byte_of(*high, *low), 6),
            (b'&', _) => character(rest),
            _ => (None, 1),
        };
        unescaped.push(byte.unwrap_or(first));
        rest = &rest[if byte.is_some() { length } else { 1 }..];
    }
    unescaped
}

/// The character that a text in HTML begins with by its name or number, and the length of that.
fn character(text: &[u8]) -> (Option<u8>, usize) {
    let found = CHARACTERS.iter().find(|(name, _)| text.starts_with(name));
    found.map_or((None, 1), |(name, character)| (Some(*character), name.len()))
}

fn byte_of(high: u8, low: u8) -> Option<u8> {
    let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|it| u8::try_from(it).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

/// What the digits of a text encode, in base64, hexadecimal and base32. Text before the key moves
/// its first digit, so each position is tried.
fn decoded(text: &[u8]) -> impl Iterator<Item = Zeroizing<Vec<u8>>> {
    let digits = |is_digit: fn(u8) -> bool, min: usize| {
        let digits: Vec<u8> = text.iter().copied().filter(|byte| is_digit(*byte)).collect();
        // Fewer digits are no key.
        let digits = Zeroizing::new(digits);
        (digits.len() >= min).then_some(digits)
    };
    let base64 = digits(is_base64_digit, MIN_DER_BYTES * 8 / 6)
        .map(|digits| Zeroizing::new(standard_alphabet(&digits)));
    let hex = digits(|byte| byte.is_ascii_hexdigit(), MIN_DER_BYTES * 2);
    let base32 = digits(|byte| base32_value(byte).is_some(), MIN_DER_BYTES * 8 / 5);
    let in_base64 = (0..4).filter_map(move |skipped| {
        let digits = base64.as_ref()?.get(skipped..)?;
        // One digit more is no byte.
        let whole = if digits.len() % 4 == 1 { digits.len() - 1 } else { digits.len() };
        LENIENT.decode(&digits[..whole]).ok()
    });
    let in_hex = (0..2).filter_map(move |skipped| {
        let digits = hex.as_ref()?.get(skipped..)?;
        const_hex::decode(&digits[..digits.len() / 2 * 2]).ok()
    });
    let in_base32 =
        (0..8).filter_map(move |skipped| Some(from_base32(base32.as_ref()?.get(skipped..)?)));
    in_base64.chain(in_hex).chain(in_base32).map(Zeroizing::new)
}

fn is_base64_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte)
}

fn standard_alphabet(digits: &[u8]) -> Vec<u8> {
    let standard = |digit: &u8| match digit {
        b'-' => b'+',
        b'_' => b'/',
        digit => *digit,
    };
    digits.iter().map(standard).collect()
}

fn base32_value(digit: u8) -> Option<u8> {
    match digit.to_ascii_uppercase() {
        letter @ b'A'..=b'Z' => Some(letter - b'A'),
        digit @ b'2'..=b'7' => Some(digit - b'2' + 26),
        _ => None,
    }
}

/// The bytes of digits in base32, by RFC 4648, section 6. Bits that are no whole byte are dropped.
fn from_base32(digits: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(digits.len() * 5 / 8);
    let (mut held, mut count) = (0_u16, 0);
    for value in digits.iter().filter_map(|digit| base32_value(*digit)) {
        held = held << 5 | u16::from(value);
        count += 5;
        if count >= 8 {
            count -= 8;
            let [_, byte] = (held >> count).to_be_bytes();
            bytes.push(byte);
            held &= (1 << count) - 1;
        }
    }
    bytes
}

/// Those between the members of a JWK, and those of base64.
const CHARACTERS: [(&[u8], u8); 8] = [
    (b"&quot;", b'"'),
    (b"&#34;", b'"'),
    (b"&apos;", b'\''),
    (b"&#39;", b'\''),
    (b"&lt;", b'<'),
    (b"&gt;", b'>'),
    (b"&#43;", b'+'),
    (b"&#47;", b'/'),
];
/// 65537 as a member of a JWK, the exponent of almost all RSA keys.
const RSA_EXPONENT: &str = "AQAB";
/// A key that was encoded twice.
const MAX_DEPTH: usize = 2;
/// The time is limited, and no provider has a longer shared secret.
const MAX_SEARCHED: usize = 4 * 1024;
/// Less than the content of an Ed25519 key has.
const MIN_DER_BYTES: usize = 32;
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

#[cfg(test)]
mod tests;
