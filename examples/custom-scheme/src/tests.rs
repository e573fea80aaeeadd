use countersign::scheme::{Identity, SchemeBuilder};
use countersign::{Secret, Signer, Verifier};

use super::*;

#[test]
fn the_builder_and_the_file_describe_the_same_scheme() {
    assert_eq!(acme().unwrap(), acme_from_file().unwrap());
}

#[test]
fn a_delivery_of_the_described_scheme_verifies() {
    let body = r#"{"id":"evt_1","type":"order.paid"}"#;
    let secret = || Secret::new("acme secret").unwrap();
    let signer = Signer::new(acme().unwrap(), secret()).unwrap();
    let headers = signer.sign_with(&[("Host", "localhost")], body.as_bytes()).unwrap();

    let verifier = Verifier::new(acme_from_file().unwrap(), secret()).unwrap();
    let verified = verifier.verify(&headers, body).unwrap();
    assert_eq!((verified.event_id(), verified.identity()), ("evt_1", Identity::Id));
    assert_eq!(verified.event_type().unwrap().name, "order.paid");
}

#[test]
fn an_incomplete_description_is_rejected() {
    let begun = || Scheme::builder("acme").signature_header("X-Acme-Signature");
    let hour = minutes(60);
    let in_header =
        |scheme: SchemeBuilder| scheme.timestamp_header("X-Acme-Timestamp", TimestampUnit::Seconds);
    for (hole, description, word) in [
        ("any body would verify", in_header(begun().signed_payload("{ts}")), "signed_payload"),
        (
            "a part of the body could move into the id",
            begun().signed_payload("{id}{body}").id_header("X-Acme-Delivery"),
            "signed_payload",
        ),
        (
            "an attacker could renew the timestamp",
            in_header(begun().signed_payload("{body}")),
            "timestamp_header",
        ),
        (
            "an attacker could change the id",
            begun().signed_payload("{body}").event_id("header:X-Acme-Delivery"),
            "event_id",
        ),
        (
            "a retry would be handled twice",
            begun().signed_payload("{body}").retries(Retries::Within(hour)).retention(hour / 2),
            "retention",
        ),
    ] {
        match description.build() {
            Err(ConfigError::Scheme { word: named, .. }) => assert_eq!(named, word, "{hole}"),
            other => panic!("{hole}: {other:?}"),
        }
    }
}

#[test]
fn an_error_in_a_file_names_its_line() {
    let file = include_str!("../acme.toml").replace("tolerance", "tolerence");
    let problem = Scheme::from_toml(&file).unwrap_err().to_string();
    assert!(problem.contains("line 12") && problem.contains("tolerence"), "{problem}");
}
