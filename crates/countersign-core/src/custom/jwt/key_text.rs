//! Recognises the text of a public key, which must not be used as a shared key: its bytes are not
//! secret, so anyone could sign with them.

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use crate::crypto::signature_key::der::{self, BIT_STRING, INTEGER, SEQUENCE};
use crate::json;

/// Whether a secret contains a key or a certificate of an algorithm with private and public keys,
/// with any text before it: in PEM, as JSON, as an OpenSSH key, or in DER, also if that is encoded
/// in base64 or hexadecimal.
pub(super) fn is_asymmetric(secret: &[u8]) -> bool {
    // In UTF-16, every second byte of such a text is zero.
    let text: Vec<u8> = secret.iter().copied().filter(|byte| *byte != 0).collect();
    let text = Zeroizing::new(text);
    is_key(secret) || is_key(&text) || is_json(&text) || encoded(&text).any(|bytes| is_key(&bytes))
}

fn is_key(bytes: &[u8]) -> bool {
    let contains = |text: &str| memchr::memmem::find(bytes, text.as_bytes()).is_some();
    MARKS.into_iter().any(contains) || is_der(bytes)
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

/// Whether DER of a public key, a private key or a certificate comes first.
fn is_der(bytes: &[u8]) -> bool {
    let Some((SEQUENCE, inside, _)) = der::value(bytes) else { return false };
    let Some((SEQUENCE | INTEGER, _, rest)) = der::value(inside) else { return false };
    // A random key has this form in one of a billion cases.
    inside.len() >= MIN_DER_BYTES
        && matches!(der::value(rest), Some((SEQUENCE | INTEGER | BIT_STRING, _, _)))
}

/// The bytes that the words of a text encode, in base64 or hexadecimal. A word can go on over
/// white space, as base64 in several lines does.
fn encoded(text: &[u8]) -> impl Iterator<Item = Zeroizing<Vec<u8>>> {
    let is_start = move |at: &usize| is_digit(text[*at]) && (*at == 0 || !is_digit(text[*at - 1]));
    let starts = (0..text.len()).filter(is_start).take(MAX_WORDS);
    starts.flat_map(move |start| {
        let digits = text[start..].iter().copied().filter(|byte| !byte.is_ascii_whitespace());
        let digits = digits.take_while(|byte| is_digit(*byte)).map(|byte| match byte {
            b'-' => b'+',
            b'_' => b'/',
            byte => byte,
        });
        let digits = Zeroizing::new(digits.collect::<Vec<u8>>());
        // One character more is no byte.
        let whole = if digits.len() % 4 == 1 { digits.len() - 1 } else { digits.len() };
        let in_base64 = LENIENT.decode(&digits[..whole]).ok();
        let in_hex = const_hex::decode(digits.as_slice()).ok();
        in_base64.into_iter().chain(in_hex).map(Zeroizing::new)
    })
}

/// Whether a byte is a digit of base64, in either alphabet.
fn is_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte)
}

/// Parts of a PEM, of an SSH key in its two formats, and of a JWK.
const MARKS: [&str; 7] =
    ["-----BEGIN", "---- BEGIN", "ssh-rsa", "ssh-ed25519", "ecdsa-sha2-", "\"kty", "'kty"];
/// A key begins in one of the first words, or is not the whole secret.
const MAX_WORDS: usize = 64;
/// Less than the content of an Ed25519 key has.
const MIN_DER_BYTES: usize = 32;
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

#[cfg(test)]
mod tests {
    use super::*;

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
        ] {
            assert!(is_asymmetric(text.as_bytes()), "{text}");
            let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            assert!(is_asymmetric(&utf16), "{text}");
        }
        assert!(is_asymmetric(&der));
        // RSA, as PKCS #1.
        let rsa = [&[0x30, 0x45, 2, 0x3e][..], &[7; 0x3e], &[2, 3, 1, 0, 1]].concat();
        assert!(is_asymmetric(&rsa) && is_asymmetric(LENIENT.encode(&rsa).as_bytes()));
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
        let long = "M ".repeat(100_000);
        assert!(!is_asymmetric(long.as_bytes()));
        assert!(!is_asymmetric(&[0xff; 64]));
    }
}
