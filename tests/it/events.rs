//! Which event a delivery is about: its id and its type.

use countersign::{Scheme, Secret, Signed, Verifier, VerifyErrorKind as Kind};

use crate::delivery::{BODY, Delivery, ID, NOW_MS, hmac_sha256, scheme, secret, verifier};

#[test]
fn the_events_of_one_transaction_have_different_ids() {
    let venum = scheme("venum");
    let id = |body: &str| event_id(&Delivery::with_body(&venum, body), &venum);
    let processed = id(r#"{"type":"processed","signature":"5K"}"#);
    let finalized = id(r#"{"type":"finalized","signature":"5K"}"#);
    assert_eq!(processed, ("5K:processed".to_owned(), "body:/signature+/type".to_owned()));
    assert_eq!(finalized, ("5K:finalized".to_owned(), "body:/signature+/type".to_owned()));
}

#[test]
fn a_header_that_anybody_could_change_does_not_change_the_id() {
    for (name, header, from) in [
        ("perps-tracker", "X-Delivery-ID", "body:/id"),
        ("perps-tracker", "X-Webhook-ID", "body:/id"),
        ("github", "X-GitHub-Delivery", "digest"),
        ("shopify", "X-Shopify-Event-Id", "digest"),
        ("shopify", "X-Shopify-Webhook-Id", "digest"),
        ("linear", "Linear-Delivery", "digest"),
        ("zoom", "x-zm-trackingid", "digest"),
    ] {
        let scheme = scheme(name);
        let id = |value| event_id(&Delivery::of(&scheme).with_header(header, value), &scheme);
        assert_eq!(id("first"), id("second"), "{name}");
        assert_eq!(id("first").1, from, "{name}");
    }
}

#[test]
fn without_an_id_of_its_own_an_event_is_named_by_the_digest_of_its_body() {
    let github = scheme("github");
    let (id, from) = event_id(&Delivery::of(&github), &github);
    assert_eq!(id, digest(BODY));
    assert_eq!(from, "digest");
    // The timestamp is that of an attempt, so it must not tell two attempts apart.
    let slack = scheme("slack");
    let form = "command=%2Fdeploy&text=now";
    for unix_ms in [NOW_MS, NOW_MS - 60_000] {
        let delivery = Delivery::signed(&slack, secret(1), unix_ms, form);
        assert_eq!(event_id(&delivery, &slack).0, digest(form));
    }
}

#[test]
fn an_empty_body_is_named_by_everything_that_was_signed() {
    for (name, signed) in [("stripe", "1760000000."), ("slack", "v0:1760000000:")] {
        let scheme = scheme(name);
        let id = |unix_ms| event_id(&Delivery::signed(&scheme, secret(1), unix_ms, ""), &scheme).0;
        assert_eq!(id(NOW_MS), digest(signed), "{name}");
        assert_eq!(id(NOW_MS), id(NOW_MS), "{name}");
        assert_ne!(id(NOW_MS), id(NOW_MS - 1000), "{name}");
    }
}

#[test]
fn the_signed_id_of_a_header_is_the_events_id() {
    for (name, from) in [
        ("standardwebhooks", "header:webhook-id"),
        ("openai", "header:webhook-id"),
        ("gitlab-signing", "header:webhook-id"),
        ("svix", "header:svix-id"),
        ("twitch", "header:Twitch-Eventsub-Message-Id"),
    ] {
        let scheme = scheme(name);
        let found = event_id(&Delivery::of(&scheme), &scheme);
        assert_eq!(found, (ID.to_owned(), from.to_owned()), "{name}");
    }
}

#[test]
fn svix_takes_either_set_of_headers_whole_and_names_the_one_it_used() {
    let svix = scheme("svix");
    let delivery = Delivery::of(&svix);
    let renamed = |name: &str| name.replace("svix-", "webhook-");
    let mut renamed_all = delivery.clone();
    for (name, _) in &mut renamed_all.headers {
        *name = renamed(name);
    }
    let (id, from) = event_id(&renamed_all, &svix);
    assert_eq!((id.as_str(), from.as_str()), (ID, "header:webhook-id"));
    for index in 1..delivery.headers.len() {
        let mut mixed = delivery.clone();
        mixed.headers[index].0 = renamed(&mixed.headers[index].0);
        let refused = mixed.refused(&verifier(&svix));
        assert!(matches!(refused, Some(Kind::MissingId | Kind::MissingTimestamp)), "{refused:?}");
    }
}

#[test]
fn an_event_type_says_whether_it_was_signed() {
    let body = r#"{"type":"from.body","event":{"type":"from.event"}}"#;
    for (name, header, expected) in [
        ("stripe", "X-Event-Type", ("from.body", Signed::Yes)),
        ("slack", "X-Event-Type", ("from.event", Signed::Yes)),
        ("github", "X-GitHub-Event", ("from-header", Signed::No)),
        ("shopify", "X-Shopify-Topic", ("from-header", Signed::No)),
        ("jupiter", "X-Event-Type", ("from.body", Signed::Yes)),
    ] {
        let scheme = scheme(name);
        let delivery = Delivery::with_body(&scheme, body).with_header(header, "from-header");
        let verified = delivery.verify(&verifier(&scheme)).unwrap();
        let kind = verified.event_type().map(|kind| (kind.name, kind.signed));
        assert_eq!(kind, Some(expected), "{name}");
    }
}

#[test]
fn an_event_type_in_a_header_that_the_template_signs_is_signed() {
    let scheme = Scheme::builder("custom")
        .signature_header("X-Signature")
        .signed("{header:X-Type}.{body}")
        .event_type("header:X-Type")
        .build()
        .unwrap();
    let value = const_hex::encode(hmac_sha256("key", "made.{}"));
    let verifier = Verifier::new(scheme, Secret::new("key").unwrap()).unwrap();
    let verify = |kind| verifier.verify(&[("X-Signature", value.as_str()), ("X-Type", kind)], "{}");
    let verified = verify("made").unwrap();
    let kind = verified.event_type().unwrap();
    assert_eq!((kind.name, kind.signed), ("made", Signed::Yes));
    assert_eq!(verify("gone").unwrap_err().kind(), Kind::SignatureMismatch);
    let absent = verifier.verify(&[("X-Signature", value.as_str())], "{}");
    assert_eq!(absent.unwrap_err().kind(), Kind::MissingHeader);
}

#[test]
fn without_a_type_where_the_scheme_looks_for_it_there_is_none() {
    let github = scheme("github");
    for delivery in [
        Delivery::of(&github),
        Delivery::of(&github).with_header("X-GitHub-Event", ""),
        Delivery::of(&github).with_header("X-GitHub-Event", b"\xff"),
        Delivery::of(&github).with_header("X-GitHub-Event", "\u{1b}[31mpush"),
        Delivery::of(&github).with_header("X-GitHub-Event", "a".repeat(257)),
    ] {
        assert!(delivery.verify(&verifier(&github)).unwrap().event_type().is_none());
    }
    let stripe = scheme("stripe");
    for body in ["", "[]", r#"{"type":null}"#, r#"{"type":{}}"#, r#"{"type":""}"#] {
        let verified = Delivery::with_body(&stripe, body).verify(&verifier(&stripe)).unwrap();
        assert!(verified.event_type().is_none(), "{body}");
    }
}

fn event_id(delivery: &Delivery, scheme: &Scheme) -> (String, String) {
    let at = verifier(scheme);
    let verified = delivery.verify(&at).unwrap();
    (verified.event_id().to_owned(), verified.event_id_from().to_string())
}

fn digest(bytes: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes.as_bytes());
    format!("sha256:{}", const_hex::encode(digest))
}
