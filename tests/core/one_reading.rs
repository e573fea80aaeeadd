//! A signed string can be parsed in one way only: no part of a recorded delivery can be moved to
//! another field.

use countersign::scheme::{Algorithm, SchemeBuilder, TimestampUnit};
use countersign::{
    ConfigError, PublicUrl, RequestHead, Scheme, Secret, Signer, Verified, Verifier, VerifyError,
    VerifyErrorKind as Kind, schemes,
};
use ring::{digest, hmac};

use fixtures::delivery::{ID, NOW_MS};

const SECONDS: TimestampUnit = TimestampUnit::Seconds;
const MONTH_MS: i64 = 30 * 86_400_000;
const ORIGIN: &str = "https://o.example";
const KEY: &str = "a key that both know";

// Templates.

fn template(signed: &str) -> SchemeBuilder {
    let scheme = Scheme::builder("acme").signature_header("X-Signature").signed_payload(signed);
    let scheme = if signed.contains("{id") { scheme.id_header("X-Id") } else { scheme };
    if signed.contains("{ts}") { scheme.timestamp_header("X-Time", SECONDS) } else { scheme }
}

#[test]
fn an_ambiguous_template_is_rejected_with_the_fix() {
    for (signed, part) in [
        ("{id}{body}", "{id}"),
        ("{id}{ts}{body}", "{id}"),
        ("{ts}{id}{body}", "{id}"),
        ("{header:X-Nonce}{body}", "{header:X-Nonce}"),
        ("{header:X-Nonce}{ts}{body}", "{header:X-Nonce}"),
        ("{header:X-Nonce}{url}{body}", "{header:X-Nonce}"),
        ("{header:X-A}{header:X-B}.{body}", "{header:X-A}"),
        // A timestamp followed by a digit has no clear end.
        ("{header:X-A}{ts}7{body}", "{header:X-A}"),
        ("{method}POST{body}", "{method}"),
        ("{method}{id}.{body}", "{method}"),
        ("{body}{id}", "{id}"),
        ("{body}{header:X-A}", "{header:X-A}"),
        ("{body}.{header:X-A}{header:X-B}", "{header:X-B}"),
    ] {
        let Err(ConfigError::Scheme { word, problem, .. }) = template(signed).build() else {
            panic!("{signed} was accepted");
        };
        assert_eq!(word, "signed_payload", "{signed}");
        assert!(problem.contains(&format!("`{part}`")), "{signed}: {problem}");
        assert!(problem.contains("put a character"), "{signed}: {problem}");
    }
}

#[test]
fn an_unambiguous_template_is_accepted() {
    for signed in [
        "{id}.{ts}.{body}",
        "{id}{ts}.{body}",
        "{id:36}{ts}{body}",
        "{header:X-Nonce:8}{ts}{body}",
        "{header:X-Nonce}\n{body}",
        "{method}{url}{body}",
        "{method} {url} {ts}{body}",
        "{url}{body}",
        "{body}{url}",
        "{body}{ts}",
        "{body}|{id}",
        "{body}.{header:X-A}.{ts}",
    ] {
        assert!(template(signed).build().is_ok(), "{signed}");
    }
    for signed in ["{id}{body}", "{header:X-Nonce}{ts}{body}", "{id}{ts}{body}"] {
        let scheme = template(signed).body_begins_with("{[");
        assert!(scheme.build().is_ok(), "{signed}");
    }
    // An RFC 3339 time has a fixed end, and contains a character that no id has.
    let scheme =
        Scheme::builder("acme").signature_header("X-Signature").signed_payload("{id}{ts}{body}");
    let scheme = scheme.id_header("X-Id").timestamp_header("X-Time", TimestampUnit::Rfc3339);
    assert!(scheme.build().is_ok());
    for bad in ["{id:0}.{body}", "{id:x}.{body}", "{header:X-A:}.{body}", "{header:X-A:999}.{body}"]
    {
        let rejected = template(bad).build().unwrap_err().to_string();
        assert!(rejected.contains("is not a length"), "{bad}: {rejected}");
    }
    for bad in ["", "ä"] {
        let rejected = template("{body}").body_begins_with(bad).build().unwrap_err();
        assert!(matches!(rejected, ConfigError::Scheme { word: "body_begins_with", .. }));
    }
}

