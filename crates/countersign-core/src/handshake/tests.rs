use std::time::Duration;

use super::*;
use crate::crypto::algorithm::Encoding;
use crate::error::VerifyErrorKind;
use crate::scheme::HandshakeBuilder;
use crate::time::clock::ManualClock;
use crate::verify::Verifier;
use crate::verify::sign::Signer;

const NO_HEADERS: [(&str, &str); 0] = [];

fn acme(handshakes: impl IntoIterator<Item = HandshakeBuilder>) -> Verifier {
    let scheme = Scheme::builder("acme").signature_header("X-Signature").signed_payload("{body}");
    let scheme = handshakes.into_iter().fold(scheme, |scheme, one| scheme.handshake(one));
    Verifier::new(scheme.build().unwrap(), Secret::new("secret").unwrap()).unwrap()
}

fn get(verifier: &Verifier, target: &str) -> Option<HandshakeAnswer> {
    verifier.handshake(RequestHead::new("GET", target, &NO_HEADERS))?.answer(b"").ok()
}

fn post(verifier: &Verifier, body: &str) -> Option<HandshakeAnswer> {
    verifier.handshake(RequestHead::new("POST", "/", &NO_HEADERS))?.answer(body.as_bytes()).ok()
}

fn signed(verifier: &Verifier, body: &str) -> Option<HandshakeAnswer> {
    let signer = Signer::new(verifier.scheme().clone(), Secret::new("secret").unwrap()).unwrap();
    let headers = signer.sign(body.as_bytes()).unwrap();
    verifier.verify(&headers, body.to_owned()).unwrap().handshake()
}

fn challenge() -> HandshakeBuilder {
    Handshake::unsigned("challenge").method("GET").text("query:challenge")
}

fn url_verification() -> HandshakeBuilder {
    Handshake::signed("url-verification").when("body:/type", "verify").text("body:/challenge")
}

fn key_in_body() -> HandshakeBuilder {
    Handshake::unsigned_in_window("key").capture("body:/key")
}

#[test]
fn a_signed_handshake_is_never_answered_to_an_unsigned_request() {
    let verifier = acme([url_verification()]);
    let body = r#"{"type":"verify","challenge":"abc"}"#;
    assert!(post(&verifier, body).is_none());
    assert!(verifier.verify(&NO_HEADERS, body).is_err());
    assert_eq!(signed(&verifier, body).unwrap().body(), "abc");
}

