//! How events are distinguished, and how duplicates are handled.

use std::collections::HashSet;
use std::time::Duration;

use countersign::scheme::{
    Algorithm, Identity, Interactive, Retries, RetrySignature, SchemeBuilder, TimestampUnit,
};
use countersign::{
    ConfigError, EarlyResponse, Endpoint, EventKey, MemoryStore, Receiver, Repeats, Scheme, Secret,
    Signer, TokioRuntime, Verified, Verifier, schemes,
};
use tokio::time::{Instant, sleep};

use fixtures::receiving::{ClaimedDelivery, receive};

const SECRET: &str = "a secret of the identity tests";
const NOW_MS: i64 = 1_760_000_000_000;

#[test]
fn a_scheme_without_a_stated_identity_is_unknown() {
    let plain = plain().build().unwrap();
    assert_eq!(plain.identity(), Identity::Unknown);
    assert!(plain.identity_basis().starts_with("not stated"), "{}", plain.identity_basis());
    let file = "name = \"a\"\nsignature_header = \"X\"\nsigned_payload = \"{body}\"\n";
    let read = Scheme::from_toml(file).unwrap();
    assert_eq!((read.identity(), read.fallback_identity()), (Identity::Unknown, Identity::Unknown));
    let with_id = Scheme::from_toml(&format!("{file}event_id = [\"body:/id\"]\n")).unwrap();
    assert_eq!(with_id.identity(), Identity::Id);
    assert_eq!(with_id.fallback_identity(), Identity::Unknown);
}

#[test]
fn the_id_of_an_unknown_event_covers_everything_signed() {
    let scheme = dated().signed_payload("{header:X-Topic}.{ts}.{body}").build().unwrap();
    let id = |topic, unix_ms| {
        let verified = verify(&scheme, &[("X-Topic", topic)], unix_ms, "{}");
        assert_eq!(verified.identity(), Identity::Unknown);
        verified.event_id().to_owned()
    };
    assert_eq!(id("made", NOW_MS), id("made", NOW_MS));
    assert_ne!(id("made", NOW_MS), id("made", NOW_MS - 1000));
    assert_ne!(id("made", NOW_MS), id("gone", NOW_MS));
}

