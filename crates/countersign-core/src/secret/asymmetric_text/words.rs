//! The words and bytes that show a key.

use crate::crypto::blank::is_blank;

/// In one pass: a secret decodes to many candidates.
pub(super) fn has_mark(bytes: &[u8]) -> bool {
    bytes.iter().enumerate().any(|(at, byte)| {
        BEGINS_A_MARK[usize::from(*byte)] && MARKS.iter().any(|mark| bytes[at..].starts_with(mark))
    })
}

/// The same for words, in lower and upper case.
pub(super) fn has_words(text: &[u8]) -> bool {
    let starts_with = |text: &[u8], word: &[u8]| {
        text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    (0..text.len()).any(|at| WORDS.iter().any(|word| starts_with(&text[at..], word)))
        || is_openssh_key(text)
}

/// Whether a text has the type of an OpenSSH key, and its base64 after it. The type alone can be
/// part of a passphrase.
fn is_openssh_key(text: &[u8]) -> bool {
    memchr::memmem::find_iter(text, b"AAAA").any(|at| {
        let before = text[..at].trim_ascii_end();
        let kind = before.rsplit(u8::is_ascii_whitespace).next().unwrap_or_default();
        let has = |name: &[u8]| memchr::memmem::find(kind, name).is_some();
        before.len() < at && (has(b"ssh-") || has(b"ecdsa-sha2-"))
    })
}

/// Whether a text is the URL of a key or of a set of keys, and nothing else. A password can contain
/// a URL.
pub(super) fn is_address(text: &[u8]) -> bool {
    let text = std::str::from_utf8(text).unwrap_or_default();
    let text = text.trim_matches(|it| is_blank(it) || it == '"' || it == '\'');
    let starts_with = |scheme: &str| {
        text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    (starts_with("http://") || starts_with("https://")) && !text.contains(is_blank)
}

/// Whether a text has a member of this name with one of these values, in any notation and in lower
/// or upper case: `"kty": "EC"`, `kty: EC`, `<kty>EC</kty>`.
pub(super) fn has_member(text: &[u8], name: &str, values: &[&str]) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    (0..text.len().saturating_sub(name.len())).any(|at| {
        let (found, rest) = text[at..].split_at(name.len());
        if !found.eq_ignore_ascii_case(name.as_bytes()) {
            return false;
        }
        let between = rest.iter().take_while(|byte| !is_part(byte)).count();
        let (between, value) = rest.split_at(between);
        let length = value.iter().take_while(|byte| is_part(byte)).count();
        let is_word = at > 0 && text[at - 1].is_ascii_alphanumeric();
        !is_word
            && between.iter().any(|byte| !byte.is_ascii_whitespace())
            && std::str::from_utf8(&value[..length]).is_ok_and(|value| is_one_of(value, values))
    })
}

/// In lower or upper case.
pub(super) fn is_one_of(value: &str, values: &[&str]) -> bool {
    values.iter().any(|it| it.eq_ignore_ascii_case(value))
}

/// The types of JWKs with a public key (RFC 7518, RFC 8037, RFC 9864), also those of Azure.
pub(super) const KEY_TYPES: [&str; 6] = ["RSA", "EC", "OKP", "AKP", "RSA-HSM", "EC-HSM"];
/// The curves of JWKs (RFC 7518, RFC 8037, RFC 8812).
pub(super) const CURVES: [&str; 8] =
    ["P-256", "P-384", "P-521", "secp256k1", "Ed25519", "Ed448", "X25519", "X448"];

const WORDS: [&[u8]; 26] = [
    // PEM, and the SSH2 format.
    b"-----BEGIN",
    b"---- BEGIN",
    b"PuTTY-User-Key-File",
    // A key in words, as OpenSSL writes it.
    b"Public-Key:",
    b"Private-Key:",
    b"Modulus:",
    b"Modulus=",
    b"publicExponent:",
    b"ASN1 OID:",
    // The keys of Standard Webhooks `v1a`, a certificate in a JWK, and a key of DKIM.
    b"whpk_",
    b"whsk_",
    b"\"x5c\"",
    b"k=ed25519",
    // A key in XML.
    b"<Modulus>",
    b"RSAKeyValue",
    b"DSAKeyValue",
    b"ECKeyValue",
    // The name or the place of a key.
    b"did:key:",
    b"did:jwk:",
    b"did:web:",
    b"did:peer:",
    b"did:ion:",
    b"did:ethr:",
    b"did:plc:",
    b"jwks_uri",
    b"/.well-known/jwks",
];
const MARKS: [&[u8]; 19] = [
    // The base64 of an OpenSSH key, and its bytes.
    b"AAAAB3NzaC1",
    b"AAAAC3NzaC1",
    b"AAAAE2VjZHNhLXNoYTI",
    b"\0\0\0\x07ssh-",
    b"\0\0\0\x0bssh-ed25519",
    b"\0\0\0\x13ecdsa-sha2-",
    // The object identifiers of EC keys, RSA keys, DSA keys, keys of RFC 8410 (X25519, X448, Ed25519
    // and Ed448) and post-quantum keys, in DER.
    &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01],
    &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01],
    &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01],
    &[0x06, 0x03, 0x2b, 0x65, 0x6e],
    &[0x06, 0x03, 0x2b, 0x65, 0x6f],
    &[0x06, 0x03, 0x2b, 0x65, 0x70],
    &[0x06, 0x03, 0x2b, 0x65, 0x71],
    &[0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03],
    // Those of P-256, Ed25519 and Curve25519, in OpenPGP keys (RFC 9580, section 9.2).
    &[0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
    &[0x09, 0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x0f, 0x01],
    &[0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x97, 0x55, 0x01, 0x05, 0x01],
    // The usual exponent of an RSA key, in DER and in an OpenPGP key.
    &[0x02, 0x03, 0x01, 0x00, 0x01],
    &[0x00, 0x11, 0x01, 0x00, 0x01],
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
