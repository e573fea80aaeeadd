//! Recognises the text of a public key, which must not be used as a shared key: its bytes are not
//! secret, so anyone could sign with them.

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use countersign_core::custom::json;
use zeroize::Zeroizing;

/// The maximum length of a shared key, in bytes. A key of HMAC-SHA-512 has 64; RSA keys,
/// certificates and sets of keys are longer than this in any form.
pub(super) const MAX_SHARED: usize = 255;

/// Whether a secret is or contains a key or a certificate of an algorithm with private and public
/// keys, in PEM, as JSON, as an OpenSSH key, or in DER, also if that is encoded in base64 or
/// hexadecimal, with any separators, and with text before it.
pub(super) fn is_asymmetric(secret: &[u8]) -> bool {
    let text = unescaped(secret);
    secret.len() > MAX_SHARED || is_json(&text) || contains_key(secret, 2)
}

/// Whether a text is JSON with members or elements.
fn is_json(text: &[u8]) -> bool {
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    match text.trim_ascii_start() {
        // Not a key if it is malformed, but certainly meant to be one.
        [b'{', ..] => true,
        [b'[', ..] => json::is_document(text),
        _ => false,
    }
}

/// Looks for a key in these bytes, and in what they encode, up to this depth.
fn contains_key(bytes: &[u8], depth: usize) -> bool {
    let text = unescaped(bytes);
    let has_mark = |mark: &[u8]| [bytes, &text].iter().any(|it| contains(it, mark));
    if MARKS.iter().any(|mark| has_mark(mark.as_bytes()))
        || OBJECT_IDS.iter().any(|id| has_mark(id))
    {
        return true;
    }
    decoded(&text)
        .any(|decoded| is_point(&decoded) || (depth > 0 && contains_key(&decoded, depth - 1)))
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(bytes, part).is_some()
}

/// Whether this is the point of an EC key, without the rest of it.
fn is_point(bytes: &[u8]) -> bool {
    matches!((bytes.len(), bytes.first()), (65 | 97, Some(4)))
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

/// What the digits of a text encode, in base64 and in hexadecimal. Text before the key moves its
/// first digit, so each position is tried.
fn decoded(text: &[u8]) -> impl Iterator<Item = Zeroizing<Vec<u8>>> {
    let base64: Zeroizing<Vec<u8>> = Zeroizing::new(
        text.iter()
            .filter(|byte| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte))
            .map(|byte| match byte {
                b'-' => b'+',
                b'_' => b'/',
                byte => *byte,
            })
            .collect(),
    );
    let hex: Zeroizing<Vec<u8>> =
        Zeroizing::new(text.iter().copied().filter(u8::is_ascii_hexdigit).collect());
    let in_base64 = (0..4).filter_map(move |skipped| {
        let digits = base64.get(skipped..)?;
        // One digit more is no byte.
        let whole = if digits.len() % 4 == 1 { digits.len() - 1 } else { digits.len() };
        LENIENT.decode(&digits[..whole]).ok()
    });
    let in_hex = (0..2).filter_map(move |skipped| {
        let digits = hex.get(skipped..)?;
        const_hex::decode(&digits[..digits.len() / 2 * 2]).ok()
    });
    in_base64.chain(in_hex).map(Zeroizing::new)
}