#[test]
fn a_url_without_a_delimiter_after_it_must_be_configured_exactly() {
    let scheme = template("{url}{id:3}{body}").build().unwrap();
    let secret = || Secret::new(KEY).unwrap();
    let rejected = Verifier::with_public_url(origin(), scheme.clone(), secret()).unwrap_err();
    assert!(matches!(rejected, ConfigError::Url { .. }), "{rejected}");
    let exact = PublicUrl::new(format!("{ORIGIN}/x")).unwrap();
    assert!(Verifier::with_public_url(exact, scheme, secret()).is_ok());
}

#[test]
fn a_part_must_match_the_constraints_of_the_template() {
    let verifier = |signed: &str, begins: Option<&str>| {
        let scheme = template(signed);
        let scheme =
            if let Some(begins) = begins { scheme.body_begins_with(begins) } else { scheme };
        verifier(&scheme.build().unwrap(), None)
    };
    let kind = |verifier: &Verifier, values: [&str; 3], body: &str| {
        let [id, header, time] = values;
        let tag = const_hex::encode([0; 32]);
        let sent = [("X-Signature", &*tag), ("X-Id", id), ("X-A", header), ("X-Time", time)];
        verifier.verify(&sent, body.to_owned()).unwrap_err().kind()
    };
    let [id, header, time] = ["id-1", "a", "1760000000"];
    let mismatch = Kind::SignatureMismatch;

    let dots = verifier("{id}.{header:X-A}|{ts}{body}", None);
    assert_eq!(kind(&dots, [id, header, time], "x"), mismatch);
    assert_eq!(kind(&dots, ["id.1", header, time], "x"), Kind::MalformedId);
    assert_eq!(kind(&dots, [id, "a|b", time], "x"), Kind::MalformedSignature);
    for digits in ["176000000", "17600000000", "01760000000"] {
        assert_eq!(kind(&dots, [id, header, digits], "x"), Kind::MalformedTimestamp);
    }
    let lengths = verifier("{id:4}{header:X-A:1}{ts}.{body}", None);
    assert_eq!(kind(&lengths, [id, header, time], "x"), mismatch);
    assert_eq!(kind(&lengths, ["id-12", header, time], "x"), Kind::MalformedId);
    assert_eq!(kind(&lengths, [id, "ab", time], "x"), Kind::MalformedSignature);
    let json = verifier("{header:X-A}{ts}{body}", Some("{["));
    assert_eq!(kind(&json, [id, "7{", time], "{"), Kind::MalformedSignature);
    assert_eq!(kind(&json, [id, "7", time], "{"), mismatch);
}

#[test]
fn a_body_begins_as_the_scheme_requires_or_is_empty() {
    let scheme = template("{id}{body}").body_begins_with("{[").build().unwrap();
    let verifier = verifier(&scheme, None);
    for (body, is_accepted) in
        [("{}", true), ("[]", true), ("", true), (" {}", false), ("x{", false)]
    {
        let tag = const_hex::encode(fixtures::delivery::hmac_sha256(KEY, format!("id-1{body}")));
        let sent = [("X-Signature", tag.as_str()), ("X-Id", "id-1")];
        assert_eq!(verifier.verify(&sent, body).is_ok(), is_accepted, "{body:?}");
    }
}

// Headers and body.

/// Every way to split the signed bytes of a delivery into its headers and body.
fn cuts(signed: &str, headers: usize) -> Vec<(Vec<String>, String)> {
    let mut all = vec![(Vec::new(), signed.to_owned())];
    for _ in 0..headers {
        let cut = |(parts, rest): (Vec<String>, String)| {
            (0..=rest.len()).map(move |at| {
                let mut parts = parts.clone();
                parts.push(rest[..at].to_owned());
                (parts, rest[at..].to_owned())
            })
        };
        all = all.into_iter().flat_map(cut).collect();
    }
    all
}

