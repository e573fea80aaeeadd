//! Certificates outside of their validity.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use countersign::secrets::SecretProblem;
use countersign::{
    ConfigError, ManualClock, Secret, Secrets, Verifier, VerifyErrorKind as Kind, schemes,
};
use ring::digest;
use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use ring::signature::RSA_PKCS1_SHA256;
use serde_json::{Value, json};

use super::cases::{
    Case, JSON, RSA_CERTIFICATE, RSA_CERTIFICATE_2025, RSA_PRIVATE, RSA_PRIVATE_OTHER, Sent,
    public_pem, verifier,
};
use fixtures::delivery::NOW_MS;

#[test]
fn a_certificate_verifies_nothing_outside_of_its_validity() {
    for name in ["aws-sns", "paypal", "fusionauth"] {
        let scheme = schemes::named(name).unwrap();
        // Without any other key, it is not the sender's fault.
        for (secrets, outside) in [
            (given(name, RSA_CERTIFICATE_2025), Kind::Misconfigured),
            (looked_up(name, RSA_CERTIFICATE_2025), Kind::UnknownKey),
        ] {
            let clock = ManualClock::at_unix_ms(NOW_MS);
            let verifier = verifier(&scheme, secrets).with_clock(clock.clone());
            for (unix_ms, rejected) in [
                (NOW_MS, None),
                (FROM_MS - 1, Some(outside)),
                (FROM_MS, None),
                (UNTIL_MS, None),
                (UNTIL_MS + 1, Some(outside)),
                (NOW_MS, None),
            ] {
                clock.set_unix_ms(unix_ms);
                assert_eq!(sent(name, unix_ms).rejected(&verifier), rejected, "{name}: {unix_ms}");
            }
        }
    }
}

#[test]
fn a_valid_certificate_is_used_beside_an_expired_one() {
    let unix_ms = UNTIL_MS + 1;
    for name in ["aws-sns", "paypal", "fusionauth"] {
        let scheme = schemes::named(name).unwrap();
        let new = secret(name, RSA_CERTIFICATE);
        let secrets = given(name, RSA_CERTIFICATE_2025).with_previous(new);
        let verifier = verifier(&scheme, secrets).with_clock(move || unix_ms);
        let verified = sent(name, unix_ms).verify(&verifier);
        assert_eq!(verified.unwrap().secret_index(), 1, "{name}");
    }
    for name in ["aws-sns", "fusionauth"] {
        let scheme = schemes::named(name).unwrap();
        let secrets = given(name, RSA_CERTIFICATE_2025);
        let secrets = secrets.with_resolver(|_: &str| Some(RSA_CERTIFICATE.to_owned()));
        let verifier = verifier(&scheme, secrets).with_clock(move || unix_ms);
        assert_eq!(sent(name, unix_ms).rejected(&verifier), None, "{name}");
    }
}

#[test]
fn a_secret_of_which_no_certificate_is_valid_is_recognised() {
    for name in ["aws-sns", "paypal", "fusionauth"] {
        let scheme = schemes::named(name).unwrap();
        let is_valid = |secrets: &Secrets, unix_ms| secrets.is_any_valid_at(&scheme, unix_ms);
        let old = given(name, RSA_CERTIFICATE_2025);
        assert_eq!(is_valid(&old, UNTIL_MS), Ok(true), "{name}");
        assert_eq!(is_valid(&old, UNTIL_MS + 1), Ok(false), "{name}");
        let both = old.with_previous(secret(name, RSA_CERTIFICATE));
        assert_eq!(is_valid(&both, UNTIL_MS + 1), Ok(true), "{name}");
        let until = secret(name, RSA_CERTIFICATE).valid_until_unix_ms(UNTIL_MS);
        assert_eq!(is_valid(&until.into(), UNTIL_MS + 1), Ok(false), "{name}");
        assert_eq!(
            is_valid(&looked_up(name, RSA_CERTIFICATE_2025), UNTIL_MS + 1),
            Ok(true),
            "{name}"
        );
    }
}

