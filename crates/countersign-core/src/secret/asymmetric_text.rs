//! Recognises the text of a public key, a certificate or a private key, which must not be used as a
//! shared secret: a public key is not secret, so anyone could sign with its text.

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::crypto::blank::is_blank;
use crate::crypto::signature_key::der::{self, BIT_STRING, INTEGER, SEQUENCE};
use crate::error::SecretProblem;

/// Rejects a secret of a scheme with shared secrets that [is asymmetric](is_asymmetric).
pub(crate) fn reject_asymmetric(secret: &[u8]) -> Result<(), SecretProblem> {
    if is_asymmetric(secret) { Err(SecretProblem::AsymmetricKey) } else { Ok(()) }
}

/// Whether a secret is or contains a public key, a certificate or a private key, or names the place
/// of one: in PEM, as a JWK or JWKS, as an OpenSSH key, in DER, as an uncompressed point, as a URL or
/// a DID. Also if that is encoded in base64, base32 or hexadecimal, with any separators, and with
/// text before it.
///
/// The 32 bytes of an Ed25519 key and the 33 bytes of a compressed point are not recognised: they do
/// not differ from random bytes.
#[must_use]
pub fn is_asymmetric(secret: &[u8]) -> bool {
    is_der(secret) || is_point(secret) || contains_key(secret, MAX_DEPTH)
}

/// Looks for a key in these bytes, and in what they encode, up to this depth.
fn contains_key(bytes: &[u8], depth: usize) -> bool {
    let text = unescaped(bytes);
    if has_mark(bytes) || has_mark(&text) || is_address(&text) || has_key_type(&text) {
        return true;
    }
    if is_json_key(&text) || is_encoded_point(&text) {
        return true;
    }
    depth > 0
        && text.len() <= MAX_ENCODED
        && decoded(&text).any(|decoded| {
            let is_key = is_der(&decoded) || has_mark(&decoded);
            is_key || (is_mostly_text(&decoded) && contains_key(&decoded, depth - 1))
        })
}

/// In one pass: a secret decodes to many candidates.
fn has_mark(bytes: &[u8]) -> bool {
    bytes.iter().enumerate().any(|(at, byte)| {
        BEGINS_A_MARK[usize::from(*byte)] && MARKS.iter().any(|mark| bytes[at..].starts_with(mark))
    })
}

/// Whether a text contains the URL of a key or of a set of keys.
fn is_address(text: &[u8]) -> bool {
    let ends_with = |before: &[u8], scheme: &[u8]| {
        let start = before.len().saturating_sub(scheme.len());
        before[start..].eq_ignore_ascii_case(scheme)
    };
    memchr::memmem::find_iter(text, b"://").any(|at| {
        let before = &text[..at];
        ends_with(before, b"http") || ends_with(before, b"https")
    })
}

