//! Without the feature `asymmetric`.

use countersign_core::{ConfigError, Secret, Signer, Verifier};
use countersign_schemes as schemes;

const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";

#[test]
fn a_scheme_with_a_public_key_names_the_feature_it_needs() {
    for (name, secret) in [
        ("plaid", PUBLIC.to_owned()),
        ("fusionauth", PUBLIC.to_owned()),
        ("aws-sns", PUBLIC.to_owned()),
        ("paypal", format!("ID\n{PUBLIC}")),
    ] {
        let scheme = schemes::named(name).unwrap();
        let rejected = Verifier::new(scheme, Secret::new(secret).unwrap()).unwrap_err();
        assert!(
            matches!(&rejected, ConfigError::FeatureRequired { scheme, feature: "asymmetric", .. } if scheme == name),
            "{rejected}"
        );
    }
    let rejected = Signer::new(schemes::discord(), Secret::new("key").unwrap()).unwrap_err();
    assert!(matches!(rejected, ConfigError::FeatureRequired { .. }), "{rejected}");
}

#[test]
fn a_shared_key_needs_no_feature() {
    let scheme = schemes::fusionauth();
    let signer = Signer::new(scheme.clone(), Secret::new("key").unwrap()).unwrap();
    let headers = signer.sign(b"{}").unwrap();
    let verifier = Verifier::new(scheme, Secret::new("key").unwrap()).unwrap();
    assert!(verifier.verify(&headers, "{}").is_ok());
}
