//! Every valid delivery of the vectors, with each byte changed: a change of a signed byte is
//! rejected, and an accepted change is in a part that is documented as unsigned.

use countersign::custom::SignatureCoverage;
use countersign::{PublicUrl, RequestHead, Scheme, Secret, Secrets, Verified, Verifier};
use countersign_conformance::{Expect, Vector, vectors};

use fixtures::delivery::all_schemes;

type Headers = Vec<(String, Vec<u8>)>;

#[test]
fn every_byte_of_a_header_is_signed_or_optional() {
    for scheme in all_schemes() {
        for vector in valid(&scheme) {
            let verifier = vector.verifier(&scheme).unwrap();
            let verifies =
                |headers: &Headers| verify(&verifier, vector, headers, &vector.body).is_some();
            let needed = without_optional_parts(headers(vector), &verifies);
            assert!(verifies(&needed), "{vector}");
            for (header, (name, value)) in needed.iter().enumerate() {
                // `rules` tests what is read and not signed: the location of a certificate.
                let is_read = scheme.headers().any(|read| read.eq_ignore_ascii_case(name));
                if !is_read || name.eq_ignore_ascii_case("paypal-cert-url") {
                    continue;
                }
                for byte in 0..value.len() {
                    let mut changed = needed.clone();
                    changed[header].1[byte] ^= 1;
                    assert!(!verifies(&changed), "{vector}: byte {byte} of {name}");
                }
            }
        }
    }
}

/// The headers that are needed for the delivery to verify: without those that are not read, without
/// other signatures, and without anything else that is optional.
fn without_optional_parts(mut headers: Headers, verifies: &impl Fn(&Headers) -> bool) -> Headers {
    let mut index = 0;
    while index < headers.len() {
        let mut without = headers.clone();
        without.remove(index);
        if verifies(&without) {
            headers = without;
        } else {
            index += 1;
        }
    }
    for header in 0..headers.len() {
        for separator in [b',', b';', b' '] {
            let mut item = 0;
            loop {
                let mut without = headers.clone();
                let value = &headers[header].1;
                let mut items: Vec<&[u8]> = value.split(|byte| *byte == separator).collect();
                if item == items.len() {
                    break;
                }
                items.remove(item);
                without[header].1 = items.join(&separator);
                if verifies(&without) {
                    headers = without;
                } else {
                    item += 1;
                }
            }
        }
    }
    headers
}

#[test]
fn every_byte_of_a_body_is_signed_or_documented_as_unsigned() {
    for scheme in all_schemes() {
        for vector in valid(&scheme) {
            let verifier = vector.verifier(&scheme).unwrap();
            let headers = headers(vector);
            let original = verify(&verifier, vector, &headers, &vector.body).unwrap();
            assert_eq!(original.authenticates_body(), scheme.authenticates_body(), "{vector}");
            for byte in 0..vector.body.len() {
                let mut body = vector.body.clone();
                body[byte] ^= 1;
                let Some(verified) = verify(&verifier, vector, &headers, &body) else { continue };
                let unchanged = match scheme.covers() {
                    // If the decoded bytes are the same, nothing that is signed has changed.
                    SignatureCoverage::Body => verified.body() == original.body(),
                    SignatureCoverage::Fields(fields) => {
                        fields.iter().all(|field| at(&verified, field) == at(&original, field))
                    }
                    _ => true,
                };
                assert!(unchanged, "{vector}: byte {byte}");
            }
        }
    }
}

fn at(verified: &Verified, field: &str) -> Option<serde_json::Value> {
    verified.json::<serde_json::Value>().ok()?.pointer(field).cloned()
}

