//! Handshakes and deliveries: no delivery of a scheme is taken for a handshake.

use countersign::scheme::Identity;
use countersign::{
    Endpoint, EventKey, MemoryStore, Receiver, RequestHead, Scheme, Secret, Signer, Verified,
    Verifier, schemes,
};

use fixtures::delivery::all_schemes;
use fixtures::receiving::receive;

#[test]
fn no_sample_event_of_a_built_in_scheme_is_a_handshake() {
    let fresh = schemes::FreshValues::new(7, 1_760_000_000_000);
    let mut with_handshakes = 0;
    for scheme in all_schemes() {
        let name = scheme.name();
        with_handshakes += usize::from(!scheme.handshakes().is_empty());
        for sample in schemes::samples(name).unwrap() {
            let body = sample.body(&fresh);
            let own = scheme.headers().map(|name| (name.to_owned(), "1".to_owned()));
            let others = sample.headers(&fresh).map(|(name, value)| (name.to_owned(), value));
            let headers: Vec<(String, String)> = others.chain(own).collect();
            for method in ["POST", "PUT"] {
                let head = RequestHead::new(method, "/hooks", &headers);
                for handshake in scheme.handshakes() {
                    let is_one = handshake.matches(&scheme, &head, body.as_bytes(), None);
                    assert!(!is_one, "{name}: {}: {}", handshake.name(), sample.event());
                }
            }
        }
    }
    assert!(with_handshakes >= 11, "{with_handshakes}");
}

#[test]
fn every_built_in_scheme_that_is_data_is_a_valid_file() {
    for scheme in all_schemes().filter(Scheme::is_data) {
        let file = scheme.to_toml().unwrap();
        assert_eq!(Scheme::from_toml(&file).as_ref(), Ok(&scheme), "{file}");
    }
}

#[test]
fn a_file_whose_handshake_is_every_delivery_is_rejected() {
    for (words, hint) in [
        ("rule = \"unsigned\"\nabsent = [\"header:X-Nope\"]", "`when`"),
        ("rule = \"unsigned\"\npresent = [\"header:X-Sig\"]", "header:X-Sig"),
        ("rule = \"unsigned\"\npresent = [\"header:content-type\"]", "header:content-type"),
        ("rule = \"unsigned\"\nmethod = \"PUT\"", "`when`"),
        ("rule = \"signed\"\nabsent = [\"body:/nothing\"]", "`when`"),
        ("rule = \"signed\"\npresent = [\"body:/id\"]", "body:/id"),
        ("rule = \"signed\"\nwhen = { \"body:/0/type\" = \"ping\" }", "absent = [\"body:/1\"]"),
    ] {
        let error = Scheme::from_toml(&file("body:/id", words)).unwrap_err().to_string();
        assert!(error.starts_with("line ") && error.contains("`p`"), "{words}: {error}");
        assert!(error.contains(hint), "{words}: {error}");
    }
}

#[tokio::test]
async fn a_batch_is_a_handshake_only_if_it_has_nothing_else() {
    let words = "rule = \"signed\"\nwhen = { \"body:/0/type\" = \"ping\" }\nabsent = [\"body:/1\"]";
    let scheme = Scheme::from_toml(&file("body:/*/id", words)).unwrap();
    let ping = r#"[{"id":"1","type":"ping"}]"#;
    let batch = r#"[{"id":"1","type":"ping"},{"id":"2","type":"order.paid"}]"#;
    assert!(verified(&scheme, ping).handshake().is_some());
    assert!(verified(&scheme, batch).handshake().is_none());

    let verifier = Verifier::new(scheme.clone(), secret()).unwrap();
    let receiver = Receiver::new(verifier, MemoryStore::new());
    let headers = Signer::new(scheme, secret()).unwrap().sign(batch.as_bytes()).unwrap();
    let delivery = receive(&receiver, &headers, batch).await.unwrap();
    assert_eq!(delivery.verified.identity(), Identity::Id);
    delivery.claim.complete().await.unwrap();
}

#[test]
fn batches_with_the_same_first_event_are_not_the_same_event() {
    let builder = Scheme::builder("acme").signature_header("X-Sig").signed_payload("{body}");
    let error = builder.clone().event_id("body:/0/id").build().unwrap_err().to_string();
    assert!(error.contains("`event_id`") && error.contains("`/*/id`"), "{error}");

    let scheme = builder.event_id("body:/*/id").build().unwrap();
    let verifier = Verifier::new(scheme.clone(), secret()).unwrap();
    assert!(verifier.with_event_id("/0/id").is_err());
    let key = |body| EventKey::of(&verified(&scheme, body), &Endpoint::new("acme"));
    assert_ne!(key(r#"[{"id":"a"},{"id":"b"}]"#), key(r#"[{"id":"a"},{"id":"c"}]"#));
}

/// A scheme with the handshake `p`.
fn file(event_id: &str, words: &str) -> String {
    format!(
        "name = \"acme\"\nsignature_header = \"X-Sig\"\nsigned_payload = \"{{body}}\"\n\
         event_id = \"{event_id}\"\n[[handshake]]\nname = \"p\"\n{words}\n"
    )
}

fn verified(scheme: &Scheme, body: &str) -> Verified {
    let headers = Signer::new(scheme.clone(), secret()).unwrap().sign(body.as_bytes()).unwrap();
    let verifier = Verifier::new(scheme.clone(), secret()).unwrap();
    verifier.verify(&headers, body.to_owned()).unwrap()
}

fn secret() -> Secret {
    Secret::new("a secret of the tests").unwrap()
}