#[test]
fn a_content_id_includes_the_time_only_if_retries_keep_it() {
    for (signature, counts) in [
        (RetrySignature::New, false),
        (RetrySignature::Unknown, false),
        (RetrySignature::Same, true),
    ] {
        let scheme = dated().fallback_identity(Identity::Content).retry_signature(signature);
        let scheme = scheme.build().unwrap();
        let id = |unix_ms| {
            let verified = verify(&scheme, &[], unix_ms, r#"{"at":1}"#);
            assert_eq!(verified.identity(), Identity::Content);
            verified.event_id().to_owned()
        };
        assert_eq!(id(NOW_MS) != id(NOW_MS - 1000), counts, "{signature}");
        assert_eq!(id(NOW_MS), id(NOW_MS), "{signature}");
    }
}

#[test]
fn a_content_id_includes_signed_headers() {
    let scheme = dated().signed_payload("{header:X-Topic}.{ts}.{body}");
    let scheme = scheme.fallback_identity(Identity::Content).build().unwrap();
    let id = |topic, unix_ms| {
        verify(&scheme, &[("X-Topic", topic)], unix_ms, "{}").event_id().to_owned()
    };
    assert_eq!(id("made", NOW_MS), id("made", NOW_MS - 1000));
    assert_ne!(id("made", NOW_MS), id("gone", NOW_MS));
}

#[test]
fn an_empty_body_always_has_an_unknown_identity() {
    let scheme = dated().fallback_identity(Identity::Content).build().unwrap();
    let [first, second] = [NOW_MS, NOW_MS - 1000].map(|at| verify(&scheme, &[], at, ""));
    assert_eq!(first.identity(), Identity::Unknown);
    assert_ne!(first.event_id(), second.event_id());
}

#[test]
fn a_batch_is_identified_by_the_ids_of_all_its_elements_in_order() {
    let scheme = plain().event_id("body:/events/*/id").build().unwrap();
    let of = |ids: &[&str]| {
        let events: Vec<_> = ids.iter().map(|id| format!(r#"{{"n":1,"id":{id}}}"#)).collect();
        let body = format!(r#"{{"to":"me","events":[{}]}}"#, events.join(","));
        let verified = verify(&scheme, &[], NOW_MS, &body);
        (verified.event_id().to_owned(), verified.identity())
    };
    assert_eq!(of(&["\"a\""]), ("a".to_owned(), Identity::Id));
    let several = [
        of(&["\"a\"", "\"b\""]),
        of(&["\"b\"", "\"a\""]),
        of(&["\"a\"", "\"b\"", "\"c\""]),
        of(&["\"ab\"", "\"\\u0000c\""]),
        of(&["\"a\"", "\"b\\u0000c\""]),
        of(&["\"a\"", "\"a\""]),
        of(&["\"a\""]),
    ];
    for (index, one) in several.iter().enumerate() {
        assert_eq!(one.1, Identity::Id);
        assert!(several[..index].iter().all(|other| other != one), "{index}");
    }
    assert_eq!(of(&["\"a\"", "\"b\""]), of(&["\"a\"", "\"b\""]));
    // If the array is empty or an element has no id, the delivery has no id.
    for ids in [&[][..], &["null"], &["\"a\"", "null"], &["\"a\"", "\"\""], &["\"a\"", "{}"]] {
        let (id, identity) = of(ids);
        assert!(id.starts_with("sha256:") && identity == Identity::Unknown, "{ids:?}: {id}");
    }
}

#[test]
fn fields_that_change_between_attempts_do_not_change_the_id_of_a_batch() {
    let scheme = plain().event_id("body:/*/portal+/*/event").build().unwrap();
    let id = |body: &str| verify(&scheme, &[], NOW_MS, body).event_id().to_owned();
    let first = id(r#"[{"portal":1,"event":2,"attemptNumber":0},{"portal":1,"event":3}]"#);
    let retry = id(r#"[{"event":2,"portal":1,"attemptNumber":1},{"portal":1,"event":3}]"#);
    assert_eq!(first, retry);
    assert_eq!(id(r#"[{"portal":1,"event":2,"attemptNumber":7}]"#), "1:2");
    assert_ne!(id(r#"[{"portal":12,"event":3},{"portal":1,"event":2}]"#), first);
}

#[test]
fn an_ambiguous_body_has_an_unknown_identity_and_is_keyed_by_its_bytes() {
    let scheme = plain().event_id("body:/event/id").event_id("body:/id");
    let scheme = scheme.fallback_identity(Identity::Content).build().unwrap();
    for body in [
        r#"{"event":{"id":"a","id":"b"},"id":"c"}"#,
        r#"{"event":{"id":"a"},"event":{},"id":"c"}"#,
        r#"{"id":"c","id":"d"}"#,
    ] {
        let verified = verify(&scheme, &[], NOW_MS, body);
        assert_eq!(verified.identity(), Identity::Unknown, "{body}");
        assert_eq!(verified.event_id_from().to_string(), "digest", "{body}");
    }
}

#[test]
fn a_token_scheme_may_take_the_id_from_the_body() {
    let scheme = Scheme::builder("token")
        .algorithm(Algorithm::Token)
        .signature_header("X-Token")
        .event_id("body:/id")
        .build()
        .unwrap();
    let verified = verify(&scheme, &[], NOW_MS, r#"{"id":"evt_1"}"#);
    assert_eq!((verified.event_id(), verified.identity()), ("evt_1", Identity::Id));
    assert!(!verified.authenticates_body());
}

#[test]
fn an_id_equal_to_a_digest_has_another_key_than_that_digest() {
    let scheme = plain().event_id("body:/id").build().unwrap();
    let unnamed = verify(&scheme, &[], NOW_MS, "{}");
    let spelled = format!(r#"{{"id":"{}"}}"#, unnamed.event_id());
    let spelled = verify(&scheme, &[], NOW_MS, &spelled);
    assert_eq!(spelled.event_id(), unnamed.event_id());
    assert_ne!(key(&spelled), key(&unnamed));
}

#[test]
fn equal_ids_from_two_locations_are_two_events() {
    let orders = plain().event_id("body:/order/id").event_id("body:/refund/id");
    let batches = plain().event_id("body:/orders/*/id").event_id("body:/refunds/*/id");
    let stripe = schemes::stripe();
    for (scheme, bodies) in [
        (orders.build().unwrap(), [r#"{"order":{"id":7}}"#, r#"{"refund":{"id":7}}"#]),
        (
            batches.build().unwrap(),
            [r#"{"orders":[{"id":7},{"id":8}]}"#, r#"{"refunds":[{"id":7},{"id":8}]}"#],
        ),
        (
            stripe.with_event_id("/ticket/id").unwrap(),
            [r#"{"ticket":{"id":"7"}}"#, r#"{"id":"7"}"#],
        ),
        (
            schemes::gocardless(),
            [r#"{"events":[{"id":"7"}]}"#, r#"{"events":[],"meta":{"webhook_id":"7"}}"#],
        ),
    ] {
        let [first, second] = bodies.map(|body| verify(&scheme, &[], NOW_MS, body));
        assert_eq!([first.identity(), second.identity()], [Identity::Id; 2], "{bodies:?}");
        assert_eq!(first.event_id(), second.event_id(), "{bodies:?}");
        assert_ne!(key(&first), key(&second), "{bodies:?}");
        assert_eq!(key(&first), key(&verify(&scheme, &[], NOW_MS, bodies[0])), "{bodies:?}");
    }
    let scheme = with_id_header().event_id("body:/id").event_id("header:X-Id").build().unwrap();
    let in_body = verify_with_id(&scheme, "other", r#"{"id":"7"}"#, "X-");
    let in_header = verify_with_id(&scheme, "7", "{}", "X-");
    assert_eq!((in_body.event_id(), in_header.event_id()), ("7", "7"));
    assert_ne!(key(&in_body), key(&in_header));
}

#[test]
fn an_id_from_another_location_is_another_event() {
    let body = r#"{"order":{"id":7},"refund":{"id":7}}"#;
    let [before, after] = ["body:/order/id", "body:/refund/id"].map(|place| {
        let scheme = plain().event_id(place).build().unwrap();
        key(&verify(&scheme, &[], NOW_MS, body))
    });
    assert_ne!(before, after);
    // The same applies to a custom id location.
    let [before, after] = ["/order/id", "/refund/id"].map(|place| {
        let scheme = plain().build().unwrap().with_event_id(place).unwrap();
        key(&verify(&scheme, &[], NOW_MS, body))
    });
    assert_ne!(before, after);
}

#[test]
fn two_notations_of_one_location_are_equal() {
    let scheme = |place: &str| {
        let scheme = with_id_header().alternate_header_prefix("X-", "Acme-").event_id(place);
        scheme.build().unwrap()
    };
    let key_of = |place: &str, prefix: &str| {
        let verified = verify_with_id(&scheme(place), "7", "{}", prefix);
        (verified.event_id_from().to_string(), key(&verified))
    };
    let (from, expected) = key_of("header:X-Id", "X-");
    assert_eq!(from, "header:X-Id");
    assert_eq!(key_of("header:x-id", "X-").1, expected);
    // An attempt with the other header names is about the same event.
    let (from, other) = key_of("header:X-Id", "Acme-");
    assert_eq!((from.as_str(), other), ("header:Acme-Id", expected));
}

#[test]
fn a_content_id_keeps_the_boundaries_of_its_parts_without_the_time() {
    let scheme = Scheme::builder("dated")
        .signature_header("X-Signature")
        .signed_payload("{id}{ts}{body}")
        .id_header("X-Id")
        .timestamp_header("X-Timestamp", TimestampUnit::Rfc3339)
        .fallback_identity(Identity::Content)
        .build()
        .unwrap();
    let [first, second] =
        [("a1", "2"), ("a", "12")].map(|(id, body)| verify_with_id(&scheme, id, body, "X-"));
    assert_eq!([first.identity(), second.identity()], [Identity::Content; 2]);
    assert_ne!(first.event_id(), second.event_id());
    assert_ne!(key(&first), key(&second));
}

#[test]
fn a_blank_id_is_not_an_event_id() {
    let scheme = plain().event_id("body:/id").event_id("body:/parts/*/id").build().unwrap();
    for body in [
        r#"{"id":""}"#,
        r#"{"id":"  "}"#,
        r#"{"id":"\t\n"}"#,
        r#"{"parts":[{"id":"a"},{"id":" "}]}"#,
    ] {
        let verified = verify(&scheme, &[], NOW_MS, body);
        assert_eq!(verified.identity(), Identity::Unknown, "{body}");
    }
}

#[test]
fn a_boolean_is_not_an_event_id() {
    let scheme = plain().event_id("body:/id").event_id("body:/parts/*/id").event_id("body:/a+/b");
    let scheme = scheme.build().unwrap();
    let identity = |body: &str| verify(&scheme, &[], NOW_MS, body).identity();
    for body in [
        r#"{"id":false}"#,
        r#"{"id":true}"#,
        r#"{"parts":[{"id":"a"},{"id":true}]}"#,
        r#"{"parts":[{"id":false}]}"#,
        r#"{"a":true,"b":false}"#,
        r#"{"id":"True"}"#,
        // Nor is zero.
        r#"{"id":0}"#,
        r#"{"id":"0"}"#,
        r#"{"parts":[{"id":1},{"id":0}]}"#,
        r#"{"a":0,"b":false}"#,
    ] {
        assert_eq!(identity(body), Identity::Unknown, "{body}");
    }
    // Other numbers are ids, and a boolean or zero can be a part of one.
    for body in [
        r#"{"id":7}"#,
        r#"{"id":10}"#,
        r#"{"a":"1","b":true}"#,
        r#"{"a":false,"b":7}"#,
        r#"{"a":0,"b":7}"#,
        r#"{"a":"1","b":0}"#,
    ] {
        assert_eq!(identity(body), Identity::Id, "{body}");
    }
}

#[test]
fn a_placeholder_is_not_an_event_id() {
    let scheme = plain().event_id("body:/id").event_id("body:/a+/b").event_id("body:/parts/*/id");
    let scheme = scheme.build().unwrap();
    let identity = |body: &str| verify(&scheme, &[], NOW_MS, body).identity();
    for text in [
        "null",
        "undefined",
        "N/A",
        "-",
        "[object Object]",
        "00000000-0000-0000-0000-000000000000",
        "\\u0000",
        "{{ticket.id}}",
    ] {
        for body in [
            format!(r#"{{"id":"{text}"}}"#),
            format!(r#"{{"a":"account","b":"{text}"}}"#),
            format!(r#"{{"parts":[{{"id":"a"}},{{"id":"{text}"}}]}}"#),
        ] {
            assert_eq!(identity(&body), Identity::Unknown, "{body}");
        }
        // The next location is used.
        let body = format!(r#"{{"id":"{text}","a":"1","b":"2"}}"#);
        assert_eq!(verify(&scheme, &[], NOW_MS, &body).event_id(), "1:2", "{body}");
    }
    let scheme = with_id_header().event_id("header:X-Id").build().unwrap();
    for text in ["0", "null", "undefined", "-"] {
        let [first, second] =
            ["{\"n\":1}", "{\"n\":2}"].map(|body| verify_with_id(&scheme, text, body, "X-"));
        assert_eq!([first.identity(), second.identity()], [Identity::Unknown; 2], "{text}");
        assert_ne!(key(&first), key(&second), "{text}");
    }
    assert_eq!(verify_with_id(&scheme, "a0", "{}", "X-").identity(), Identity::Id);
}

#[test]
fn the_type_and_a_boolean_are_not_an_event_id() {
    let scheme = plain().event_type("body:/type").event_id("body:/type+/live");
    let scheme = scheme.event_id("body:/events/*/live+/type").build().unwrap();
    let identity = |body: &str| verify(&scheme, &[], NOW_MS, body).identity();
    for body in [
        r#"{"type":"paid","live":true}"#,
        r#"{"type":"paid","live":0}"#,
        r#"{"type":"paid","events":[{"live":7},{"live":false}]}"#,
    ] {
        assert_eq!(identity(body), Identity::Unknown, "{body}");
    }
    for body in [r#"{"type":"paid","live":"order_1"}"#, r#"{"type":"paid","events":[{"live":7}]}"#]
    {
        assert_eq!(identity(body), Identity::Id, "{body}");
    }
}

#[test]
fn the_type_and_a_time_of_a_built_in_scheme_are_not_the_id() {
    for place in ["/type+/created", "/created", "/type"] {
        let error = schemes::stripe().with_event_id(place).map(drop).unwrap_err();
        assert!(matches!(&error, ConfigError::Scheme { word: "event_id", .. }), "{error}");
    }
    assert!(schemes::stripe().with_event_id("/type+/data/object/id").is_ok());
}

#[test]
fn different_lists_of_values_have_different_ids_and_keys() {
    let scheme = plain().event_id("body:/a+/b").build().unwrap();
    let id = |a: &str, b: &str| {
        let body = serde_json::json!({ "a": a, "b": b }).to_string();
        verify(&scheme, &[], NOW_MS, &body).event_id().to_owned()
    };
    let values = ["a", "a:", ":a", "a\\", "\\a", "\\:", ":\\", "a:b", "a\\:b"];
    let pairs = values.iter().flat_map(|a| values.iter().map(move |b| (*a, *b)));
    let ids: HashSet<String> = pairs.map(|(a, b)| id(a, b)).collect();
    assert_eq!(ids.len(), values.len() * values.len());

    let [id_7, digest] = [r#"{"a":7,"b":8}"#, "{}"].map(|body| verify(&scheme, &[], NOW_MS, body));
    let names = ["a", "ab", "a:", "a/b", ":", "", "plain", "plaina", "body:/a+/b"];
    let keys: HashSet<EventKey> = names
        .iter()
        .flat_map(|name| [&id_7, &digest].map(|event| EventKey::of(event, &Endpoint::new(*name))))
        .collect();
    assert_eq!(keys.len(), 2 * names.len());
}

#[test]
fn the_user_can_set_the_field_that_identifies_the_event() {
    let zendesk = schemes::zendesk();
    let verifier = |place| Verifier::new(zendesk.clone(), secret()).unwrap().with_event_id(place);
    for place in ["/ticket", "body:/ticket", "/ticket+/at", "/log/*/id"] {
        assert_eq!(verifier(place).unwrap().scheme().identity(), Identity::Id, "{place}");
    }
    for place in
        ["", "ticket", "header:X-Zendesk-Webhook-Id", "/a/*/b/*/c", "/a/*/b+/c/*/d", "body:", "/a+"]
    {
        let error = verifier(place).map(drop).unwrap_err();
        assert!(
            matches!(&error, ConfigError::Scheme { word: "event_id", .. }),
            "{place:?}: {error}"
        );
    }
    let verified = |body: &str| {
        let scheme = zendesk.clone().with_event_id("/ticket+/at").unwrap();
        let verified = verify(&scheme, &[], NOW_MS, body);
        (verified.event_id().to_owned(), verified.identity())
    };
    assert_eq!(verified(r#"{"ticket":7,"at":"9:00"}"#), ("7:9\\:00".to_owned(), Identity::Id));
    assert_eq!(verified(r#"{"ticket":7}"#).1, Identity::Unknown);
    // A value that is not signed is not used as an id.
    let adyen = schemes::adyen().with_event_id("/live");
    assert!(matches!(adyen, Err(ConfigError::Scheme { word: "event_id", .. })), "{adyen:?}");
}

#[tokio::test(start_paused = true)]
async fn of_equal_bodies_with_unknown_identity_the_second_is_handled_and_flagged() {
    let receiver = receiver(plain());
    for is_repeat in [false, true, true] {
        let delivery = admit(&receiver, "{}").await.unwrap();
        let grant = delivery.claim.grant();
        assert_eq!((grant.possible_duplicate, grant.attempt), (is_repeat, 1));
        receiver.settle(delivery.claim, 200, &TokioRuntime).await;
    }
    let counters = receiver.counters();
    assert_eq!((counters.late_completions, counters.degraded), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn the_result_of_a_possible_duplicate_does_not_change_the_first_record() {
    let receiver = receiver(plain()).with_repeats(Repeats::Handle);
    let suppressing = receiver.clone().with_repeats(Repeats::Suppress);
    // While the first is in flight.
    let first = admit(&receiver, "{}").await.unwrap();
    let repeat = admit(&receiver, "{}").await.unwrap();
    assert!(repeat.claim.grant().possible_duplicate);
    receiver.settle(repeat.claim, 200, &TokioRuntime).await;
    assert_eq!(admit(&suppressing, "{}").await.unwrap_err().code(), "in_flight");
    drop(admit(&receiver, "{}").await.unwrap());
    first.claim.renew().await.unwrap();
    receiver.settle(first.claim, 200, &TokioRuntime).await;
    // And after it has completed.
    for status in [200, 500] {
        let repeat = admit(&receiver, "{}").await.unwrap();
        assert!(repeat.claim.grant().possible_duplicate, "{status}");
        receiver.settle(repeat.claim, status, &TokioRuntime).await;
        assert_eq!(admit(&suppressing, "{}").await.unwrap_err().code(), "duplicate");
    }
}

#[tokio::test(start_paused = true)]
async fn a_possible_duplicate_in_flight_waits_and_is_then_handled() {
    let receiver = receiver(plain()).with_ack_deadline(Duration::from_secs(3));
    let held = admit(&receiver, "{}").await.unwrap();
    let began = Instant::now();
    let repeat = admit(&receiver, "{}").await.unwrap();
    assert!(repeat.claim.grant().possible_duplicate);
    let waited = began.elapsed().as_millis();
    assert!((1000..1020).contains(&waited), "{waited} ms");
    // If the first fails meanwhile, this is the next attempt for the same
    // event.
    let failing = receiver.clone();
    tokio::spawn(async move {
        sleep(Duration::from_millis(300)).await;
        failing.settle(held.claim, 500, &TokioRuntime).await;
    });
    let next = admit(&receiver, "{}").await.unwrap().claim.grant();
    assert_eq!((next.possible_duplicate, next.attempt), (false, 2));
}

#[tokio::test(start_paused = true)]
async fn by_default_only_known_duplicates_are_suppressed() {
    let content = || plain().fallback_identity(Identity::Content);
    let id = || plain().event_id("body:/id");
    for (scheme, body, is_suppressed) in [
        (plain(), r#"{"id":1}"#, false),
        (content(), r#"{"id":1}"#, true),
        (content().retries(Retries::Never), r#"{"id":1}"#, false),
        (id(), r#"{"id":1}"#, true),
        (id().retries(Retries::Never), r#"{"id":1}"#, true),
        (id(), "{}", false),
        (id().fallback_identity(Identity::Content), "{}", true),
        (id().interactive(Interactive::Yes), r#"{"id":1}"#, false),
        (id().interactive(Interactive::WithId), r#"{"id":1}"#, false),
        (id().interactive(Interactive::WithoutId), r#"{"id":1}"#, true),
        (content().interactive(Interactive::WithoutId), "{}", false),
        (content().interactive(Interactive::WithId), "{}", true),
    ] {
        let receiver = receiver(scheme.clone());
        let first = admit(&receiver, body).await.unwrap();
        receiver.settle(first.claim, 200, &TokioRuntime).await;
        let repeat = admit(&receiver, body).await;
        let flagged = repeat.map(|delivery| delivery.claim.grant().possible_duplicate);
        let expected = if is_suppressed { Err("duplicate") } else { Ok(true) };
        assert_eq!(flagged.map_err(|answer| answer.code()), expected, "{scheme:?} {body}");
        for (repeats, expected) in
            [(Repeats::Suppress, Err("duplicate")), (Repeats::Handle, Ok(true))]
        {
            let repeat = admit(&receiver.clone().with_repeats(repeats), body).await;
            let flagged = repeat.map(|delivery| delivery.claim.grant().possible_duplicate);
            assert_eq!(flagged.map_err(|answer| answer.code()), expected, "{scheme:?} {body}");
        }
    }
}

fn plain() -> SchemeBuilder {
    Scheme::builder("plain").signature_header("X-Signature").signed_payload("{body}")
}

fn dated() -> SchemeBuilder {
    Scheme::builder("dated")
        .signature_header("X-Signature")
        .signed_payload("{ts}.{body}")
        .timestamp_header("X-Timestamp", TimestampUnit::Seconds)
}

/// A scheme whose id is in the header `X-Id`.
fn with_id_header() -> SchemeBuilder {
    plain().signature_header("X-Signature").signed_payload("{id}.{body}").id_header("X-Id")
}

fn secret() -> Secret {
    Secret::new(SECRET).unwrap()
}

fn key(verified: &Verified) -> EventKey {
    EventKey::of(verified, &Endpoint::new("a"))
}

/// Signs with an id and verifies. `prefix` replaces the `X-` of the header
/// names.
fn verify_with_id(scheme: &Scheme, id: &str, body: &str, prefix: &str) -> Verified {
    let signer = Signer::new(scheme.clone(), secret()).unwrap().with_id(id).at_unix_ms(NOW_MS);
    let headers = signer.sign(body.as_bytes()).unwrap();
    let renamed = headers.into_iter().map(|(name, value)| (name.replacen("X-", prefix, 1), value));
    let headers: Vec<(String, String)> = renamed.collect();
    let verifier = Verifier::new(scheme.clone(), secret()).unwrap().with_clock(|| NOW_MS);
    verifier.verify(&headers, body.to_owned()).unwrap()
}

/// Signs and verifies.
fn verify(scheme: &Scheme, own: &[(&str, &str)], unix_ms: i64, body: &str) -> Verified {
    let signer = Signer::new(scheme.clone(), secret()).unwrap().at_unix_ms(unix_ms);
    let own = own.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let own: Vec<(String, String)> = own.collect();
    let mut headers = signer.sign_with(&own, body.as_bytes()).unwrap();
    headers.extend(own);
    let verifier = Verifier::new(scheme.clone(), secret()).unwrap().with_clock(|| NOW_MS);
    verifier.verify(&headers, body.to_owned()).unwrap()
}

fn receiver(scheme: SchemeBuilder) -> Receiver<MemoryStore> {
    let verifier = Verifier::new(scheme.build().unwrap(), secret()).unwrap();
    Receiver::new(verifier.with_endpoint("identity"), MemoryStore::new())
}

async fn admit(
    receiver: &Receiver<MemoryStore>,
    body: &str,
) -> Result<ClaimedDelivery<MemoryStore>, EarlyResponse> {
    let signer = Signer::new(receiver.verifier().scheme().clone(), secret()).unwrap();
    let headers = signer.sign(body.as_bytes()).unwrap();
    receive(receiver, &headers, body).await
}
