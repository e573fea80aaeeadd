//! The schemes whose signing is code, and their trait.

mod cases;
mod certificates;
mod jwt;
mod keys;
mod live_keys;
mod own;
mod paypal;
mod shared_keys;
mod signed_parts;
mod sns;
mod unsignable;

use std::time::Duration;

use countersign::custom::SignatureCoverage;
use countersign::{
    EventIdFrom, Scheme, Secret, Secrets, Signer, Verifier, VerifyErrorKind as Kind, schemes,
};
use countersign_conformance::{Expect, vectors};

use cases::{ADYEN, Case, JSON, NAMES, Sent, cases, verifier};
use fixtures::delivery::{NO_HEADERS, NOW_MS};
use fixtures::receiving::begin;

/// Each with a request, the key that signed it, and another key.
pub(crate) fn diagnosed_cases()
-> impl Iterator<Item = (Scheme, countersign::diagnose::CapturedRequest, [String; 2])> {
    cases().map(|case| {
        let sent = case.signed();
        let request = countersign::diagnose::CapturedRequest::new(sent.headers, sent.body)
            .with_url("https://receiver.example/hook?tenant=7");
        let known = [0, 1].map(|number: usize| case.keys[number][1].clone());
        (case.scheme, request, known)
    })
}

#[test]
fn exactly_these_fourteen_schemes_are_code() {
    let code: Vec<&str> =
        schemes::names().filter(|name| !schemes::named(name).unwrap().is_data()).collect();
    assert_eq!(code, NAMES);
}

#[test]
fn every_vector_of_the_schemes_in_code_gets_its_verdict() {
    let mut run = 0;
    for vector in vectors().iter().filter(|vector| NAMES.contains(&vector.provider.as_str())) {
        let scheme = schemes::named(&vector.provider).unwrap();
        vector.check(&scheme).unwrap_or_else(|disagreement| panic!("{disagreement}"));
        run += 1;
    }
    assert_eq!(run, 76);
}

// What all of them have in common.

#[test]
fn a_delivery_signed_by_code_verifies() {
    for case in cases() {
        let sent = case.signed();
        let verified = sent.verify(&case.verifier());
        let verified = verified.unwrap_or_else(|error| panic!("{}: {error}", case.name()));
        assert_eq!(verified.body(), &sent.body, "{}", case.name());
        assert_eq!(verified.secret_index(), 0, "{}", case.name());
        let covers_body = *case.scheme.covers() == SignatureCoverage::Body;
        assert_eq!(verified.authenticates_body(), covers_body, "{}", case.name());
        let stated = case.scheme.tolerance().map(|_| NOW_MS);
        assert_eq!(verified.signed_at_unix_ms(), stated, "{}", case.name());
    }
}

#[test]
fn a_body_in_pieces_is_verified_as_a_whole() {
    for case in cases() {
        let sent = case.signed();
        let mut begun = begin(&case.verifier(), &sent.headers).unwrap();
        for byte in &sent.body {
            begun.update(vec![*byte]).unwrap();
        }
        let verified = begun.verify();
        let verified = verified.unwrap_or_else(|error| panic!("{}: {error}", case.name()));
        assert_eq!(verified.body(), &sent.body, "{}", case.name());
    }
}

#[test]
fn either_of_two_valid_secrets_verifies_and_is_named() {
    for case in cases() {
        let verifier = case.verifier_with(&[0, 1]);
        for (index, name) in [(0, "new"), (1, "old")] {
            // Box's second key signs only its own header.
            let keys = if case.name() == "box" && index == 1 { vec![1, 1] } else { vec![index] };
            let verified = case.signed_with(&keys, NOW_MS).verify(&verifier);
            let verified = verified.unwrap_or_else(|error| panic!("{}: {error}", case.name()));
            assert_eq!(verified.secret_index(), index, "{}", case.name());
            assert_eq!(verified.secret_name(), Some(name), "{}", case.name());
        }
        let rejected = case.signed_with(&[1], NOW_MS).rejected(&case.verifier());
        assert_eq!(rejected, Some(Kind::SignatureMismatch), "{}", case.name());
    }
}