#[test]
fn an_event_is_no_handshake() {
    let verifier = acme([url_verification(), challenge(), key_in_body()]);
    verifier.open_handshake_window(Duration::from_secs(60));
    for event in [
        "",
        "{}",
        r#"{"type":"paid","challenge":"abc"}"#,
        r#"{"type":"verify"}"#,
        r#"{"type":"verify","challenge":""}"#,
        r#"{"type":"verify","challenge":{"a":1}}"#,
        r#"{"type":"verify","challenge":false}"#,
        r#"{"type":"verify","challenge":0}"#,
        r#"{"type":"verify","challenge":null}"#,
        r#"{"type":"verify","type":"paid","challenge":"abc"}"#,
        r#"{"type":"verify","challenge":"abc","challenge":"abc"}"#,
        r#"{"type":"verify","challenge":"abc"} x"#,
        r#"{"key":"abc"}"#,
    ] {
        assert!(signed(&verifier, event).is_none(), "{event}");
    }
    let long = format!(r#"{{"type":"verify","challenge":"{}"}}"#, "a".repeat(MAX_TEXT + 1));
    assert!(signed(&verifier, &long).is_none());
}

#[test]
fn a_value_that_is_used_is_a_json_string() {
    let fields = Handshake::signed("json").when("body:/type", "1");
    let fields = fields.json_echo("a", "body:/a").json_hmac("b", "body:/b", Encoding::Hex, "");
    let verifier = acme([fields, key_in_body()]);
    assert!(signed(&verifier, r#"{"type":1,"a":"x","b":"y"}"#).is_some());
    assert!(signed(&verifier, r#"{"type":"1","a":"x","b":"y"}"#).is_some());
    for body in [r#"{"type":1,"a":0,"b":"y"}"#, r#"{"type":1,"a":"x","b":true}"#] {
        assert!(signed(&verifier, body).is_none(), "{body}");
    }
    for key in ["1", "true", "\"\""] {
        verifier.open_handshake_window(Duration::from_secs(60));
        assert!(post(&verifier, &format!(r#"{{"key":{key}}}"#)).is_none(), "{key}");
    }
    assert!(post(&verifier, r#"{"key":"1"}"#).is_some());
}

#[test]
fn an_array_without_elements_is_empty_or_missing() {
    let batch = Handshake::signed("batch").when("body:/kind", "batch").absent("body:/events/0");
    let only = Handshake::signed("only").when("body:/list/0/type", "ping").absent("body:/list/1");
    let verifier = acme([batch, only]);
    for body in [
        r#"{"kind":"batch","events":[]}"#,
        r#"{"kind":"batch","events":null}"#,
        r#"{"kind":"batch"}"#,
        r#"{"list":[{"type":"ping"}]}"#,
    ] {
        assert!(signed(&verifier, body).is_some(), "{body}");
    }
    for events in
        ["[null]", r#"[null,{"id":"2"}]"#, "{}", r#"{"0":null}"#, r#""x""#, "false", "[{}]", "[[]]"]
    {
        let body = format!(r#"{{"kind":"batch","events":{events}}}"#);
        assert!(signed(&verifier, &body).is_none(), "{body}");
    }
    for list in [
        r#"[{"type":"ping"},null,{"id":"2"}]"#,
        r#"[{"type":"ping"},null]"#,
        r#"[{"type":"ping"},false]"#,
        r#"{"0":{"type":"ping"},"a":{"id":"2"}}"#,
    ] {
        let body = format!(r#"{{"list":{list}}}"#);
        assert!(signed(&verifier, &body).is_none(), "{body}");
    }
}

#[test]
fn a_query_is_decoded_and_rejects_repeated_names() {
    let verifier = acme([challenge()]);
    for (target, expected) in [
        ("/hook?challenge=abc", Some("abc")),
        ("/hook?a=1&%63hallenge=a%26b%3Cc%20d+e", Some("a&b<c d e")),
        ("/hook?challenge=a=b?c", Some("a=b?c")),
        ("/hook?challenge=abc&challenge=abc", None),
        ("/hook?challenge=", None),
        ("/hook?Challenge=abc", None),
        ("/hook", None),
        ("", None),
    ] {
        let answer = get(&verifier, target);
        let body = answer.as_ref().map(|answer| &answer.body()[..]);
        assert_eq!(body, expected.map(str::as_bytes), "{target}");
    }
    assert!(
        verifier.handshake(RequestHead::new("POST", "/hook?challenge=abc", &NO_HEADERS)).is_none()
    );
    assert!(verifier.handshake(&[("challenge", "abc")]).is_none());
}

#[test]
fn an_echoed_text_is_never_rendered_as_html() {
    let answer = get(&acme([challenge()]), "/?challenge=<script>").unwrap();
    let headers: Vec<_> = answer.headers().collect();
    assert!(headers.contains(&("content-type", "text/plain; charset=utf-8")));
    assert!(headers.contains(&("x-content-type-options", "nosniff")));
}

#[test]
fn a_header_is_echoed_only_if_it_is_printable_ascii() {
    let echo = Handshake::unsigned("echo").method("GET").echo_header("X-A");
    let verifier = acme([echo]);
    let answered = |value: &'static [u8]| {
        let headers = [("X-A", value)];
        verifier.handshake(RequestHead::new("GET", "/", &headers)).is_some()
    };
    assert!(answered(b"abc d"));
    for bad in [&b""[..], b"a\r\nX-B: b", b"\xff", "\u{e9}".as_bytes()] {
        assert!(!answered(bad), "{bad:?}");
    }
    let twice = [("X-A", "a"), ("x-a", "a")];
    assert!(verifier.handshake(RequestHead::new("GET", "/", &twice)).is_none());
}

#[test]
fn a_repeated_field_is_neither_present_nor_absent() {
    let verifier =
        acme([Handshake::unsigned("none").method("GET").absent("query:a").absent("header:X-A")]);
    assert!(get(&verifier, "/").is_some());
    assert!(get(&verifier, "/?a=1&a=1").is_none());
    let twice = [("X-A", "a"), ("x-a", "a")];
    assert!(verifier.handshake(RequestHead::new("GET", "/", &twice)).is_none());
}

#[test]
fn a_request_with_a_signature_is_verified_before_its_body_is_parsed() {
    let verifier = acme([key_in_body()]);
    verifier.open_handshake_window(Duration::from_secs(60));
    for headers in [[("X-Signature", "0")], [("Content-Encoding", "gzip")]] {
        assert!(verifier.handshake(RequestHead::new("POST", "/", &headers)).is_none());
    }
    assert!(verifier.handshake(RequestHead::new("PUT", "/", &NO_HEADERS)).is_none());
    assert!(post(&verifier, r#"{"key":"abc"}"#).is_some());
}

#[test]
fn a_delivery_with_a_signature_is_verified_whatever_the_handshake_reads() {
    let unsigned = || Handshake::unsigned("ping");
    let target = "/hooks?token=chosen";
    for (handshake, name, value) in [
        (unsigned().verify_token("header:X-Verify"), "X-Verify", "chosen"),
        (unsigned().verify_token("query:token"), "X-Any", "1"),
        (unsigned().text("query:token"), "X-Any", "1"),
        (unsigned().when("header:X-Env", "prod"), "X-Env", "prod"),
        (unsigned().echo_header("X-Region"), "X-Region", "eu"),
        (Handshake::unsigned_in_window("key").capture("header:X-Key"), "X-Key", "abc"),
    ] {
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            let verifier = acme([handshake.clone().method(method)])
                .with_verify_token(&Secret::new("chosen").unwrap());
            verifier.open_handshake_window(Duration::from_secs(60));
            let body = r#"{"id":"1"}"#;
            let signer = Signer::new(verifier.scheme().clone(), Secret::new("secret").unwrap());
            let mut headers = signer.unwrap().sign(body.as_bytes()).unwrap();
            headers.push((name.to_owned(), value.to_owned()));

            let signed = RequestHead::new(method, target, &headers);
            assert!(verifier.handshake(signed).is_none(), "{handshake:?}");
            let verified = verifier.verify(&headers, body).unwrap();
            assert!(verified.handshake().is_none(), "{handshake:?}");
            let one = &verifier.scheme().handshakes()[0];
            let token = Secret::new("chosen").unwrap();
            let head = RequestHead::new(method, target, &headers);
            assert!(!one.matches(verifier.scheme(), &head, body.as_bytes(), Some(&token)));

            let own = [(name, value)];
            let asked = verifier.handshake(RequestHead::new(method, target, &own)).unwrap();
            assert_eq!(asked.answer(b"").unwrap().status(), 200, "{handshake:?}");
        }
    }
    // A signature that cannot be read is one, too. No delivery is a GET.
    let verifier = acme([unsigned().text("query:token"), challenge()]);
    let twice = [("X-Signature", "0"), ("x-signature", "1")];
    assert!(verifier.handshake(RequestHead::new("POST", target, &twice)).is_none());
    let head = RequestHead::new("GET", "/?challenge=abc", &twice);
    assert!(verifier.handshake(head).is_some());
}

#[test]
fn any_signature_header_of_the_scheme_makes_a_request_a_delivery() {
    let scheme = Scheme::builder("acme")
        .signature_header("X-Sig")
        .fallback_signature_header("X-Sig-Old")
        .alternate_header_prefix("X-", "Acme-")
        .signed_payload("{body}")
        .handshake(Handshake::unsigned("ping").text("query:token"));
    let verifier = Verifier::new(scheme.build().unwrap(), Secret::new("secret").unwrap()).unwrap();
    let asked = |name| {
        let headers = [(name, "0")];
        verifier.handshake(RequestHead::new("POST", "/?token=abc", &headers)).is_some()
    };
    for name in ["X-Sig", "x-sig-old", "ACME-SIG", "Acme-Sig-Old"] {
        assert!(!asked(name), "{name}");
    }
    assert!(asked("X-Other"));
}

#[test]
fn an_unsigned_body_has_a_limit_and_is_rejected_if_it_is_not_a_handshake() {
    let verifier = acme([key_in_body()]);
    verifier.open_handshake_window(Duration::from_secs(60));
    let asked = || verifier.handshake(RequestHead::new("POST", "/", &NO_HEADERS)).unwrap();
    let limit = asked().body_limit();
    assert!((1..=16 * 1024).contains(&limit));
    let rejected = asked().answer(&vec![b' '; limit + 1]).unwrap_err();
    assert_eq!(rejected.kind(), VerifyErrorKind::BodyTooLarge);
    for body in ["", "{}", "nonsense", r#"{"key":""}"#, r#"{"key":["abc"]}"#] {
        let rejected = asked().answer(body.as_bytes()).unwrap_err();
        assert_eq!(rejected.kind(), VerifyErrorKind::MissingSignature, "{body}");
    }
    assert_eq!(verifier.clone().with_body_limit(10).body_limit(), 10);
    // None of these has used the arming up.
    assert!(post(&verifier, r#"{"key":"abc"}"#).is_some());
}

#[test]
fn a_secret_is_captured_once_and_only_during_the_handshake_window() {
    let clock = ManualClock::at_unix_ms(1_760_000_000_000);
    let verifier = acme([key_in_body()]).with_clock(clock.clone());
    let body = r#"{"key":"abc"}"#;
    assert!(post(&verifier, body).is_none(), "the window is closed");

    verifier.open_handshake_window(Duration::from_secs(60));
    clock.advance(Duration::from_secs(60));
    let first = verifier.handshake(RequestHead::new("POST", "/", &NO_HEADERS)).unwrap();
    let second = verifier.clone().handshake(RequestHead::new("POST", "/", &NO_HEADERS)).unwrap();
    let mut answer = first.answer(body.as_bytes()).unwrap();
    assert_eq!(answer.take_captured().unwrap().dangerous_reveal(), b"abc");
    assert!(answer.take_captured().is_none());
    assert!(second.answer(body.as_bytes()).is_err(), "used up");
    assert!(post(&verifier, body).is_none(), "used up");

    verifier.open_handshake_window(Duration::from_secs(60));
    clock.advance(Duration::from_millis(60_001));
    assert!(post(&verifier, body).is_none(), "too late");

    verifier.open_handshake_window(Duration::MAX);
    verifier.close_handshake_window();
    assert!(post(&verifier, body).is_none(), "the window is closed again");
}

#[test]
fn a_verify_token_must_match_the_configured_one_completely() {
    let verifier = acme([challenge().verify_token("query:token")]);
    assert!(get(&verifier, "/?challenge=abc&token=secret").is_none(), "none was chosen");
    let verifier = verifier.with_verify_token(&Secret::new("chosen").unwrap());
    assert!(get(&verifier, "/?challenge=abc&token=chosen").is_some());
    for token in ["", "chose", "chosenn", "Chosen", "secret", "chosen&token=chosen"] {
        assert!(get(&verifier, &format!("/?challenge=abc&token={token}")).is_none(), "{token}");
    }
}

#[test]
fn a_text_that_anyone_can_have_signed_never_verifies_as_a_delivery() {
    let crc = Handshake::unsigned("crc").method("GET");
    let verifier = acme([crc.json_hmac("mac", "query:crc", Encoding::Hex, "")]);
    let have_signed = |text: &str| {
        let answer = get(&verifier, &format!("/?crc={}", text.replace('+', "%2B")))?;
        let body: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
        Some(body["mac"].as_str().unwrap().to_owned())
    };
    for token in ["abc", "9b4507b3-9040-4669", "AZaz09-._~+/=", "true", &"a".repeat(MAX_TOKEN)] {
        let tag = have_signed(token).unwrap();
        let rejected = verifier.verify(&[("X-Signature", &tag)], token.to_owned()).unwrap_err();
        assert_eq!(rejected.kind(), VerifyErrorKind::SignatureMismatch, "{token}");
    }
    for no_token in ["{}", "[1]", "\"a\"", "a b", "a%26b", "", &"a".repeat(MAX_TOKEN + 1)] {
        assert_eq!(have_signed(no_token), None, "{no_token}");
    }
    assert!(signed(&verifier, "{}").is_none(), "an event still verifies");
}

#[test]
fn a_handshake_hmac_uses_the_secret_that_signed_the_handshake() {
    let mac = Handshake::signed("mac").when("body:/type", "mac");
    let scheme = acme([mac.json_hmac("mac", "body:/token", Encoding::Hex, "v0=")]);
    let scheme = scheme.scheme().clone();
    let body = r#"{"type":"mac","token":"t"}"#;
    let old = || Secret::new("old").unwrap();
    let headers = Signer::new(scheme.clone(), old()).unwrap().sign(body.as_bytes()).unwrap();
    let answer = |secrets: crate::secret::Secrets| {
        let verifier = Verifier::new(scheme.clone(), secrets).unwrap();
        verifier.verify(&headers, body).unwrap().handshake().unwrap().body().clone()
    };
    let rotating = crate::secret::Secrets::new(Secret::new("new").unwrap()).with_previous(old());
    assert_eq!(answer(rotating), answer(old().into()));
}

#[test]
fn debug_shows_neither_body_nor_headers_nor_the_captured_key() {
    let verifier = acme([Handshake::unsigned_in_window("key")
        .echo_header("X-Key")
        .capture("header:X-Key")
        .json_echo("key", "header:X-Key")]);
    verifier.open_handshake_window(Duration::from_secs(60));
    let headers = [("X-Key", "hunter2")];
    let asked = verifier.handshake(RequestHead::new("POST", "/", &headers)).unwrap();
    let shown = format!("{asked:?}") + &format!("{:?}", asked.answer(b"").unwrap());
    assert!(shown.contains("key") && !shown.contains("hunter2"), "{shown}");
}