/// Parts of a PEM, of an SSH key in its two formats, of a JWK in JSON and YAML, of a key in words,
/// and of the address of a key.
const MARKS: [&str; 14] = [
    "-----BEGIN",
    "---- BEGIN",
    "ssh-rsa",
    "ssh-ed25519",
    "ecdsa-sha2-",
    "kty\"",
    "kty'",
    "kty\\",
    "kty:",
    "kty=",
    "Public-Key",
    "Modulus",
    "ASN1 OID",
    "https://",
];
/// The object identifiers of EC keys and Ed25519 keys in DER, RFC 5480 and RFC 8410.
const OBJECT_IDS: [&[u8]; 2] =
    [&[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01], &[0x06, 0x03, 0x2b, 0x65, 0x70]];
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> &str {
        std::str::from_utf8(bytes).unwrap()
    }

    const ED25519: &str = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=";

    #[test]
    fn a_public_key_is_recognised_in_any_form() {
        let der = LENIENT.decode(ED25519).unwrap();
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{ED25519}\n-----END PUBLIC KEY-----\n");
        let (first, second) = ED25519.split_at(31);
        let jwk = r#"{ "kty": "OKP", "crv": "Ed25519", "x": "AA" }"#;
        let again = LENIENT.encode(&pem);
        for text in [
            pem.clone(),
            format!("\u{feff}{pem}"),
            format!("# my key\n{pem}"),
            format!("Bag Attributes\n    localKeyID: 01\n{pem}"),
            format!("\"{pem}\""),
            format!("FUSIONAUTH_KEY={pem}"),
            pem.replace('\n', "\\n"),
            ED25519.to_owned(),
            ED25519.trim_end_matches('=').to_owned(),
            format!("{first}\n{second}\n"),
            format!("# my key\r\n{first}\r\n{second}\r\n"),
            format!("KEY='{ED25519}'"),
            ED25519.replace('+', "-").replace('/', "_"),
            const_hex::encode(&der),
            const_hex::encode_upper(&der),
            again.clone(),
            format!("key: {again}"),
            jwk.to_owned(),
            format!("\u{feff}{jwk}"),
            format!("[{jwk}]"),
            format!("key = {jwk}"),
            format!("{jwk:?}"),
            r#"[{"k\u0074y":"OKP"}]"#.to_owned(),
            LENIENT.encode(jwk),
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBm/RAlp me@host".to_owned(),
            "AAAAC3NzaC1lZDI1NTE5AAAAIBm/RAlp".to_owned(),
            "---- BEGIN SSH2 PUBLIC KEY ----\nAAAA".to_owned(),
            format!("{first}\\n{second}\\n"),
            format!("'{first}','{second}'"),
            format!("pub_{ED25519}"),
            format!("x{ED25519}"),
            format!("keys/{ED25519}"),
            LENIENT.encode(LENIENT.encode(&der)),
            ED25519.replace('/', "%2F").replace('=', "%3D"),
            pem.replace('-', "%2D"),
            const_hex::encode(&der).as_bytes().chunks(2).map(text).collect::<Vec<_>>().join(":"),
            der.iter().map(|byte| format!("0x{byte:02x}, ")).collect(),
            der.iter().map(|byte| format!("\\x{byte:02X}")).collect(),
            "ED25519 Public-Key:\npub:\n    19:bf:44".to_owned(),
            "kty: OKP\ncrv: Ed25519\nx: AA".to_owned(),
            "%7B%22kty%22:%22OKP%22%7D".to_owned(),
            "https://a.example/.well-known/jwks.json".to_owned(),
            LENIENT.encode([&[4][..], &[7; 64]].concat()),
        ] {
            assert!(is_asymmetric(text.as_bytes()), "{text}");
            let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            assert!(is_asymmetric(&utf16), "{text}");
        }
        assert!(is_asymmetric(&der));
        // Every form of an RSA key is longer than a shared key.
        assert!(is_asymmetric(&[b'a'; MAX_SHARED + 1]) && !is_asymmetric(&[b'a'; MAX_SHARED]));
    }

    #[test]
    fn a_shared_key_is_not_a_public_one() {
        for text in [
            "",
            "a b",
            "correct horse battery staple",
            "[in brackets]",
            "kty",
            "M",
            "MCow",
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVm",
            "eyJhbGciOiJub25lIn0",
        ] {
            assert!(!is_asymmetric(text.as_bytes()), "{text}");
        }
        assert!(!is_asymmetric(&[0xff; 64]));
    }
}