#[test]
fn every_byte_of_a_signed_url_is_signed() {
    for scheme in all_schemes().filter(Scheme::signs_url) {
        for vector in valid(&scheme) {
            let mut tried = 0;
            let url = vector.url.as_deref().unwrap();
            // A rule may sign only the path and the query, and its documentation says so.
            let signed_from = if scheme.is_data() { 0 } else { url.len() - target(vector).len() };
            for byte in signed_from..url.len() {
                let mut changed = url.as_bytes().to_vec();
                changed[byte] ^= 1;
                let changed = String::from_utf8(changed).unwrap();
                let Ok(url) = PublicUrl::new(changed.as_str()) else { continue };
                let verifier =
                    Verifier::with_public_url(url, scheme.clone(), vector.secrets().unwrap());
                let verifier = at_its_time(verifier.unwrap(), vector);
                let verified = verify(&verifier, vector, &headers(vector), &vector.body);
                assert!(verified.is_none(), "{vector}: {changed}");
                tried += 1;
            }
            assert!(tried > 0, "{vector}");
        }
    }
}

#[test]
fn the_matching_one_of_two_secrets_is_named() {
    for scheme in all_schemes().filter(Scheme::is_data) {
        for vector in valid(&scheme) {
            let [text] = &vector.secret_texts()[..] else { panic!("{vector}") };
            // The provider's secret, and an unrelated one.
            let own = || Secret::new(text.as_str()).unwrap();
            let other = other(&scheme);
            let other = || Secret::new(other.as_str()).unwrap();
            for (secrets, index) in [
                (Secrets::new(own()).with_previous(other()), 0),
                (Secrets::new(other()).with_previous(own()), 1),
            ] {
                let verifier = match &vector.url {
                    Some(url) if scheme.signs_url() => Verifier::with_public_url(
                        PublicUrl::new(url.as_str()).unwrap(),
                        scheme.clone(),
                        secrets,
                    ),
                    _ => Verifier::new(scheme.clone(), secrets),
                };
                let verifier = at_its_time(verifier.unwrap(), vector);
                let verified = verify(&verifier, vector, &headers(vector), &vector.body);
                let named = verified.map(|verified| verified.secret_index());
                assert_eq!(named, Some(index), "{vector}");
            }
        }
    }
}

/// A secret in the scheme's format that has signed no vector.
fn other(scheme: &Scheme) -> String {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use countersign::scheme::{Algorithm, SecretFormat};
    use ring::rand::SystemRandom;
    use ring::signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
    };

    let random = SystemRandom::new();
    let key = match scheme.algorithm() {
        Algorithm::Ed25519 => {
            let pair = Ed25519KeyPair::from_seed_unchecked(&[9; 32]).unwrap();
            pair.public_key().as_ref().to_vec()
        }
        Algorithm::EcdsaP256 => {
            let signing = &ECDSA_P256_SHA256_ASN1_SIGNING;
            let private = EcdsaKeyPair::generate_pkcs8(signing, &random).unwrap();
            let pair = EcdsaKeyPair::from_pkcs8(signing, private.as_ref(), &random).unwrap();
            [P256_SPKI, pair.public_key().as_ref()].concat()
        }
        _ => vec![9; 32],
    };
    match scheme.secret_format() {
        SecretFormat::Hex => const_hex::encode(key),
        SecretFormat::Basic => "another:user".to_owned(),
        _ => STANDARD.encode(key),
    }
}

/// The bytes in front of a P-256 point in a public key (RFC 5480).
const P256_SPKI: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// The valid vectors of a scheme.
fn valid(scheme: &Scheme) -> impl Iterator<Item = &'static Vector> {
    let name = scheme.name().to_owned();
    vectors().iter().filter(move |v| v.provider == name && v.expect == Expect::Valid)
}

fn headers(vector: &Vector) -> Headers {
    let headers = vector.headers.iter().cloned();
    headers.map(|(name, value)| (name, value.into_bytes())).collect()
}

fn verify(
    verifier: &Verifier,
    vector: &Vector,
    headers: &Headers,
    body: &[u8],
) -> Option<Verified> {
    verifier.verify(RequestHead::new(&vector.method, target(vector), headers), body.to_vec()).ok()
}

fn target(vector: &Vector) -> &str {
    vector.head().target().unwrap_or("/")
}

fn at_its_time(verifier: Verifier, vector: &Vector) -> Verifier {
    let now_unix_ms = vector.now_unix_ms;
    verifier.with_clock(move || now_unix_ms)
}