#[test]
fn a_recorded_delivery_cannot_be_split_into_a_newer_or_different_one() {
    for (name, headers, between) in [
        ("quicknode", &["X-QN-Nonce", "X-QN-Timestamp"][..], ""),
        ("twitch", &["Twitch-Eventsub-Message-Id", "Twitch-Eventsub-Message-Timestamp"], ""),
        ("standardwebhooks", &["webhook-id", "webhook-timestamp"], "."),
        ("zendesk", &["X-Zendesk-Webhook-Signature-Timestamp"], ""),
        ("cashfree", &["x-webhook-timestamp"], ""),
    ] {
        let scheme = schemes::named(name).unwrap();
        // The body contains later times, as a deadline would.
        let body = r#"{"at":1760000000,"or":"1760000000000.2025-10-09T08:53:20Z","a":[{"b":"{"}]}"#;
        let secret =
            if name == "standardwebhooks" { "whsec_c2VjcmV0IHNlY3JldCBzZWNyZXQh" } else { KEY };
        let signer = Signer::new(scheme.clone(), Secret::new(secret).unwrap()).unwrap();
        let signer = signer.with_id(ID).at_unix_ms(NOW_MS - MONTH_MS);
        let given = [("X-QN-Nonce", "8a7f3c1e")];
        let sent = signer.sign_with(&given, body.as_bytes()).unwrap();
        let given = given.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let value = |header: &str| {
            let mut all = given.iter().chain(&sent);
            all.find(|(name, _)| name.eq_ignore_ascii_case(header)).unwrap().1.clone()
        };
        let mut signed: String = headers.iter().map(|header| value(header) + between).collect();
        signed.push_str(body);

        let at = |now_ms: i64| {
            let verifier = Verifier::new(scheme.clone(), Secret::new(secret).unwrap()).unwrap();
            verifier.with_clock(move || now_ms)
        };
        let (then, now) = (at(NOW_MS - MONTH_MS), at(NOW_MS));
        let mut genuine = 0;
        for (mut values, rest) in cuts(&signed, headers.len()) {
            if !between.is_empty() {
                if !values.iter().all(|value| value.ends_with(between)) {
                    continue;
                }
                values.iter_mut().for_each(|value| value.truncate(value.len() - between.len()));
            }
            let others = given.iter().chain(&sent);
            let others =
                others.filter(|(name, _)| !headers.iter().any(|it| it.eq_ignore_ascii_case(name)));
            let mut all: Vec<(&str, &str)> =
                others.map(|(name, value)| (&**name, &**value)).collect();
            all.extend(headers.iter().copied().zip(values.iter().map(String::as_str)));
            assert!(now.verify(&all, rest.clone()).is_err(), "{name}: {values:?} | {rest}");
            if then.verify(&all, rest.clone()).is_ok() {
                assert_eq!(rest, body, "{name}: {values:?}");
                genuine += 1;
            }
        }
        assert_eq!(genuine, 1, "{name}");
    }
}

#[test]
fn bytes_cannot_be_moved_from_the_body_into_a_header_of_coinbase() {
    let body = r#"{"id":"evt_1","amount":"12.50","to":"0xabc"}"#;
    let names = "content-type x-event-id x-event-type";
    let values = ["application/json", "evt_1", "onchain.activity.detected"];
    let signed = format!("{}.{names}.{}.{body}", NOW_MS / 1000, values.join("."));
    let tag = const_hex::encode(fixtures::delivery::hmac_sha256(KEY, &signed));
    let signature = format!("t={},h={names},v1={tag}", NOW_MS / 1000);
    let verifier = verifier(&schemes::coinbase_cdp_v1(), None);
    let verify = |values: [&str; 3], body: &str| {
        let names = ["content-type", "x-event-id", "x-event-type"];
        let headers: Vec<(&str, &str)> =
            names.into_iter().zip(values).chain([("X-Hook0-Signature", &*signature)]).collect();
        verifier.verify(&headers, body.to_owned()).map(drop).map_err(|error| error.kind())
    };
    assert_eq!(verify(values, body), Ok(()));
    let cut = body.find('.').unwrap();
    let longer = format!("{}.{}", values[2], &body[..cut]);
    assert!(verify([values[0], values[1], &longer], &body[cut + 1..]).is_err());
    assert!(verify([values[0], "evt_1.onchain", "activity.detected"], body).is_err());
    assert!(
        verify([values[0], values[1], "onchain"], &format!("activity.detected.{body}")).is_err()
    );
}

