use bytes::Bytes;

use super::*;
use crate::scheme::Scheme;
use crate::secret::Secret;
use crate::time::clock::ManualClock;
use crate::time::unit::TimestampUnit;
use crate::verify::Endpoint;
use crate::verify::sign::Signer;

const AT_MS: i64 = 1_760_000_000_123;

fn scheme() -> Scheme {
    Scheme::builder("acme")
        .signature_header("X-Acme-Signature")
        .timestamp_header("X-Acme-Time", TimestampUnit::Seconds)
        .signed_payload("{ts}.{body}")
        .event_id("body:/id")
        .event_type("body:/type")
        .build()
        .unwrap()
}

fn secret() -> Secret {
    Secret::new("a secret of the tests").unwrap()
}

fn accepted(body: &[u8]) -> (Message, Verifier) {
    let headers = Signer::new(scheme(), secret()).unwrap().at_unix_ms(AT_MS).sign(body).unwrap();
    let mut headers: Vec<(String, Vec<u8>)> =
        headers.into_iter().map(|(name, value)| (name, value.into_bytes())).collect();
    headers.push(("x-odd".to_owned(), b"caf\xe9 \xff\"\\".to_vec()));
    headers.push(("x-odd".to_owned(), b"again".to_vec()));
    let verifier = Verifier::new(scheme(), secret()).unwrap();
    let now = verifier.clone().with_clock(ManualClock::at_unix_ms(AT_MS));
    let verified = now.verify(&headers, body.to_vec()).unwrap();
    let key = EventKey::of(&verified, &Endpoint::new("/in"));
    let head = ("POST", "/in?shop=7");
    (Message::new("msg_1", (&verified, &key), head, headers, AT_MS), verifier)
}

#[test]
fn a_message_is_read_as_it_was_written_and_verifies_again() {
    let body = b"{\"id\":\"evt\\n1\",\n\"type\":\"t\",\"x\":\"\xc3\xa9\"}\n";
    let (message, verifier) = accepted(body);
    let message = message.with_attempt(3).with_possible_duplicate(true);
    let bytes = message.to_bytes();
    assert!(bytes.ends_with(body));
    let read = Message::parse(bytes).unwrap();
    assert_eq!(read, message);
    assert_eq!(read.headers()[2], ("x-odd".to_owned(), b"caf\xe9 \xff\"\\".to_vec()));
    assert_eq!((read.event_id(), read.event_type()), ("evt\n1", Some("t")));
    assert!(read.event_type_is_signed() && read.authenticates_body());
    assert_eq!((read.target(), read.attempt()), ("/in?shop=7", 3));
    assert_eq!(read.signed_at_unix_ms(), Some(AT_MS / 1000 * 1000));

    // Long after its tolerance.
    let verified = read.verify(&verifier).unwrap();
    assert_eq!(verified.body(), &body[..]);
    assert_eq!(verified.event_id(), "evt\n1");
    let mut bytes = read.to_bytes();
    *bytes.last_mut().unwrap() = b' ';
    assert!(Message::parse(bytes).unwrap().verify(&verifier).is_err());
}

#[test]
fn bytes_that_are_no_message_are_errors_that_name_the_field() {
    let (message, _) = accepted(b"{\"id\":1}");
    let bytes = message.to_bytes();
    let head = std::str::from_utf8(&bytes[..bytes.len() - 9]).unwrap();
    let parsed = |from: &str, to: &str| Message::parse(Bytes::from(head.replace(from, to) + "\n"));
    assert!(parsed("", "").is_ok());
    for (from, to, field) in [
        ("\"v\":1", "\"v\":0", "v"),
        ("\"id\":\"msg_1\"", "\"id\":1", "id"),
        ("\"scheme\"", "\"schema\"", "scheme"),
        ("\"attempt\":1", "\"attempt\":4294967296", "attempt"),
        ("\"headers\":[", "\"headers\":[[1],", "headers"),
        ("\"x-odd\",\"again\"", "\"x-odd\",\"\\u0100\"", "headers"),
    ] {
        assert_eq!(parsed(from, to), Err(MalformedMessage::Field(field)), "{to}");
    }
    assert_eq!(parsed("\"v\":1", "\"v\":2"), Err(MalformedMessage::NewerVersion { found: 2 }));
    for bytes in ["", "{}", "[]\n", "no\n{}"] {
        assert_eq!(Message::parse(bytes), Err(MalformedMessage::NoHead), "{bytes}");
    }
}

#[test]
fn debug_shows_no_content() {
    let (message, _) = accepted(b"{\"id\":\"evt_1\"}");
    let said = format!("{message:?}");
    assert!(!said.contains("evt_1") && !said.contains("shop") && !said.contains("caf"), "{said}");
}
