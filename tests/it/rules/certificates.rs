//! Certificates outside of their validity.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use countersign::{ManualClock, Scheme, Secret, Secrets, VerifyErrorKind as Kind};
use ring::digest;
use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use ring::signature::RSA_PKCS1_SHA256;
use serde_json::{Value, json};

use super::cases::{
    Case, JSON, RSA_CERTIFICATE, RSA_CERTIFICATE_2025, RSA_PRIVATE, Sent, verifier,
};
use crate::delivery::NOW_MS;

#[test]
fn a_certificate_verifies_nothing_outside_of_its_validity() {
    for name in ["aws-sns", "paypal", "fusionauth"] {
        let scheme = Scheme::named(name).unwrap();
        for secrets in [given(name, RSA_CERTIFICATE_2025), looked_up(name, RSA_CERTIFICATE_2025)] {
            let clock = ManualClock::at_unix_ms(NOW_MS);
            let verifier = verifier(&scheme, secrets).with_clock(clock.clone());
            for (unix_ms, rejected) in [
                (NOW_MS, None),
                (FROM_MS - 1, Some(Kind::UnknownKey)),
                (FROM_MS, None),
                (UNTIL_MS, None),
                (UNTIL_MS + 1, Some(Kind::UnknownKey)),
                (NOW_MS, None),
            ] {
                clock.set_unix_ms(unix_ms);
                assert_eq!(sent(name, unix_ms).rejected(&verifier), rejected, "{name}: {unix_ms}");
            }
        }
    }
}

#[test]
fn a_certificate_that_is_valid_counts_beside_one_that_has_expired() {
    let unix_ms = UNTIL_MS + 1;
    for name in ["aws-sns", "paypal", "fusionauth"] {
        let scheme = Scheme::named(name).unwrap();
        let new = secret(name, RSA_CERTIFICATE);
        let secrets = given(name, RSA_CERTIFICATE_2025).with_previous(new);
        let verifier = verifier(&scheme, secrets).with_clock(move || unix_ms);
        let verified = sent(name, unix_ms).verify(&verifier);
        assert_eq!(verified.unwrap().secret_index(), 1, "{name}");
    }
    for name in ["aws-sns", "fusionauth"] {
        let scheme = Scheme::named(name).unwrap();
        let secrets = given(name, RSA_CERTIFICATE_2025);
        let secrets = secrets.with_resolver(|_: &str| Some(RSA_CERTIFICATE.to_owned()));
        let verifier = verifier(&scheme, secrets).with_clock(move || unix_ms);
        assert_eq!(sent(name, unix_ms).rejected(&verifier), None, "{name}");
    }
}

fn given(name: &str, certificate: &str) -> Secrets {
    Secrets::new(secret(name, certificate))
}

fn looked_up(name: &str, certificate: &'static str) -> Secrets {
    let resolver = move |_: &str| Some(certificate.to_owned());
    match name {
        "paypal" => Secrets::new(Secret::new(WEBHOOK).unwrap()).with_resolver(resolver),
        _ => Secrets::resolved(resolver),
    }
}

fn secret(name: &str, certificate: &str) -> Secret {
    let front = if name == "paypal" { format!("{WEBHOOK}\n") } else { String::new() };
    Secret::new(format!("{front}{certificate}")).unwrap()
}

/// A delivery that the key of the certificates signed at this time.
fn sent(name: &str, unix_ms: i64) -> Sent {
    if name != "fusionauth" {
        return Case::of(name).signed_with(&[0], unix_ms);
    }
    let part = |json: Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let digest = STANDARD.encode(digest::digest(&digest::SHA256, JSON.as_bytes()));
    let header = part(json!({ "alg": "RS256", "kid": "k" }));
    let signed = format!("{header}.{}", part(json!({ "request_body_sha256": digest })));
    let der: String = RSA_PRIVATE.lines().filter(|line| !line.starts_with('-')).collect();
    let pair = KeyPair::from_pkcs8(&STANDARD.decode(der).unwrap()).unwrap();
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
    let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature));
    let headers = vec![("X-FusionAuth-Signature-JWT".to_owned(), token.into_bytes())];
    Sent { headers, body: JSON.as_bytes().to_vec() }
}

const WEBHOOK: &str = "1JE4291016473214C";
/// 2025-10-01T00:00:00Z.
const FROM_MS: i64 = 1_759_276_800_000;
/// The last millisecond of 2025-10-31T23:59:59Z.
const UNTIL_MS: i64 = 1_761_955_199_999;