/// Whether a text has the member `kty` of a JWK, in JSON, YAML or another notation. A key of the
/// type `oct` is a shared one.
fn has_key_type(text: &[u8]) -> bool {
    memchr::memmem::find_iter(text, KEY_TYPE).any(|at| {
        let rest = &text[at + KEY_TYPE.len()..];
        let name_ends = rest.iter().take_while(|byte| b" \t\r\n\"'\\:=".contains(byte)).count();
        let (between, kind) = rest.split_at(name_ends);
        between.iter().any(|byte| !byte.is_ascii_whitespace()) && !kind.starts_with(b"oct")
    })
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
            let is_key = name == "kty" && value.as_str().is_some_and(|kind| kind != "oct");
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

/// Whether this is an uncompressed point of the curves P-256, P-384 or P-521.
fn is_point(bytes: &[u8]) -> bool {
    matches!((bytes.len(), bytes.first()), (65 | 97 | 133, Some(4)))
}

/// Whether a part of the text is a point in base64 or hexadecimal. Unlike in [`decoded`], the
/// digits begin with it: the first byte alone shows that it is one.
fn is_encoded_point(text: &[u8]) -> bool {
    let is_point_in = |digits: &[u8]| {
        let in_base64 = || LENIENT.decode(standard_alphabet(digits)).map(Zeroizing::new);
        let in_hex = || const_hex::decode(digits).map(Zeroizing::new);
        digits.len() >= MIN_POINT_DIGITS
            && (in_base64().is_ok_and(|it| is_point(&it)) || in_hex().is_ok_and(|it| is_point(&it)))
    };
    let joined: Zeroizing<Vec<u8>> = Zeroizing::new(
        text.iter().copied().filter(|byte| !byte.is_ascii_whitespace() && *byte != b':').collect(),
    );
    let is_end = |byte: &u8| byte.is_ascii_whitespace() || b"\"'`,;:=()<>[]".contains(byte);
    text.split(is_end).chain(joined.split(|byte| *byte == b'=')).any(is_point_in)
}

/// Whether at least three quarters of the bytes are those of an ASCII text. Of random bytes, fewer
/// than half are.
fn is_mostly_text(bytes: &[u8]) -> bool {
    let is_text = |byte: &&u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace() || **byte == 0;
    bytes.iter().filter(is_text).count() * 4 >= bytes.len() * 3
}

/// The text without the escapes of URLs, shells and programming languages: `%41`, `\x41`, `0x41`,
/// `\n`. In UTF-16, every second byte is zero.
fn unescaped(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let text: Zeroizing<Vec<u8>> =
        Zeroizing::new(text.iter().copied().filter(|byte| *byte != 0).collect());
    let mut unescaped = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.as_slice();
    while let Some((&first, behind)) = rest.split_first() {
        let (byte, length) = match (first, behind) {
            (b'%', [high, low, ..]) => (byte_of(*high, *low), 3),
            // Bytes in a list: their digits follow one another.
            (b'0' | b'\\', [b'x' | b'X', ..]) => (Some(b' '), 2),
            (b'\\', [b'n' | b'r' | b't', ..]) => (Some(b' '), 2),
            _ => (None, 1),
        };
        unescaped.push(byte.unwrap_or(first));
        rest = &rest[if byte.is_some() { length } else { 1 }..];
    }
    unescaped
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

const MARKS: [&[u8]; 22] = [
    // PEM, and the SSH2 format.
    b"-----BEGIN",
    b"---- BEGIN",
    // An SSH key, and the base64 of one.
    b"ssh-rsa",
    b"ssh-dss",
    b"ssh-ed25519",
    b"ecdsa-sha2-",
    b"AAAAB3NzaC1",
    b"AAAAC3NzaC1",
    b"AAAAE2VjZHNhLXNoYTI",
    b"PuTTY-User-Key-File",
    // A key in words, as OpenSSL writes it.
    b"Public-Key:",
    b"Modulus:",
    b"Modulus=",
    b"ASN1 OID:",
    // The name of a key.
    b"did:key:",
    b"did:jwk:",
    b"did:web:",
    // In DER, the object identifiers of EC keys, RSA keys, Ed25519 and Ed448 keys (RFC 5480,
    // RFC 3279, RFC 8410), and the usual exponent of an RSA key.
    &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01],
    &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01],
    &[0x06, 0x03, 0x2b, 0x65, 0x70],
    &[0x06, 0x03, 0x2b, 0x65, 0x71],
    &[0x02, 0x03, 0x01, 0x00, 0x01],
];
const BEGINS_A_MARK: [bool; 256] = {
    let mut begins = [false; 256];
    let mut index = 0;
    while index < MARKS.len() {
        begins[MARKS[index][0] as usize] = true;
        index += 1;
    }
    begins
};
const KEY_TYPE: &[u8] = b"kty";
/// A key that was encoded twice.
const MAX_DEPTH: usize = 2;
/// No key is encoded in so many bytes, and the time is limited.
const MAX_ENCODED: usize = 64 * 1024;
/// Less than the content of an Ed25519 key has.
const MIN_DER_BYTES: usize = 32;
/// Those of 65 bytes in base64.
const MIN_POINT_DIGITS: usize = 87;
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha512};

    use super::*;

    const ED25519: &str = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=";

    fn text(bytes: &[u8]) -> &str {
        std::str::from_utf8(bytes).unwrap()
    }

    /// With padding.
    fn base32(bytes: &[u8]) -> String {
        let bits: Vec<u8> =
            bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
        let digits = bits.chunks(5).map(|bits| {
            let value = (0..5).fold(0, |sum, at| sum << 1 | bits.get(at).unwrap_or(&0));
            char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[usize::from(value)])
        });
        let digits: String = digits.collect();
        let padding = digits.len().next_multiple_of(8) - digits.len();
        digits + &"=".repeat(padding)
    }

    #[test]
    fn a_key_or_a_certificate_is_recognised_in_any_form() {
        let pem =
            |label: &str| format!("-----BEGIN {label}-----\n{ED25519}\n-----END {label}-----\n");
        let jwk = |kind: &str| format!(r#"{{ "kty": "{kind}", "crv": "Ed25519", "x": "AA" }}"#);
        let (public, okp) = (pem("PUBLIC KEY"), jwk("OKP"));
        let der = LENIENT.decode(ED25519).unwrap();
        let (first, second) = ED25519.split_at(31);
        let again = LENIENT.encode(&public);
        let point = [&[4][..], &[7; 64]].concat();
        for key in [
            // PEM.
            public.clone(),
            pem("CERTIFICATE"),
            pem("TRUSTED CERTIFICATE"),
            pem("RSA PRIVATE KEY"),
            pem("X509 CRL"),
            pem("PGP PUBLIC KEY BLOCK"),
            format!("\u{feff}{public}"),
            format!(" \r\n\t{public}"),
            format!("# my key\n{public}"),
            format!("Bag Attributes\n    localKeyID: 01\n{public}"),
            format!("\"{public}\""),
            format!("KEY=\"{}\"", public.replace('\n', "\\n")),
            public.replace('-', "%2D"),
            public.trim_end().to_owned(),
            again.clone(),
            format!("key: {again}"),
            // JWK.
            jwk("RSA"),
            jwk("EC"),
            okp.clone(),
            okp.replace("\":", "\" : "),
            okp.replace('"', "'"),
            okp.replace('"', ""),
            format!("\u{feff}\n{okp}"),
            format!(r#"{{"keys":[{},{}]}}"#, jwk("oct"), jwk("EC")),
            r#"{"k\u0074y":"EC"}"#.to_owned(),
            r#"{"keys":[{"k\u0074y":"EC"}]}"#.to_owned(),
            format!("[{okp}]"),
            format!("key = {okp}"),
            format!("{okp:?}"),
            LENIENT.encode(&okp),
            base32(okp.as_bytes()),
            "kty: OKP\ncrv: Ed25519\nx: AA".to_owned(),
            "kty : OKP".to_owned(),
            "kty = \"OKP\"".to_owned(),
            "%7B%22kty%22:%22OKP%22%7D".to_owned(),
            // SSH.
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBm/RAlp me@host".to_owned(),
            "ssh-rsa AAAAB3NzaC1yc2E".to_owned(),
            "AAAAC3NzaC1lZDI1NTE5AAAAIBm/RAlp".to_owned(),
            "---- BEGIN SSH2 PUBLIC KEY ----\nAAAA".to_owned(),
            // DER.
            ED25519.to_owned(),
            ED25519.trim_end_matches('=').to_owned(),
            format!("{first}\n{second}\n"),
            format!("# my key\r\n{first}\r\n{second}\r\n"),
            format!("{first}\\n{second}\\n"),
            format!("'{first}','{second}'"),
            format!("KEY='{ED25519}'"),
            format!("pub_{ED25519}"),
            format!("x{ED25519}"),
            format!("keys/{ED25519}"),
            ED25519.replace('+', "-").replace('/', "_"),
            ED25519.replace('/', "%2F").replace('=', "%3D"),
            LENIENT.encode(LENIENT.encode(&der)),
            base32(&der),
            base32(&der).to_lowercase(),
            base32(&der).trim_end_matches('=').to_owned(),
            format!("key: {}", base32(&der)),
            const_hex::encode(&der),
            const_hex::encode_upper(&der),
            const_hex::encode(&der).as_bytes().chunks(2).map(text).collect::<Vec<_>>().join(":"),
            der.iter().map(|byte| format!("0x{byte:02x}, ")).collect(),
            der.iter().map(|byte| format!("\\x{byte:02X}")).collect(),
            // A point.
            LENIENT.encode(&point),
            LENIENT.encode(&point).trim_end_matches('=').to_owned(),
            format!("KEY='{}'", LENIENT.encode(&point)),
            const_hex::encode(&point),
            format!("key: {}", const_hex::encode_upper(&point)),
            const_hex::encode(&point).as_bytes().chunks(2).map(text).collect::<Vec<_>>().join(":"),
            LENIENT.encode([&[4][..], &[7; 96]].concat()),
            // Words and addresses.
            "ED25519 Public-Key:\npub:\n    19:bf:44".to_owned(),
            "https://a.example/.well-known/jwks.json".to_owned(),
            "http://localhost/jwks".to_owned(),
            "jwks_uri=HTTPS://a.example/jwks".to_owned(),
            "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK".to_owned(),
        ] {
            assert_eq!(
                reject_asymmetric(key.as_bytes()),
                Err(SecretProblem::AsymmetricKey),
                "{key}"
            );
            let utf16: Vec<u8> = key.encode_utf16().flat_map(u16::to_le_bytes).collect();
            assert!(is_asymmetric(&utf16), "{key}");
        }
        assert!(is_asymmetric(&der) && is_asymmetric(&point));
        assert!(is_asymmetric(&[&der[..], b"x"].concat()));
    }

    #[test]
    fn a_shared_secret_is_not_a_key_pair() {
        for shared in [
            "",
            "a b",
            "correct horse battery staple",
            "[in brackets]",
            "begin with a hyphen -",
            "{not json}",
            "{}",
            r#"{"kty":"oct","k":"AAAA"}"#,
            r#"{"k\u0074y":"oct"}"#,
            r#"{"secret":"whsec_YWJj"}"#,
            "kty",
            "a kty b",
            "M",
            "MCow",
            "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVm",
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
            "eyJhbGciOiJub25lIn0",
            "user:password",
            "http",
            "a://b",
            "s://",
        ] {
            assert_eq!(reject_asymmetric(shared.as_bytes()), Ok(()), "{shared}");
        }
        assert!(!is_asymmetric(&[0xff; 64]));
        // The keys that do not differ from random ones.
        let der = LENIENT.decode(ED25519).unwrap();
        assert!(!is_asymmetric(&der[12..]) && der[12..].len() == 32);
        for first in [2, 3] {
            assert!(!is_asymmetric(&[&[first][..], &der[12..]].concat()));
        }
        assert!(!is_asymmetric(&[4; 64]) && !is_asymmetric(const_hex::encode([4; 64]).as_bytes()));
    }

    #[test]
    fn a_random_secret_in_any_encoding_is_a_shared_one() {
        for number in 0..100_u32 {
            let random = Sha512::digest(number.to_le_bytes());
            for length in [16, 20, 24, 32, 33, 40, 48, 64] {
                let key = &random[..length];
                for shared in [
                    const_hex::encode(key),
                    const_hex::encode_upper(key),
                    LENIENT.encode(key),
                    format!("whsec_{}", LENIENT.encode(key)),
                    base32(key),
                ] {
                    assert!(!is_asymmetric(shared.as_bytes()), "{number}: {shared}");
                }
                assert!(!is_asymmetric(key), "{number}");
            }
        }
    }
}
