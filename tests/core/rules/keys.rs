//! Private keys for the schemes that are data, and public keys that are used
//! with the wrong scheme.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use countersign::scheme::{Algorithm, Encoding};
use countersign::{
    ConfigError, Scheme, Secret, Secrets, Signer, Verifier, VerifyErrorKind, schemes,
};
use ring::signature::{Ed25519KeyPair, KeyPair as _};

use super::cases::{RSA_PRIVATE, ed25519, p256, pem, verifier};
use fixtures::delivery::{ID, NOW_MS};

#[test]
fn a_private_key_signs_for_schemes_with_public_keys() {
    for (name, [private, public], prefix) in [
        ("discord", ed25519(), ED25519_SPKI_LENGTH),
        ("standardwebhooks-v1a", ed25519(), ED25519_SPKI_LENGTH),
        ("sendgrid", p256(), 0),
    ] {
        let scheme = schemes::named(name).unwrap();
        let public = &der(&public)[prefix..];
        let public =
            if name == "discord" { const_hex::encode(public) } else { STANDARD.encode(public) };
        let verifier = verifier(&scheme, Secret::new(public).unwrap());
        for private in [private.clone(), STANDARD.encode(der(&private))] {
            let headers = sign(&scheme, &private);
            assert!(verifier.verify(&headers, "{}").is_ok(), "{name}");
            assert!(verifier.verify(&headers, "{ }").is_err(), "{name}");
        }
    }
}

#[test]
fn a_seed_is_accepted_as_a_private_key_of_standard_webhooks() {
    let scheme = schemes::standardwebhooks_v1a();
    let seed = [7; 32];
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
    let public = format!("whpk_{}", STANDARD.encode(pair.public_key()));
    let verifier = verifier(&scheme, Secret::new(public).unwrap());
    let both = [&seed, pair.public_key().as_ref()].concat();
    for private in [&seed[..], &both] {
        let headers = sign(&scheme, &format!("whsk_{}", STANDARD.encode(private)));
        assert!(verifier.verify(&headers, "{}").is_ok());
    }
}

#[test]
fn a_signature_list_contains_a_signature_of_each_private_key() {
    let scheme = Scheme::builder("acme")
        .signature_header("X-Signature")
        .signature_pairs(',', '=', "v1")
        .algorithm(Algorithm::Ed25519)
        .encoding(Encoding::Hex)
        .signed_payload("{body}")
        .build()
        .unwrap();
    let keys = [ed25519(), ed25519()];
    let secrets = Secrets::new(Secret::new(keys[0][0].as_str()).unwrap())
        .with_previous(Secret::new(keys[1][0].as_str()).unwrap());
    let headers = Signer::new(scheme.clone(), secrets).unwrap().sign(b"{}").unwrap();
    for [_, public] in keys {
        let public = Secret::from_bytes(&der(&public)[ED25519_SPKI_LENGTH..]).unwrap();
        assert!(verifier(&scheme, public).verify(&headers, "{}").is_ok());
    }
}

#[test]
fn at_most_four_signatures_are_verified_with_a_public_key() {
    let scheme = schemes::standardwebhooks_v1a();
    let [private, public] = ed25519();
    let public = STANDARD.encode(&der(&public)[ED25519_SPKI_LENGTH..]);
    let verifier = verifier(&scheme, Secret::new(public).unwrap());
    let signed = sign(&scheme, &private);
    let verify = |others: usize| {
        let other = format!("v1a,{} ", STANDARD.encode([7; 64])).repeat(others);
        let headers: Vec<(&str, String)> = signed
            .iter()
            .map(|(name, value)| match &**name {
                "webhook-signature" => (&**name, format!("{other}{value}")),
                name => (name, value.clone()),
            })
            .collect();
        verifier.verify(&headers, "{}").map(drop).map_err(|error| error.kind())
    };
    assert_eq!(verify(3), Ok(()));
    assert_eq!(verify(4), Err(VerifyErrorKind::TooManySignatures));
}

#[test]
fn a_key_of_another_type_cannot_sign() {
    for bad in
        [RSA_PRIVATE, &p256()[0], &ed25519()[1], "text", "whsk_AA==", &pem("PRIVATE KEY", b"x")]
    {
        let scheme = schemes::discord();
        let rejected = Signer::new(scheme, Secret::new(bad).unwrap()).unwrap_err();
        assert!(matches!(rejected, ConfigError::Sign { .. }), "{rejected}");
        assert!(!rejected.to_string().contains(bad), "{rejected}");
    }
}

#[test]
fn an_ed25519_key_of_low_order_is_rejected() {
    let mut low_order = vec![[0; 32], [0; 32]];
    low_order[1][0] = 1;
    for text in [
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    ] {
        low_order.push(const_hex::decode_to_array(text).unwrap());
    }
    // The last two are not canonical.
    for first in [0xec, 0xed, 0xee] {
        let mut point = [0xff; 32];
        (point[0], point[31]) = (first, 0x7f);
        low_order.push(point);
    }
    for point in low_order {
        for sign in [0, 0x80] {
            let mut point = point;
            point[31] |= sign;
            let spki = [&ED25519_SPKI[..], &point].concat();
            let x = URL_SAFE_NO_PAD.encode(point);
            for (name, key) in [
                ("discord", const_hex::encode(point)),
                ("standardwebhooks-v1a", format!("whpk_{}", STANDARD.encode(point))),
                ("fusionauth", pem("PUBLIC KEY", &spki)),
                ("fusionauth", format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}"#)),
            ] {
                let scheme = schemes::named(name).unwrap();
                let rejected = Verifier::new(scheme, Secret::new(key).unwrap()).unwrap_err();
                assert!(matches!(rejected, ConfigError::Secret { index: Some(0), .. }), "{name}");
            }
        }
    }
}

#[test]
fn keys_are_looked_up_only_for_schemes_that_name_them() {
    for name in ["stripe", "discord", "twilio", "box", "moralis", "adyen", "figma"] {
        let scheme = schemes::named(name).unwrap();
        let url = super::cases::url();
        let secrets = || Secrets::resolved(|_: &str| None);
        let rejected =
            countersign::Verifier::with_public_url(url, scheme.clone(), secrets()).unwrap_err();
        assert!(matches!(rejected, ConfigError::Resolver { .. }), "{name}: {rejected}");
        let rejected = Signer::new(scheme, secrets()).unwrap_err();
        assert!(matches!(rejected, ConfigError::Resolver { .. }), "{name}: {rejected}");
    }
}

fn sign(scheme: &Scheme, private: &str) -> Vec<(String, String)> {
    let signer = Signer::new(scheme.clone(), Secret::new(private).unwrap()).unwrap();
    signer.with_id(ID).at_unix_ms(NOW_MS).sign(b"{}").unwrap()
}

fn der(pem: &str) -> Vec<u8> {
    let lines: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(lines).unwrap()
}

/// The bytes in front of an Ed25519 key in its `SubjectPublicKeyInfo`.
const ED25519_SPKI: [u8; ED25519_SPKI_LENGTH] =
    [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
const ED25519_SPKI_LENGTH: usize = 12;