#[test]
fn a_header_of_contentful_cannot_be_split_into_two() {
    let scheme = schemes::contentful();
    let verifier = verifier(&scheme, Some(PublicUrl::new(format!("{ORIGIN}/x")).unwrap()));
    let list = "content-type,x-contentful-signed-headers,x-contentful-timestamp";
    let time = NOW_MS.to_string();
    for (value, is_one) in [
        ("application/json; charset=utf-8", true),
        ("a;x-contentful-timestamp:1", false),
        ("a\nb", false),
    ] {
        let headers = format!(
            "content-type:{value};x-contentful-signed-headers:{list};x-contentful-timestamp:{time}"
        );
        let signed = format!("POST\n/x\n{headers}\n{{}}");
        let tag = const_hex::encode(fixtures::delivery::hmac_sha256(KEY, signed));
        let sent = [
            ("content-type", value),
            ("x-contentful-signature", &tag),
            ("x-contentful-signed-headers", list),
            ("x-contentful-timestamp", &time),
        ];
        let rejected = verifier.verify(RequestHead::new("POST", "/x", &sent), "{}").err();
        let kind = (!is_one).then_some(Kind::MalformedSignature);
        assert_eq!(rejected.map(|error| error.kind()), kind, "{value:?}");
    }
}

#[test]
fn a_delivery_in_hubspots_second_format_is_rejected_in_its_first() {
    let (v1, v2) = (schemes::hubspot_v1(), schemes::hubspot_v2());
    let url = PublicUrl::new(format!("{ORIGIN}/x")).unwrap();
    let signer = Signer::new(v2, Secret::new(KEY).unwrap()).unwrap().with_url(url);
    let sent = signer.sign(b"[{}]").unwrap();
    let rejected = verifier(&v1, None).verify(&sent, format!("POST{ORIGIN}/x[{{}}]")).unwrap_err();
    assert_eq!(rejected.kind(), Kind::SignatureMismatch);
}

#[test]
fn a_length_extension_of_a_plain_digest_is_rejected() {
    let body = b"[{\"eventId\":1}]";
    let verifier = verifier(&schemes::hubspot_v1(), None);
    let verifies = |body: &[u8]| {
        let digest = sha256([KEY.as_bytes(), body].concat());
        verifier.verify(&[("X-HubSpot-Signature", digest)], body.to_vec()).is_ok()
    };
    let padded = [&body[..], &padding(KEY.len() + body.len())].concat();
    assert!(verifies(body));
    assert!(!verifies(&[&padded[..], b"[{\"eventId\":2}]"].concat()));
    assert!(!verifies(&padded));
}

/// The padding that SHA-256 appends to a message of this length. With the digest of the message, an
/// attacker can compute the digest of the message, the padding and any text that follows.
fn padding(length: usize) -> Vec<u8> {
    let zeros = vec![0; (119 - length % 64) % 64];
    [&[0x80][..], &zeros, &(8 * length as u64).to_be_bytes()].concat()
}

#[test]
fn a_plain_digest_with_the_secret_first_is_only_for_bodies_that_are_one_document() {
    for signed in
        ["{secret}{body}", "{secret}{ts}.{body}", "{secret}|{body}|", "{secret}{id}.{body}"]
    {
        let scheme = || template(signed).algorithm(Algorithm::Sha256);
        for begins in [None, Some("a"), Some("{a"), Some("{[ ")] {
            let scheme = match begins {
                Some(begins) => scheme().body_begins_with(begins),
                None => scheme(),
            };
            let Err(ConfigError::Scheme { word, problem, .. }) = scheme.build() else {
                panic!("{signed} was accepted with {begins:?}");
            };
            assert_eq!(word, "body_begins_with", "{signed}: {problem}");
            assert!(problem.contains("append"), "{problem}");
            assert!(problem.contains("write `{[`"), "{problem}");
        }
        for begins in ["{[", "{", "["] {
            assert!(scheme().body_begins_with(begins).build().is_ok(), "{signed} {begins}");
        }
    }
    for signed in ["{body}{secret}", "{ts}.{body}|{secret}"] {
        assert!(template(signed).algorithm(Algorithm::Sha256).build().is_ok(), "{signed}");
    }
}

