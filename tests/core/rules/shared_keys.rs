//! A public key, a certificate or a private key instead of a shared secret. Its text is not
//! secret, so anyone could sign with it.

use countersign::custom::MacKey;
use countersign::scheme::Algorithm;
use countersign::secrets::SecretProblem;
use countersign::{ConfigError, Scheme, Secret, Secrets, Signer, Verifier, schemes};

use super::cases::{RSA_CERTIFICATE, RSA_PRIVATE, ed25519, p256, public_pem, url};

#[test]
fn schemes_with_shared_secrets_reject_public_keys_certificates_and_private_keys() {
    let mut shared = 0;
    for scheme in schemes::names().map(|name| schemes::named(name).unwrap()).filter(is_shared) {
        let name = scheme.name().to_owned();
        for key in keys() {
            let secret = || Secret::new(&*key).unwrap();
            let rejected = Verifier::with_public_url(url(), scheme.clone(), secret()).unwrap_err();
            assert_asymmetric(&rejected, &name);
            assert!(!rejected.to_string().contains(key.trim()), "{rejected}");
            assert_asymmetric(&MacKey::new(&scheme, &secret()).unwrap_err(), &name);
        }
        shared += 1;
    }
    assert!(shared > 60, "{shared}");
}

#[test]
fn the_error_names_the_secret_and_the_expected_kind() {
    let github = schemes::github();
    let secrets = Secrets::new(Secret::new("a shared secret").unwrap())
        .with_previous(Secret::new(p256()[1].as_str()).unwrap());
    let rejected = Verifier::new(github.clone(), secrets).unwrap_err();
    let said = rejected.to_string();
    assert!(said.starts_with("secret 1 is a public key, a certificate or a private key"), "{said}");
    assert!(said.contains("give the signing secret"), "{said}");
    // A handle rejects it as well, and nothing is signed with it.
    let verifier = Verifier::new(github.clone(), Secret::new("a shared secret").unwrap()).unwrap();
    let (_, handle) = verifier.with_secrets_handle().unwrap();
    let public = || Secret::new(p256()[1].as_str()).unwrap();
    assert_asymmetric(&handle.replace(public()).unwrap_err(), "replaced");
    assert_asymmetric(&Signer::new(github, public()).unwrap_err(), "signer");
}

#[test]
fn a_secret_that_is_too_long_to_search_for_a_key_is_rejected() {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    let bundle = STANDARD.encode("# a bundle\n".repeat(8000) + &p256()[1]);
    let rejected = Verifier::new(schemes::github(), Secret::new(&*bundle).unwrap()).unwrap_err();
    let said = rejected.to_string();
    assert!(said.contains("give a secret of at most 4 KiB"), "{said}");
    assert!(!said.contains(&bundle[..100]), "{said}");
}

#[test]
fn a_key_pair_is_recognised_in_every_constructor() {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    let pem = p256()[1].clone();
    let lines: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = STANDARD.decode(&lines).unwrap();
    let github = schemes::github();
    for secret in [
        Secret::from_text(&*pem),
        Secret::from_bytes(pem.as_bytes()),
        Secret::from_base64(STANDARD.encode(&pem)),
        Secret::from_hex(const_hex::encode(&pem)),
        Secret::from_bytes(&der),
        Secret::from_base64(&*lines),
        Secret::new(lines.as_str()),
    ] {
        let rejected = Verifier::new(github.clone(), secret.unwrap()).unwrap_err();
        assert_asymmetric(&rejected, "github");
    }
    let svix = schemes::svix();
    for text in [format!("whsec_{}", STANDARD.encode(&pem)), format!("whsec_{lines}")] {
        let rejected = Verifier::new(svix.clone(), Secret::new(text).unwrap()).unwrap_err();
        assert_asymmetric(&rejected, "svix");
    }
}

fn keys() -> Vec<String> {
    let jwk =
        r#"{ "kty": "OKP", "crv": "Ed25519", "x": "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE" }"#;
    let [private, public] = ed25519();
    vec![
        public_pem(RSA_PRIVATE),
        p256()[1].clone(),
        public.trim_end().to_owned(),
        format!("\u{feff}{public}"),
        format!("\r\n  {public}"),
        private,
        RSA_CERTIFICATE.to_owned(),
        RSA_PRIVATE.to_owned(),
        jwk.to_owned(),
        format!("\n{}", jwk.replace("OKP", "EC")),
        jwk.replace("OKP", "RSA"),
        format!(r#"{{"keys":[{jwk}]}}"#),
        "kty : OKP\ncrv: Ed25519".to_owned(),
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBm/RAlp me@host".to_owned(),
        "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK".to_owned(),
        "https://a.example/.well-known/jwks.json".to_owned(),
        POINT.to_owned(),
        format!("pub_{POINT}"),
        "<RSAKeyValue><Modulus>u1SU</Modulus><Exponent>AQAB</Exponent></RSAKeyValue>".to_owned(),
        jwk.replace('"', "&quot;"),
        jwk.replace("\"kty\": \"OKP\", ", ""),
        "GAVDABIGAMVWK4ADEEABTP2EBFUYJTP6QVA3VQLH3Q5ZNSCQQ2VDBNVWZMGFYOFNOAYWNYI=".to_owned(),
    ]
}

/// The base point of P-256.
const POINT: &str = "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296\
                     4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";

fn is_shared(scheme: &Scheme) -> bool {
    !matches!(
        scheme.algorithm(),
        Algorithm::Ed25519 | Algorithm::EcdsaP256 | Algorithm::RsaSha256 | Algorithm::Jwt
    )
}

fn assert_asymmetric(rejected: &ConfigError, what: &str) {
    let ConfigError::Secret { problem, .. } = rejected else { panic!("{what}: {rejected}") };
    assert_eq!(*problem, SecretProblem::AsymmetricKey, "{what}: {rejected}");
}
