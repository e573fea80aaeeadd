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

/// Rejects a secret of a scheme with shared secrets that is a public key, a certificate or a private
/// key: in PEM with any label, as a JWK or JWKS, as an OpenSSH key, or in DER, also in base64.
pub(crate) fn reject_asymmetric(secret: &[u8]) -> Result<(), SecretProblem> {
    if is_pem(secret) || is_der(secret) {
        return Err(SecretProblem::AsymmetricKey);
    }
    // A byte order mark or white space can come first.
    let text = std::str::from_utf8(secret).unwrap_or_default().trim_matches(is_blank);
    if is_jwk(text) || is_ssh(text) || is_base64_der(text) {
        return Err(SecretProblem::AsymmetricKey);
    }
    Ok(())
}

/// Whether a PEM block begins anywhere: a comment or a variable's name can come first.
fn is_pem(secret: &[u8]) -> bool {
    memchr::memmem::find_iter(secret, BEGIN).any(|at| {
        let label = secret[at + BEGIN.len()..].iter().take(MAX_LABEL + 1);
        let is_of_label = |byte: &&u8| byte.is_ascii_graphic() && **byte != b'-' || **byte == b' ';
        let length = label.take_while(is_of_label).count();
        (1..=MAX_LABEL).contains(&length)
            && secret[at + BEGIN.len() + length..].starts_with(b"-----")
    })
}

/// Whether a text is a JWK with a public or private key (RFC 7517), or a set with such a key. A key
/// of the type `oct` is a shared one.
fn is_jwk(text: &str) -> bool {
    if !text.starts_with('{') {
        return false;
    }
    let Ok(json) = serde_json::from_str::<Value>(text) else { return false };
    let is_key = |jwk: &Value| {
        let kind = jwk.get("kty").and_then(Value::as_str);
        kind.is_some_and(|kind| kind != "oct")
    };
    is_key(&json)
        || json.get("keys").and_then(Value::as_array).is_some_and(|set| set.iter().any(is_key))
}

fn is_ssh(text: &str) -> bool {
    SSH.iter().any(|prefix| text.starts_with(prefix))
}

/// Whether the bytes are DER of a public key, a private key or a certificate, and nothing else. A
/// random key has this form in less than one of a billion cases.
fn is_der(bytes: &[u8]) -> bool {
    let Some((SEQUENCE, inside, [])) = der::value(bytes) else { return false };
    let Some((SEQUENCE | INTEGER, _, rest)) = der::value(inside) else { return false };
    inside.len() >= MIN_DER_BYTES
        && matches!(der::value(rest), Some((SEQUENCE | INTEGER | BIT_STRING, _, _)))
}

/// The same for the base64 of DER, which can have line breaks.
fn is_base64_der(text: &str) -> bool {
    // The first byte of DER is that of a SEQUENCE.
    if !text.starts_with('M') {
        return false;
    }
    let digits = text.bytes().filter(|byte| !byte.is_ascii_whitespace());
    let digits = Zeroizing::new(digits.collect::<Vec<u8>>());
    PADDING_OPTIONAL.decode(digits.as_slice()).is_ok_and(|der| is_der(&Zeroizing::new(der)))
}

const BEGIN: &[u8] = b"-----BEGIN ";
const MAX_LABEL: usize = 64;
const SSH: [&str; 4] =
    ["ssh-rsa AAAA", "ssh-ed25519 AAAA", "ecdsa-sha2-nistp256 AAAA", "---- BEGIN SSH2 "];
/// Less than the content of an Ed25519 key has.
const MIN_DER_BYTES: usize = 32;
const PADDING_OPTIONAL: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[cfg(test)]
mod tests {
    use super::*;

    const ED25519: &str = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=";

    #[test]
    fn a_key_or_a_certificate_is_recognised() {
        let pem =
            |label: &str| format!("-----BEGIN {label}-----\n{ED25519}\n-----END {label}-----\n");
        let jwk = |kind: &str| format!(r#"{{ "kty": "{kind}", "x": "AA" }}"#);
        let public = pem("PUBLIC KEY");
        for text in [
            public.clone(),
            pem("CERTIFICATE"),
            pem("TRUSTED CERTIFICATE"),
            pem("RSA PRIVATE KEY"),
            pem("X509 CRL"),
            pem("PGP PUBLIC KEY BLOCK"),
            format!("\u{feff}{public}"),
            format!(" \r\n\t{public}"),
            format!("# my key\n{public}"),
            format!("KEY=\"{}\"", public.replace('\n', "\\n")),
            public.trim_end().to_owned(),
            jwk("RSA"),
            jwk("EC"),
            jwk("OKP"),
            format!("\u{feff}\n{}", jwk("OKP")),
            format!(r#"{{"keys":[{},{}]}}"#, jwk("oct"), jwk("EC")),
            r#"{"k\u0074y":"EC"}"#.to_owned(),
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBm/RAlp me@host".to_owned(),
            ED25519.to_owned(),
            ED25519.trim_end_matches('=').to_owned(),
            format!("{}\n{}\n", &ED25519[..30], &ED25519[30..]),
        ] {
            let found = reject_asymmetric(text.as_bytes());
            assert_eq!(found, Err(SecretProblem::AsymmetricKey), "{text}");
        }
        let der = PADDING_OPTIONAL.decode(ED25519).unwrap();
        assert_eq!(reject_asymmetric(&der), Err(SecretProblem::AsymmetricKey));
    }

    #[test]
    fn a_shared_secret_is_not_a_key_pair() {
        for text in [
            "",
            "-----BEGIN",
            "-----BEGIN -----",
            "-----BEGIN a-b-----",
            "begin with a hyphen -",
            "{not json}",
            "{}",
            r#"{"kty":"oct","k":"AAAA"}"#,
            r#"{"kty":1}"#,
            r#"{"secret":"whsec_YWJj"}"#,
            "M",
            "MCow",
            "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVm",
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "user:password",
        ] {
            assert_eq!(reject_asymmetric(text.as_bytes()), Ok(()), "{text}");
        }
        assert_eq!(reject_asymmetric(&[0xff; 64]), Ok(()));
        // DER that goes on, or ends early, is not a key.
        let der = PADDING_OPTIONAL.decode(ED25519).unwrap();
        assert_eq!(reject_asymmetric(&[&der[..], b"x"].concat()), Ok(()));
        assert_eq!(reject_asymmetric(&der[..der.len() - 1]), Ok(()));
    }
}