#[test]
fn nothing_can_be_appended_to_a_body_signed_by_a_plain_digest() {
    let digest_of = |signed: &str| {
        let scheme = template(signed).algorithm(Algorithm::Sha256).body_begins_with("{[");
        verifier(&scheme.build().unwrap(), None)
    };
    let verify = |verifier: &Verifier, message: &[u8], header: &[u8], body: &[u8]| {
        let tag = sha256([KEY.as_bytes(), message].concat());
        let sent = [
            ("X-Signature", tag.as_bytes()),
            ("X-Time", b"1760000000".as_slice()),
            ("X-A", header),
        ];
        verifier.verify(&sent, body.to_vec()).map(drop).map_err(|error| error.kind())
    };
    let (body, more) = (br#"{"amount":1}"#.as_slice(), br#"{"amount":999999}"#.as_slice());
    for (signed, front) in [("{secret}{body}", ""), ("{secret}{ts}.{body}", "1760000000.")] {
        let verifier = digest_of(signed);
        let message = [front.as_bytes(), body].concat();
        assert_eq!(verify(&verifier, &message, b"", body), Ok(()), "{signed}");
        // With a body, and with an empty one.
        for body in [body, b""] {
            let message = [front.as_bytes(), body].concat();
            let tail = [&padding(KEY.len() + message.len())[..], more].concat();
            let (longer, body) = ([&message[..], &tail].concat(), [body, &tail].concat());
            let verdict = verify(&verifier, &longer, b"", &body);
            assert_eq!(verdict, Err(Kind::SignatureMismatch), "{signed}");
        }
    }
    // A header in front of the body would contain the padding.
    let verifier = digest_of("{secret}{header:X-A}{body}");
    assert_eq!(verify(&verifier, b"a{}", b"a", b"{}"), Ok(()));
    let header = [&b"a"[..], &padding(KEY.len() + 1)].concat();
    let verdict = verify(&verifier, &[&header[..], more].concat(), &header, more);
    assert_eq!(verdict, Err(Kind::MalformedSignature));
}

// URLs and body.

#[test]
fn bytes_cannot_be_moved_between_the_body_and_the_path() {
    let body = r#"{"event_id":"evt_1","text":"see https://o.example/hooks/other?x=[1]","a":[]}"#;
    for name in ["square", "trello", "hubspot", "hubspot-v2"] {
        let scheme = schemes::named(name).unwrap();
        let url = PublicUrl::new(format!("{ORIGIN}/hooks/acme?v=1")).unwrap();
        let signer = Signer::new(scheme.clone(), Secret::new(KEY).unwrap()).unwrap();
        let sent = signer.with_url(url).at_unix_ms(NOW_MS).sign(body.as_bytes()).unwrap();
        let verifier = verifier(&scheme, Some(origin()));
        let verifies = |target: &str, body: &str| {
            verifier.verify(RequestHead::new("POST", target, &sent), body.to_owned()).is_ok()
        };
        let mut genuine = 0;
        let target = "/hooks/acme?v=1";
        if name == "trello" {
            let signed = format!("{body}{ORIGIN}{target}");
            for (at, _) in signed.match_indices(ORIGIN) {
                let (cut, behind) = (&signed[..at], &signed[at + ORIGIN.len()..]);
                genuine += usize::from(verifies(behind, cut));
            }
        } else {
            let signed = format!("{target}{body}");
            for at in 0..=signed.len() {
                genuine += usize::from(verifies(&signed[..at], &signed[at..]));
            }
        }
        assert_eq!(genuine, 1, "{name}");
        assert!(verifies(target, body), "{name}");
    }
}

// Twilio and Mandrill.

fn sha1(message: &str) -> String {
    use base64::Engine;
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, KEY.as_bytes());
    base64::engine::general_purpose::STANDARD.encode(hmac::sign(&key, message.as_bytes()))
}

/// The text that a form with these fields appends to the signed URL.
fn fields(fields: &[(&str, &str)]) -> String {
    fields.iter().flat_map(|(name, value)| [*name, *value]).collect()
}

fn form(fields: &[(&str, &str)]) -> String {
    let escaped = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let pairs = fields.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value)));
    pairs.collect::<Vec<_>>().join("&")
}

fn twilio(url: PublicUrl, signed: &str, target: &str, body: &str) -> Result<Verified, VerifyError> {
    let signature = sha1(signed);
    let headers = [("X-Twilio-Signature", signature.as_str())];
    let verifier = verifier(&schemes::twilio(), Some(url));
    verifier.verify(RequestHead::new("POST", target, &headers), body.to_owned())
}

#[test]
fn a_form_of_twilio_is_never_parsed_as_json_or_as_a_url() {
    let evil = r#"{"MessageStatus":"delivered"}"#;
    let digest = sha256(evil);
    let text = format!("&bodySHA256={digest}");
    for text in [text.clone(), format!("{text}&"), format!("?bodySHA256={digest}")] {
        let given = [("AccountSid", "AC1"), ("Body", text.as_str()), ("From", "+1"), ("To", "+2")];
        let target = "/sms?v=1";
        let signed = format!("{ORIGIN}{target}{}", fields(&given));
        let forged = signed.strip_prefix(ORIGIN).unwrap();
        for url in [origin(), PublicUrl::new(format!("{ORIGIN}{target}")).unwrap()] {
            assert!(twilio(url.clone(), &signed, target, &form(&given)).is_ok());
            assert!(twilio(url.clone(), &signed, forged, evil).is_err());
            assert!(twilio(url.clone(), &signed, forged, "").is_err());
            let rest = form(&[("To", "+2")]);
            assert!(twilio(url, &signed, forged.strip_suffix("To+2").unwrap(), &rest).is_err());
        }
    }
}

