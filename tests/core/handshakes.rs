//! Handshakes and deliveries: no delivery of a scheme is taken for a handshake.

use countersign::scheme::Identity;
use countersign::{
    ConfigError, Endpoint, EventIdFrom, EventKey, MemoryStore, Receiver, RequestHead, Scheme,
    Secret, Signer, Verified, Verifier, schemes,
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
        ("rule = \"unsigned\"\nwhen = { \"header:User-Agent\" = \"Acme/1.0\" }", "`when`"),
        ("rule = \"unsigned\"\necho_header = [\"X-Request-Id\"]", "`when`"),
        ("rule = \"signed\"\nabsent = [\"body:/events/0\"]", "remove the handshake"),
        ("rule = \"signed\"\nabsent = [\"body:/nothing\"]", "`when`"),
        ("rule = \"signed\"\npresent = [\"body:/id\"]", "body:/id"),
        ("rule = \"signed\"\nwhen = { \"body:/challenge\" = \"\" }", "an empty text"),
        ("rule = \"signed\"\nwhen = { \"body:/events/*/type\" = \"ping\" }", "`*`"),
        ("rule = \"signed\"\nwhen = { \"body:/events/-/type\" = \"ping\" }", "`-`"),
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
fn a_delivery_of_xero_is_a_handshake_only_if_its_array_is_empty() {
    let delivery = |events: &str| {
        let body = format!(r#"{{"events":{events},"firstEventSequence":0,"lastEventSequence":0}}"#);
        verified(&schemes::xero(), &body).handshake().is_some()
    };
    assert!(delivery("[]"));
    for events in [r#"[{"eventType":"UPDATE"}]"#, "[null]", r#"[null,{}]"#, "{}", "null", "7"] {
        assert!(!delivery(events), "{events}");
    }
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

#[test]
fn an_index_is_not_the_id_in_a_scheme_with_code_either() {
    for (scheme, place, all) in [
        (schemes::moralis(), "/txs/0/hash", "/txs/*/hash"),
        (schemes::aws_sns(), "/Records/0/id", "/MessageId"),
    ] {
        let rejected = scheme.clone().with_event_id(place).map(drop).unwrap_err();
        assert!(matches!(rejected, ConfigError::Scheme { word: "event_id", .. }), "{rejected}");
        assert!(scheme.with_event_id(all).is_ok(), "{all}");
    }
    let error = schemes::moralis().with_event_id("/txs/0/hash").unwrap_err().to_string();
    assert!(error.contains("`/txs/*/hash`"), "{error}");

    // Its code signs only the fields of the first item, and rejects a body with a second one.
    let item = "/notificationItems/0/NotificationRequestItem";
    let place = format!("{item}/pspReference+{item}/success");
    assert!(schemes::adyen().with_event_id(&place).is_ok());
    assert!(schemes::adyen().with_event_id("/notificationItems/1/id").is_err());
}

/// LINE's verification of an endpoint is a signed request without events. It needs no handshake.
#[tokio::test]
async fn a_signed_request_without_events_is_handled_as_an_event() {
    let scheme = schemes::line();
    assert!(scheme.handshakes().is_empty());
    let body = r#"{"destination":"U8e742f61d673b39c7fff3cecb7536ef0","events":[]}"#;
    let verifier = Verifier::new(scheme.clone(), secret()).unwrap();
    let receiver = Receiver::new(verifier, MemoryStore::new());
    let headers = Signer::new(scheme, secret()).unwrap().sign(body.as_bytes()).unwrap();
    let delivery = receive(&receiver, &headers, body).await.unwrap();
    assert!(delivery.verified.handshake().is_none());
    assert_eq!(*delivery.verified.event_id_from(), EventIdFrom::Digest);
    delivery.claim.complete().await.unwrap();
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
