//! A tag is decoded as strictly as by simple decoders.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::scheme::{Algorithm, Encoding};
use countersign::{Scheme, Secret, Verifier};
use ring::hmac::{self, HMAC_SHA1_FOR_LEGACY_USE_ONLY as HMAC_SHA1, HMAC_SHA256, HMAC_SHA512};

use super::Target;
use super::input::Input;
use super::plain::{self, Padding};

pub const TARGET: Target = Target { name: "tags", run, seeds };

/// One byte chooses the algorithm and one the encoding. Every three bytes are a change to the text
/// of the correct tag: the kind of change, the position, and the byte.
fn run(input: &[u8]) {
    let mut input = Input::new(input);
    let (algorithm, plain_algorithm) = *input.one_of(&ALGORITHMS);
    let encoding = *input.one_of(&[Encoding::Hex, Encoding::Base64]);
    let tag = plain::mac(plain_algorithm, &[BODY]);
    let mut text = match encoding {
        Encoding::Base64 => STANDARD.encode(&tag).into_bytes(),
        _ => const_hex::encode(&tag).into_bytes(),
    };
    while !input.is_empty() {
        let (change, at, byte) = (input.byte(), usize::from(input.byte()), input.byte());
        let at = at % (text.len() + 1);
        match change % 5 {
            0 if at < text.len() => text[at] = byte,
            1 if at < text.len() => drop(text.remove(at)),
            2 => text.insert(at, byte),
            3 => text.truncate(at),
            4 => text.make_ascii_uppercase(),
            _ => {}
        }
    }
    let decoded = match encoding {
        Encoding::Base64 => plain::base64(&text, Padding::Required),
        _ => plain::hex(&text),
    };
    let scheme = Scheme::builder("tagged")
        .algorithm(algorithm)
        .encoding(encoding)
        .signature_header("X-Signature")
        .signed_payload("{body}")
        .build();
    let secret = Secret::new(plain::KEY).expect("it is not empty");
    let verifier = Verifier::new(scheme.expect("it is valid"), secret);
    let verdict = verifier.expect("it needs nothing else").verify(&[("X-Signature", &text)], BODY);
    let text = String::from_utf8_lossy(&text);
    assert_eq!(verdict.is_ok(), decoded.as_ref() == Some(&tag), "{encoding}: {text:?}");
}

const ALGORITHMS: [(Algorithm, hmac::Algorithm); 3] = [
    (Algorithm::HmacSha1, HMAC_SHA1),
    (Algorithm::HmacSha256, HMAC_SHA256),
    (Algorithm::HmacSha512, HMAC_SHA512),
];

fn seeds() -> Vec<Vec<u8>> {
    let changes: [&[u8]; 7] = [
        &[],
        &[0, 3, b'g'],
        &[1, 0, 0, 2, 0, b'0'],
        &[2, 0, b'0', 2, 1, b'x'],
        &[3, 43, 0],
        &[4, 0, 0],
        &[0, 42, b'F', 2, 44, b'='],
    ];
    let kinds = (0..3).flat_map(|algorithm| [[algorithm, 0], [algorithm, 1]]);
    kinds.flat_map(|kind| changes.map(|change| [&kind, change].concat())).collect()
}

const BODY: &[u8] = b"{\"a\":1}";