#[test]
fn every_flipped_bit_of_a_signed_header_is_rejected() {
    for case in cases() {
        let (sent, verifier) = (case.signed(), case.verifier());
        let signed = sent.headers.iter().enumerate().filter(|(_, (name, _))| {
            let is_key_name = name.eq_ignore_ascii_case(NAMES_A_KEY);
            !is_key_name && case.scheme.headers().any(|it| it.eq_ignore_ascii_case(name))
        });
        for (index, (header, value)) in signed {
            for bit in 0..value.len() * 8 {
                let mut flipped = sent.clone();
                flip(&mut flipped.headers[index].1, bit);
                // Hexadecimal of either case is the same signature.
                let is_same = flipped.headers[index].1.eq_ignore_ascii_case(value);
                let is_rejected = flipped.rejected(&verifier).is_some();
                assert!(is_rejected || is_same, "{}: bit {bit} of {header}", case.name());
            }
        }
    }
}

#[test]
fn the_headers_of_a_scheme_include_all_that_signing_adds() {
    for case in cases() {
        let given = ["content-type", "x-event-id"];
        for (name, _) in case.signed().headers {
            let is_declared = case.scheme.headers().any(|it| it.eq_ignore_ascii_case(&name));
            let is_given = given.iter().any(|it| it.eq_ignore_ascii_case(&name));
            assert!(is_declared || is_given, "{}: {name}", case.name());
        }
    }
}

/// It selects the key, and is not signed: only its host and its folder are checked.
const NAMES_A_KEY: &str = "PAYPAL-CERT-URL";

#[test]
fn every_flipped_bit_of_the_covered_body_is_rejected() {
    for case in cases() {
        let (sent, verifier) = (case.signed(), case.verifier());
        let original = sent.verify(&verifier).unwrap();
        let mut rejected = 0;
        for bit in 0..sent.body.len() * 8 {
            let mut flipped = sent.clone();
            flip(&mut flipped.body, bit);
            let Ok(verified) = flipped.verify(&verifier) else {
                rejected += 1;
                continue;
            };
            assert_ne!(
                *case.scheme.covers(),
                SignatureCoverage::Body,
                "{}: bit {bit}",
                case.name()
            );
            if let SignatureCoverage::Fields(fields) = case.scheme.covers() {
                let (was, is) = (json(&sent.body), json(&flipped.body));
                for field in fields {
                    assert_eq!(was.pointer(field), is.pointer(field), "{}: {field}", case.name());
                }
            }
            // A passcode does not authenticate the body, so it does not authenticate the body's
            // digest either.
            if case.name() != "figma" {
                assert_eq!(verified.event_id(), original.event_id(), "{}: bit {bit}", case.name());
            }
        }
        assert!(rejected >= 8 * 7, "{}: {rejected}", case.name());
    }
}

fn json(body: &[u8]) -> serde_json::Value {
    serde_json::from_slice(body).unwrap()
}

fn flip(bytes: &mut [u8], bit: usize) {
    bytes[bit / 8] ^= 1 << (bit % 8);
}

#[test]
fn a_signed_time_is_checked_against_both_sides_of_the_tolerance() {
    for case in cases() {
        let Some(tolerance) = case.scheme.tolerance() else { continue };
        let whole_seconds = |limit: Option<Duration>| i64::try_from(limit.unwrap().as_millis());
        let past = whole_seconds(tolerance.past()).unwrap();
        let future = whole_seconds(tolerance.future()).unwrap();
        for (age_ms, verdict) in [
            (past, None),
            (past + 1000, Some(Kind::TimestampTooOld)),
            (-future, None),
            (-future - 1000, Some(Kind::TimestampInFuture)),
        ] {
            let sent = case.signed_with(&[0], NOW_MS - age_ms);
            let rejected = sent.rejected(&case.verifier());
            assert_eq!(rejected, verdict, "{}, {age_ms} ms old", case.name());
        }
    }
}