#[test]
fn an_expired_certificate_does_not_replace_a_valid_one() {
    for name in ["aws-sns", "paypal", "fusionauth"] {
        let scheme = schemes::named(name).unwrap();
        let unix_ms = UNTIL_MS + 1;
        let verifier = verifier(&scheme, given(name, RSA_CERTIFICATE)).with_clock(move || unix_ms);
        let (verifier, handle) = verifier.with_secrets_handle().unwrap();
        let rejected = handle.replace(given(name, RSA_CERTIFICATE_2025)).unwrap_err();
        assert!(
            matches!(rejected, ConfigError::Secret { problem: SecretProblem::NotValidNow, .. }),
            "{name}: {rejected}"
        );
        assert_eq!(sent(name, unix_ms).rejected(&verifier), None, "{name}");
    }
}

#[test]
fn a_secret_is_one_certificate_or_public_key() {
    let public = public_pem(RSA_PRIVATE);
    for name in ["aws-sns", "paypal", "fusionauth"] {
        let scheme = schemes::named(name).unwrap();
        let verifier = |text: &str| Verifier::new(scheme.clone(), secret(name, text));
        for two in [
            format!("{RSA_CERTIFICATE_2025}{RSA_CERTIFICATE}"),
            format!("{RSA_CERTIFICATE}{public}"),
            format!("{public}{public}"),
            format!("{public}{RSA_PRIVATE}"),
            format!("{public}{}", public.replace("PUBLIC KEY", "TRUSTED CERTIFICATE")),
            format!("{public}-----BEGIN PUBLIC KEY-----\n"),
        ] {
            let rejected = verifier(&two).unwrap_err();
            assert!(matches!(rejected, ConfigError::Secret { index: Some(0), .. }), "{rejected}");
        }
        let rejected = verifier(&format!("{public}{public}")).unwrap_err().to_string();
        assert!(rejected.contains("one public key or certificate for each secret"), "{rejected}");
        for one in [public.clone(), format!("{public}\n# the end\n"), RSA_CERTIFICATE.to_owned()] {
            assert!(verifier(&one).is_ok(), "{name}: {one}");
        }
    }
}

#[test]
fn a_certificate_can_be_followed_by_those_of_its_issuers() {
    let scheme = schemes::fusionauth();
    let begin = "-----BEGIN CERTIFICATE-----";
    let certificates: Vec<String> =
        CHAIN.split(begin).skip(1).map(|rest| format!("{begin}{rest}")).collect();
    let [leaf, issuer, root] = &certificates[..] else { panic!("{certificates:?}") };
    for (text, is_usable) in [
        (CHAIN.to_owned(), true),
        (format!("{leaf}{issuer}"), true),
        (format!("{leaf}{root}"), false),
        (format!("{leaf}{root}{issuer}"), false),
        (format!("{leaf}{leaf}"), false),
        (format!("{issuer}{leaf}"), false),
        (format!("{root}{root}"), false),
    ] {
        let verifier = Verifier::new(scheme.clone(), Secret::new(text).unwrap());
        assert_eq!(verifier.is_ok(), is_usable, "{verifier:?}");
    }
}

#[test]
fn two_texts_of_one_public_key_have_one_identity() {
    let public = public_pem(RSA_PRIVATE);
    let other = public_pem(RSA_PRIVATE_OTHER);
    for name in ["aws-sns", "paypal", "fusionauth"] {
        let scheme = schemes::named(name).unwrap();
        let identities = |text: &str| {
            let secrets = Secrets::new(secret(name, text));
            secrets.key_identities(&scheme).unwrap()
        };
        let [expected] = identities(&public)[..] else { panic!("{name}") };
        for same in [
            RSA_CERTIFICATE.to_owned(),
            RSA_CERTIFICATE_2025.to_owned(),
            public.replace('\n', "\r\n"),
        ] {
            assert_eq!(identities(&same), [expected], "{name}");
        }
        assert!(!identities(&other)[0].overlaps(expected), "{name}");
    }
    // The webhook's id is signed.
    let paypal = schemes::paypal();
    let identity = |id: &str| {
        let secrets = Secrets::new(Secret::new(format!("{id}\n{public}")).unwrap());
        secrets.key_identities(&paypal).unwrap()[0]
    };
    assert!(identity("a").overlaps(identity("a")) && !identity("a").overlaps(identity("b")));
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

/// The certificate of a P-256 key, that of its issuer, and that of the root.
const CHAIN: &str = include_str!("certificate_chain.pem");
const WEBHOOK: &str = "1JE4291016473214C";
/// 2025-10-01T00:00:00Z.
const FROM_MS: i64 = 1_759_276_800_000;
/// The last millisecond of 2025-10-31T23:59:59Z.
const UNTIL_MS: i64 = 1_761_955_199_999;