#[test]
fn a_url_that_twilio_signs_alone_is_never_parsed_as_a_form() {
    let exact = || PublicUrl::new(format!("{ORIGIN}/sms")).unwrap();
    let body = "{}";
    let json = format!("?bodySHA256={}", sha256(body));
    for (query, body) in [(json.as_str(), body), ("?AccountSid=AC1&Digits=1", "")] {
        let signed = format!("{ORIGIN}/sms{query}");
        for url in [exact(), origin()] {
            assert!(twilio(url, &signed, &format!("/sms{query}"), body).is_ok(), "{query}");
        }
        for field in [(query, ""), ("", query)] {
            let field = form(&[field]);
            assert!(twilio(exact(), &signed, "/sms", &field).is_err(), "{query}");
            assert!(twilio(origin(), &signed, "/sms", &field).is_err(), "{query}");
        }
        assert!(twilio(origin(), &signed, &format!("/sms{query}"), "other").is_err(), "{query}");
        let behind = form(&[("AccountSid", query.trim_start_matches("?AccountSid"))]);
        assert!(twilio(origin(), &signed, "/sms?", &behind).is_err(), "{query}");
    }
}

#[test]
fn an_origin_accepts_twilio_forms_with_an_unambiguous_url_end() {
    let verify = |target: &str, given: &[(&str, &str)]| {
        let signed = format!("{ORIGIN}{target}{}", fields(given));
        twilio(origin(), &signed, target, &form(given)).map(drop).map_err(|error| error.kind())
    };
    assert_eq!(verify("/sms", &[("AccountSid", "AC1"), ("To", "+1")]), Ok(()));
    for (target, given) in [
        ("/sms", &[("CallSid", "CA1")][..]),
        ("/sms", &[("Aa", "1"), ("AccountSid", "AC1")]),
        ("/sms", &[("AccountSid", "=AC1")]),
        ("/AccountSid", &[("AccountSid", "AC1")]),
        ("/sms?AccountSid=AC1", &[("AccountSid", "AC1")]),
    ] {
        assert_eq!(verify(target, given), Err(Kind::MalformedSignature), "{target}");
    }
}

#[test]
fn an_origin_accepts_mandrill_forms_with_an_unambiguous_url_end() {
    let scheme = schemes::mandrill();
    let given = [("mandrill_events", r#"[{"event":"send","x":"mandrill_events[]"}]"#)];
    let signed = format!("{ORIGIN}/mandrill{}", fields(&given));
    let signature = sha1(&signed);
    let headers = [("X-Mandrill-Signature", signature.as_str())];
    let verifier = verifier(&scheme, Some(origin()));
    let verifies = |target: &str, body: &str| {
        verifier.verify(RequestHead::new("POST", target, &headers), body.to_owned()).is_ok()
    };
    assert!(verifies("/mandrill", &form(&given)));
    let behind = signed.strip_prefix(ORIGIN).unwrap();
    for at in "/mandrill".len() + 1..=behind.len() {
        assert!(!verifies(&behind[..at], &form(&[(&behind[at..], "")])), "{at}");
    }
    assert!(!verifies("/mandri", &form(&[("llmandrill_events", given[0].1)])));
}

fn sha256(bytes: impl AsRef<[u8]>) -> String {
    const_hex::encode(digest::digest(&digest::SHA256, bytes.as_ref()))
}

fn origin() -> PublicUrl {
    PublicUrl::origin(ORIGIN).unwrap()
}

fn verifier(scheme: &Scheme, url: Option<PublicUrl>) -> Verifier {
    let secret = Secret::new(KEY).unwrap();
    let verifier = match url {
        Some(url) => Verifier::with_public_url(url, scheme.clone(), secret),
        None => Verifier::new(scheme.clone(), secret),
    };
    verifier.unwrap().with_clock(|| NOW_MS)
}