#[test]
fn invalid_signature_headers_are_rejected_before_the_body_is_read() {
    for case in cases().filter(|case| case.scheme.headers().next().is_some()) {
        let (sent, verifier) = (case.signed(), case.verifier());
        let header = case.scheme.headers().next().unwrap().to_owned();
        let rejected =
            |sent: &Sent| begin(&verifier, &sent.headers).err().map(|error| error.kind());
        assert_eq!(rejected(&sent), None, "{}", case.name());
        let without = sent.clone().without_header(&header);
        assert_eq!(rejected(&without), Some(Kind::MissingSignature), "{}", case.name());
        let empty = sent.clone().with_header(&header, "");
        assert_eq!(rejected(&empty), Some(Kind::MalformedSignature), "{}", case.name());
        let mut twice = sent.clone();
        twice.headers.push((header.to_ascii_uppercase(), b"x".to_vec()));
        assert_eq!(rejected(&twice), Some(Kind::RepeatedHeader), "{}", case.name());
        let encoded = sent.with_header("content-encoding", "gzip");
        assert_eq!(rejected(&encoded), Some(Kind::UnsupportedEncoding), "{}", case.name());
    }
}

#[test]
fn random_headers_and_bodies_neither_panic_nor_verify() {
    let bodies = [
        Vec::new(),
        b"\0".to_vec(),
        b"\xff\xfe{}".to_vec(),
        "[".repeat(1_000_000).into_bytes(),
        format!("{}1{}", r#"{"a":"#.repeat(100_000), "}".repeat(100_000)).into_bytes(),
        format!("[{}]", ["{}"; 300_000].join(",")).into_bytes(),
        vec!["a=b"; 10_000].join("&").into_bytes(),
        "&=".repeat(500_000).into_bytes(),
        "%".repeat(1_000_000).into_bytes(),
        br#"{"signature":null,"passcode":null,"Signature":null,"notificationItems":null}"#.to_vec(),
        br#"{"signature":[],"passcode":{},"Signature":1.5,"notificationItems":[[[]]]}"#.to_vec(),
        br#"{"notificationItems":[{"NotificationRequestItem":"\ud800"}]}"#.to_vec(),
        br#"{"signature":{"timestamp":"-9223372036854775808","token":"","signature":""}}"#.to_vec(),
    ];
    let values: [&[u8]; 12] = [
        b"",
        b"\0",
        b"\xff\xff",
        b"..",
        b"a.b.c",
        b"e30.e30.",
        b"eyJhbGciOiJub25lIn0.e30.",
        b"t=1,h=a b c,v1=00",
        b"=,=,=",
        "\u{661}\u{662}".as_bytes(),
        &[b'9'; 5000],
        &[b','; 5000],
    ];
    for case in cases() {
        let (sent, verifier) = (case.signed(), case.verifier());
        for body in &bodies {
            let rejected = sent.clone().with_body(body).rejected(&verifier);
            assert!(rejected.is_some(), "{}: {:.20?}", case.name(), body);
        }
        for (name, _) in &sent.headers {
            for value in values {
                let _ = sent.clone().with_header(name, value).rejected(&verifier);
            }
            let _ = sent.clone().without_header(name).rejected(&verifier);
        }
    }
}

#[test]
fn neither_a_verified_delivery_nor_a_rejection_shows_a_secret_or_a_body() {
    for case in cases() {
        let (sent, verifier) = (case.signed(), case.verifier());
        let proof = format!("{verifier:?} {:?}", sent.verify(&verifier));
        let rejection = sent.clone().with_body("hunter2").verify(&verifier).unwrap_err();
        let shown = format!("{proof} {rejection} {rejection:?} {:?}", verifier.scheme());
        let secret = case.keys[0][0].lines().nth(1).unwrap_or(&case.keys[0][0]);
        assert!(secret == "one" || !shown.contains(secret), "{shown}");
        assert!(!shown.contains("hunter2") && !shown.contains("thing.made"), "{shown}");
    }
}

// Signatures in the body.

#[test]
fn a_scheme_with_its_signature_in_the_body_requires_sign_request() {
    for name in ["adyen", "aws-sns", "figma", "mailgun"] {
        let case = Case::of(name);
        let signer = Secret::new(case.keys[0][0].as_str()).unwrap();
        let signer = Signer::new(case.scheme.clone(), signer).unwrap().at_unix_ms(NOW_MS);
        let body = if name == "adyen" { ADYEN } else { JSON };
        let rejected = signer.sign(body.as_bytes()).unwrap_err().to_string();
        assert!(rejected.contains("in the body"), "{rejected}");
        for bad in ["", "[]", "7", "no json"] {
            assert!(signer.sign_request(&[("a", "b")], bad.as_bytes()).is_err(), "{name}: {bad}");
        }
    }
}

#[test]
fn a_name_that_differs_from_a_signed_one_only_in_case_is_rejected() {
    for (name, from, to) in [
        ("adyen", r#""value":"#, r#""Value":1,"value":"#),
        ("adyen", r#""notificationItems":"#, r#""NotificationItems":[],"notificationItems":"#),
        ("aws-sns", r#""Message":"#, r#""message":"other","Message":"#),
        ("figma", r#""passcode":"#, r#""Passcode":"other","passcode":"#),
        ("mailgun", r#""signature":{"#, r#""Signature":{},"signature":{"#),
        ("mailgun", r#""token":"#, "\"to\u{212a}en\":\"other\",\"token\":"),
    ] {
        let case = Case::of(name);
        let sent = case.signed().with_text(from, to);
        assert!(sent.rejected(&case.verifier()).is_some(), "{name}: {to}");
    }
}

#[test]
fn sns_signs_any_object_as_the_message_that_was_published() {
    let case = Case::of("aws-sns");
    let signer = Secret::new(case.keys[0][0].as_str()).unwrap();
    let signer = Signer::new(case.scheme.clone(), signer).unwrap().at_unix_ms(NOW_MS);
    let sign = |body: &str| signer.sign_request(&NO_HEADERS, body.as_bytes());

    let signed = sign(r#"{"type":"paid","id":7}"#).unwrap();
    let body: serde_json::Value = serde_json::from_slice(signed.body().unwrap()).unwrap();
    assert_eq!(body["Message"], r#"{"id":7,"type":"paid"}"#);
    assert_eq!(body["type"], serde_json::Value::Null);

    let kept = sign(r#"{"TopicArn":"arn:aws:sns:us-east-1:1:t","id":7}"#).unwrap();
    let body: serde_json::Value = serde_json::from_slice(kept.body().unwrap()).unwrap();
    assert_eq!(body["id"], 7);

    let rejected = sign(r#"{"Message":"x","message":"y"}"#).unwrap_err().to_string();
    assert!(rejected.contains("`message` in the body differs only in case"), "{rejected}");
}

#[test]
fn a_body_with_a_repeated_field_is_rejected() {
    for (name, from, to) in [
        ("adyen", r#""live":"#, r#""live":"true","live":"#),
        ("adyen", r#""amount":{"#, r#""amount":{},"amount":{"#),
        ("aws-sns", r#""Message":"#, r#""Message":"other","Message":"#),
        ("figma", r#""id":"#, r#""id":"other","id":"#),
        ("mailgun", r#""signature":{"#, r#""signature":{},"signature":{"#),
    ] {
        let case = Case::of(name);
        let sent = case.signed().with_text(from, to);
        assert!(sent.rejected(&case.verifier()).is_some(), "{name}: {to}");
    }
}

#[test]
fn a_body_with_too_many_members_is_too_large_and_not_without_a_signature() {
    for name in ["adyen", "aws-sns", "figma", "mailgun"] {
        let verifier = Case::of(name).verifier();
        let rejected = |members: usize| {
            let members: Vec<_> = (0..members).map(|number| format!("\"{number}\":0")).collect();
            verifier.verify(&NO_HEADERS, format!("{{{}}}", members.join(","))).unwrap_err().kind()
        };
        assert_eq!(rejected(4097), Kind::BodyTooLarge, "{name}");
        assert_eq!(rejected(4096), Kind::MissingSignature, "{name}");
    }
}

#[test]
fn a_body_may_have_any_number_of_unsigned_members() {
    let component = r#"{"key":"\"a\"","name":"b","name":"c"},"#;
    let components = format!("\"components\":[{}0],", component.repeat(3_000));
    for name in ["adyen", "figma", "mailgun"] {
        let case = Case::of(name);
        let sent = case.signed();
        let body = String::from_utf8(sent.body.clone()).unwrap();
        let body = body.replacen('{', &format!("{{{components}"), 1);
        assert_eq!(sent.with_body(body).rejected(&case.verifier()), None, "{name}");
    }
}

#[test]
fn a_delivery_of_adyen_has_exactly_one_item_and_it_is_signed() {
    let case = Case::of("adyen");
    let (sent, verifier) = (case.signed(), case.verifier());
    let one = json(&sent.body).pointer("/notificationItems/0").unwrap().clone();
    let with = |items: Vec<serde_json::Value>| {
        let mut body = json(&sent.body);
        body["notificationItems"] = items.into();
        sent.clone().with_body(body.to_string()).rejected(&verifier)
    };
    let changed = |pointer: &str, value: serde_json::Value| {
        let mut item = one.clone();
        *item.pointer_mut(&format!("/NotificationRequestItem{pointer}")).unwrap() = value;
        vec![item]
    };
    assert_eq!(with(vec![one.clone()]), None);
    assert_eq!(with(Vec::new()), Some(Kind::MissingSignature));
    let unsigned = changed("/additionalData", serde_json::json!({}));
    assert_eq!(with(unsigned), Some(Kind::MissingSignature));
    assert_eq!(with(changed("/amount/value", 2000.into())), Some(Kind::SignatureMismatch));
    assert_eq!(with(changed("/amount/value", 1000.5.into())), Some(Kind::MalformedSignature));
    // Each item is signed, but no signature covers all of them together.
    for other in [one.clone(), serde_json::json!({}), serde_json::Value::Null] {
        for items in [vec![one.clone(), other.clone()], vec![other, one.clone()]] {
            assert_eq!(with(items), Some(Kind::TooManySignatures));
        }
    }
    assert_eq!(with(vec![one.clone(); 100]), Some(Kind::TooManySignatures));
    let object = serde_json::json!({ "notificationItems": { "0": one } });
    let object = sent.clone().with_body(object.to_string());
    assert_eq!(object.rejected(&verifier), Some(Kind::MissingSignature));
    // Too many bytes.
    assert_eq!(with(vec![one; 2000]), Some(Kind::BodyTooLarge));
}

#[test]
fn the_fields_that_adyen_signs_cannot_be_split_differently() {
    let case = Case::of("adyen");
    let (sent, verifier) = (case.signed(), case.verifier());
    // `psp::account:ref:1000:EUR:CAPTURE:true`, one field further to the left.
    let item = sent.clone().with_text(r#""pspReference":"psp","#, r#""pspReference":"psp:","#);
    let item =
        item.with_text(r#""merchantAccountCode":"account","#, r#""originalReference":"account","#);
    assert_eq!(item.rejected(&verifier), Some(Kind::MalformedSignature));
    // The merchant's own reference may contain any characters.
    let body = ADYEN.replace(r#""ref""#, r#""a:b::c""#);
    let signer = Secret::new(case.keys[0][0].as_str()).unwrap();
    let signer = Signer::new(case.scheme.clone(), signer).unwrap();
    let signed = signer.sign_request(&[("a", "b")], body.as_bytes()).unwrap();
    let sent = sent.with_body(signed.body().unwrap());
    assert!(sent.verify(&verifier).is_ok());
}

#[test]
fn fields_that_adyen_does_not_sign_do_not_change_the_event_id() {
    let case = Case::of("adyen");
    let (sent, verifier) = (case.signed(), case.verifier());
    let verified = sent.verify(&verifier).unwrap();
    let kind = verified.event_type().unwrap();
    assert_eq!((kind.name, kind.is_signed()), ("CAPTURE", true));
    let changed = sent.with_text(r#""reason":"none""#, r#""reason":"changed""#);
    let changed = changed.verify(&verifier).unwrap();
    assert_eq!(changed.event_id(), verified.event_id());
    assert_eq!(changed.event_id_from(), &EventIdFrom::Digest);
    assert!(!changed.authenticates_body());
}

#[test]
fn a_signature_of_mailgun_identifies_one_event() {
    let case = Case::of("mailgun");
    let (sent, verifier) = (case.signed(), case.verifier());
    let verified = sent.verify(&verifier).unwrap();
    let forged = sent.clone().with_text("thing.made", "thing.unmade").verify(&verifier).unwrap();
    assert_eq!(forged.event_id(), verified.event_id());
    assert_eq!(*case.scheme.covers(), SignatureCoverage::Nothing);
    let other = case.signed_with(&[0], NOW_MS - 1000).verify(&verifier).unwrap();
    assert_ne!(other.event_id(), verified.event_id());
}

#[test]
fn mailguns_parent_signature_verifies_too() {
    let case = Case::of("mailgun");
    let verifier = case.verifier();
    let signed = case.signed();
    // An event of a subaccount: `signature` is made with the subaccount's key, which is not known
    // here.
    let mut body = json(&case.signed_with(&[1], NOW_MS).body);
    assert_eq!(
        signed.clone().with_body(body.to_string()).rejected(&verifier),
        Some(Kind::SignatureMismatch)
    );
    body["signature"]["parent-signature"] = json(&signed.body)["signature"]["signature"].take();
    let id = |sent: Sent, verifier: &Verifier| sent.verify(verifier).unwrap().event_id().to_owned();
    let whole = signed.clone().with_body(body.to_string());
    let by_parent = id(whole.clone(), &verifier);
    assert_eq!(by_parent, id(signed.clone(), &verifier));
    // With either key it is one event, even if one of the signatures is removed.
    let both = case.verifier_with(&[0, 1]);
    assert_eq!(id(whole.clone(), &both), by_parent);
    for cut in ["signature", "parent-signature"] {
        let mut body = body.clone();
        body["signature"].as_object_mut().unwrap().remove(cut);
        assert_eq!(id(whole.clone().with_body(body.to_string()), &both), by_parent, "{cut}");
    }
    // With a time and a token different from those of `signature`, it would be a second event.
    let beside = signed.with_text(r#""signature":{"#, r#""parent-signature":{"#);
    assert_eq!(beside.rejected(&both), Some(Kind::MissingSignature));
}

#[test]
fn the_id_of_figmas_events_does_not_depend_on_the_passcode() {
    let case = Case::of("figma");
    let id = |keys: &[usize]| {
        let verified = case.signed_with(keys, NOW_MS).verify(&case.verifier_with(&[0, 1]));
        verified.unwrap().event_id().to_owned()
    };
    assert_eq!(id(&[0]), id(&[1]));
}

#[test]
fn the_id_of_figmas_events_depends_on_every_byte_but_the_passcode() {
    let figma = |passcode: &str, body: &str| {
        let verifier = verifier(&schemes::figma(), Secret::new(passcode).unwrap());
        verifier.verify(&NO_HEADERS, body.to_owned()).unwrap().event_id().to_owned()
    };
    for (passcode, first, second) in [
        // The text of the passcode is also in another field, before and in it.
        (
            "secret",
            r#"{"comment":"secretbox","passcode":"secret"}"#,
            r#"{"comment":"boxsecret","passcode":"secret"}"#,
        ),
        ("2", r#"{"name":"v12","passcode":"2"}"#, r#"{"name":"v21","passcode":"2"}"#),
        ("a", r#"{"a":"b","passcode":"a"}"#, r#"{"b":"a","passcode":"a"}"#),
        (
            "passcode",
            r#"{"x":{"passcode":"n"},"passcode":"passcode"}"#,
            r#"{"x":{"n":"passcode"},"passcode":"passcode"}"#,
        ),
    ] {
        assert_ne!(figma(passcode, first), figma(passcode, second), "{first}");
    }
    // Escapes belong to the passcode.
    let written = |passcode: &str| format!(r#"{{"event_type":"PING","passcode":{passcode}}}"#);
    let plain = figma("secret", &written(r#""secret""#));
    assert_eq!(figma("secret", &written(r#""\u0073ecret""#)), plain);
    assert_eq!(figma("other \"\\", &written(r#""other \"\\""#)), plain);
    let named = r#"{"event_type":"PING","pass\u0063ode":"secret"}"#;
    assert_ne!(figma("secret", named), plain);
    assert_eq!(figma("other", &named.replace("secret", "other")), figma("secret", named));
}

// Headers and fields that describe how the request is signed.

#[test]
fn a_request_chooses_no_algorithm() {
    for (name, header, value, kind) in [
        ("box", "box-signature-version", "2", Kind::UnsupportedSignature),
        ("box", "box-signature-algorithm", "HmacSHA1", Kind::UnsupportedSignature),
        ("paypal", "PAYPAL-AUTH-ALGO", "SHA1withRSA", Kind::UnsupportedSignature),
        ("twilio-sharedkey", SETTINGS, "key=a,algorithm=HMAC_SHA1", Kind::UnsupportedSignature),
        ("twilio-sharedkey", SETTINGS, "key=a", Kind::UnsupportedSignature),
        (
            "twilio-sharedkey",
            SETTINGS,
            "algorithm=HMAC_SHA256,algorithm=none",
            Kind::UnsupportedSignature,
        ),
    ] {
        let case = Case::of(name);
        let (sent, verifier) = (case.signed(), case.verifier());
        let rejected = |sent: Sent| begin(&verifier, &sent.headers).err().map(|error| error.kind());
        assert_eq!(
            rejected(sent.clone().with_header(header, value)),
            Some(kind),
            "{name}: {value}"
        );
        assert_eq!(rejected(sent.without_header(header)), Some(kind), "{name}: {header}");
    }
}

const SETTINGS: &str = "X-Twilio-Webhooks-Signature-Settings";

#[test]
fn box_binds_each_key_to_its_header() {
    let case = Case::of("box");
    let sent = case.signed_with(&[0, 1], NOW_MS);
    let secondary = sent.header("box-signature-secondary").to_owned();
    let primary = sent.header("box-signature-primary").to_owned();
    let verifier = case.verifier_with(&[0, 1]);
    let crossed = sent
        .clone()
        .with_header("box-signature-primary", secondary)
        .with_header("box-signature-secondary", primary);
    assert_eq!(crossed.rejected(&verifier), Some(Kind::SignatureMismatch));
    let only_secondary = sent.clone().without_header("box-signature-primary");
    assert_eq!(only_secondary.verify(&verifier).unwrap().secret_index(), 1);
    assert_eq!(only_secondary.rejected(&case.verifier()), Some(Kind::SignatureMismatch));
    let three = Secrets::new(Secret::new("1").unwrap())
        .with_previous(Secret::new("2").unwrap())
        .with_previous(Secret::new("3").unwrap());
    let rejected = Verifier::new(case.scheme, three).unwrap_err().to_string();
    assert!(rejected.contains("secret 2"), "{rejected}");
}

#[test]
fn a_header_listed_as_signed_must_be_present_and_unchanged() {
    let case = Case::of("coinbase-cdp-v1");
    let (sent, verifier) = (case.signed(), case.verifier());
    let without = sent.clone().without_header("x-event-id");
    assert_eq!(without.rejected(&verifier), Some(Kind::MissingHeader));
    let changed = sent.clone().with_header("x-event-id", "evt_2");
    assert_eq!(changed.rejected(&verifier), Some(Kind::SignatureMismatch));
    for (from, to) in [("t=", "t=1,t="), ("h=", "h=a,h=")] {
        let value = sent.header("X-Hook0-Signature").replacen(from, to, 1);
        let twice = sent.clone().with_header("X-Hook0-Signature", value);
        assert_eq!(twice.rejected(&verifier), Some(Kind::MalformedSignature), "{to}");
    }
    let many = vec!["content-type"; 33].join(" ");
    let value = sent.header("X-Hook0-Signature").replace("h=content-type", &format!("h={many}"));
    let many = sent.with_header("X-Hook0-Signature", value);
    assert_eq!(many.rejected(&verifier), Some(Kind::MalformedSignature));
}

#[test]
fn contentful_must_sign_its_timestamp_and_its_list() {
    let case = Case::of("contentful");
    let (sent, verifier) = (case.signed(), case.verifier());
    for list in [
        "",
        "x-contentful-timestamp",
        "x-contentful-signed-headers",
        "content-type",
        "X-Contentful-Timestamp,X-Contentful-Signed-Headers",
        "x-contentful-signed-headers,x-contentful-timestamp,x-contentful-timestamp",
    ] {
        let rejected = sent.clone().with_header("x-contentful-signed-headers", list);
        assert_eq!(rejected.rejected(&verifier), Some(Kind::MalformedSignature), "{list}");
    }
    let absent = "absent,x-contentful-signed-headers,x-contentful-timestamp";
    let rejected = sent.with_header("x-contentful-signed-headers", absent).rejected(&verifier);
    assert_eq!(rejected, Some(Kind::MissingHeader));
}

// Forms.

#[test]
fn the_same_form_in_another_encoding_is_the_same_event() {
    for name in ["twilio", "twilio-sharedkey"] {
        let case = Case::of(name);
        let (sent, verifier) = (case.signed(), case.verifier());
        let id = sent.verify(&verifier).unwrap().event_id().to_owned();
        for body in ["a=1&b=2", "&a=1&&b=2", "%61=1&b=%32"] {
            let verified = sent.clone().with_body(body).verify(&verifier);
            assert_eq!(verified.unwrap().event_id(), id, "{name}: {body}");
        }
        for body in ["a=1", "a=1&b=2&c=", "a=2&b=1", "a=1&b=2&b=3"] {
            let rejected = sent.clone().with_body(body).rejected(&verifier);
            assert_eq!(rejected, Some(Kind::SignatureMismatch), "{name}: {body}");
        }
    }
}

#[test]
fn a_form_of_mandrill_is_one_field_which_has_one_reading() {
    let case = Case::of("mandrill");
    let (sent, verifier) = (case.signed(), case.verifier());
    let id = sent.verify(&verifier).unwrap().event_id().to_owned();
    for body in ["&mandrill_events=1", "mandrill%5Fevents=%31&"] {
        assert_eq!(
            sent.clone().with_body(body).verify(&verifier).unwrap().event_id(),
            id,
            "{body}"
        );
    }
    // The same signed text.
    for body in
        ["mandrill_events1=", "mandrill_event=s1", "m=andrill_events1", "mandrill_events1=&="]
    {
        let rejected = sent.clone().with_body(body).rejected(&verifier);
        assert_eq!(rejected, Some(Kind::MalformedSignature), "{body}");
    }
    for body in ["mandrill_events=2", "mandrill_events=1&a=", "mandrill_events=1&mandrill_events=1"]
    {
        let rejected = sent.clone().with_body(body).rejected(&verifier);
        assert_eq!(rejected, Some(Kind::SignatureMismatch), "{body}");
    }
}

#[test]
fn the_digest_in_twilios_url_must_match_the_body() {
    let vector = vectors().iter().find(|vector| {
        vector.provider == "twilio"
            && vector.expect == Expect::Valid
            && vector.url.as_ref().is_some_and(|url| url.contains("bodySHA256"))
    });
    let vector = vector.unwrap();
    let origin = countersign::PublicUrl::origin("https://mycompany.com").unwrap();
    let scheme = schemes::twilio();
    let verifier = Verifier::with_public_url(origin, scheme, vector.secrets().unwrap()).unwrap();
    assert!(verifier.verify(vector.head(), vector.body.clone()).is_ok());
    for body in [&b"{}"[..], b"", b"a=b"] {
        let rejected = verifier.verify(vector.head(), body.to_vec()).unwrap_err();
        assert_eq!(rejected.kind(), Kind::SignatureMismatch);
    }
    // The path of the request is unknown if only the headers are given.
    let rejected = begin(&verifier, &vector.headers).unwrap_err();
    assert_eq!(rejected.kind(), Kind::Misconfigured);
}

#[test]
fn a_plain_digest_must_have_its_exact_format() {
    let case = Case::of("moralis");
    let (sent, verifier) = (case.signed(), case.verifier());
    let value = sent.header("x-signature").to_owned();
    for bad in
        [value[2..].to_owned(), format!("0x{value}"), format!("{value}00"), value[..64].into()]
    {
        let rejected = sent.clone().with_header("x-signature", bad).rejected(&verifier);
        assert_eq!(rejected, Some(Kind::MalformedSignature));
    }
    let other = verifier_of_figma();
    assert_eq!(sent.rejected(&other), Some(Kind::MissingSignature));
}

fn verifier_of_figma() -> Verifier {
    verifier(&schemes::figma(), Secret::new("one").unwrap())
}
