//! Amazon SNS: the certificate, the topic, and the signed fields.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use countersign::{
    ConfigError, Scheme, Secret, Secrets, Signer, Verifier, VerifyErrorKind as Kind, schemes,
};
use serde_json::{Value, json};

use super::cases::{Case, RSA_CERTIFICATE, RSA_PRIVATE, Sent, public_pem, verifier};
use fixtures::delivery::NOW_MS;

#[test]
fn a_certificate_is_configured_or_looked_up_by_its_url() {
    let sent = Case::of("aws-sns").signed();
    assert_eq!(sent.rejected(&verifier(&scheme(), Secret::new(RSA_CERTIFICATE).unwrap())), None);
    let resolver = |url: &str| url.ends_with(".pem").then(|| RSA_CERTIFICATE.to_owned());
    assert_eq!(sent.rejected(&verifier(&scheme(), Secrets::resolved(resolver))), None);
    let without_key = verifier(&scheme(), Secrets::resolved(|_: &str| None));
    assert_eq!(sent.rejected(&without_key), Some(Kind::UnknownKey));
    let panics = |_: &str| -> Option<String> { panic!("intended panic") };
    let panics = verifier(&scheme(), Secrets::resolved(panics));
    assert_eq!(sent.rejected(&panics), Some(Kind::UnknownKey));
}

#[test]
fn no_certificate_of_another_host_is_looked_up() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let verifier = verifier(
        &scheme(),
        Secrets::resolved(move |_: &str| {
            count.fetch_add(1, Ordering::Relaxed);
            Some(RSA_CERTIFICATE.to_owned())
        }),
    );
    for url in [
        "https://evil.example/x.pem",
        "http://sns.us-east-1.amazonaws.com/x.pem",
        "https://sns.us-east-1.amazonaws.com.evil.example/x.pem",
        "https://sns.us-east-1.amazonaws.com@evil.example/x.pem",
        "https://sns.us-east-1.amazonaws.com/x",
        "file:///x.pem",
        "",
    ] {
        // Everything else is valid, including the signature.
        let sent = signed(&json!({ "SigningCertURL": url }));
        assert_eq!(sent.rejected(&verifier), Some(Kind::UnknownKey), "{url}");
    }
    assert_eq!(asked.load(Ordering::Relaxed), 0);
    assert_eq!(signed(&json!({})).rejected(&verifier), None);
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[test]
fn a_line_break_in_a_signed_value_is_not_ambiguous() {
    let message = "hello\nMessageId\nX\nSubject\nY";
    let sent = signed(&json!({ "Message": message, "MessageId": "22b8" }));
    let verifier = verifier(&scheme(), Secret::new(public_pem(RSA_PRIVATE)).unwrap());
    assert_eq!(sent.verify(&verifier).unwrap().event_id(), "22b8");
    // The same lines, split differently.
    let mut body: Value = serde_json::from_slice(&sent.body).unwrap();
    body["Message"] = "hello".into();
    body["MessageId"] = "X".into();
    body["Subject"] = "Y\nMessageId\n22b8".into();
    let cut = sent.clone().with_body(body.to_string());
    assert_eq!(cut.rejected(&verifier), Some(Kind::MalformedSignature));
    body["Subject"].take();
    body["MessageId"] = "X\nSubject\nY\nMessageId\n22b8".into();
    let cut = sent.with_body(body.to_string());
    assert_eq!(cut.rejected(&verifier), Some(Kind::MalformedSignature));
    for field in ["MessageId", "Subject", "Timestamp", "TopicArn"] {
        for line_break in ["\n", "\r"] {
            let with = |value: &str| json!({ field: format!("{value}{line_break}a") });
            let value = if field == "TopicArn" { "arn:aws:sns:x" } else { "2025-10-09T08:53:20Z" };
            assert!(try_signed(&with(value)).is_none(), "{field}");
        }
    }
}

#[test]
fn the_longest_message_may_consist_of_escapes() {
    // 256 KiB of backslashes, each of which is escaped in the body.
    let message = "\\".repeat(256 * 1024 - 1);
    let sent = signed(&json!({ "Message": message }));
    let verifier = verifier(&scheme(), Secret::new(public_pem(RSA_PRIVATE)).unwrap());
    assert_eq!(sent.rejected(&verifier), None);
}

#[test]
fn only_topics_listed_with_the_key_are_accepted() {
    let own = "arn:aws:sns:us-east-1:000000000000:own";
    let secret = format!("{own}\narn:aws:sns:us-east-1:000000000000:two\n{RSA_CERTIFICATE}");
    let verifier = verifier(&scheme(), Secret::new(secret).unwrap());
    assert_eq!(signed(&json!({ "TopicArn": own })).rejected(&verifier), None);
    let other = signed(&json!({ "TopicArn": format!("{own}er") }));
    assert_eq!(other.rejected(&verifier), Some(Kind::UnknownKey));
    let unclear = Secret::new(format!("my topic\n{RSA_CERTIFICATE}")).unwrap();
    let rejected = Verifier::new(scheme(), unclear).unwrap_err();
    assert!(matches!(rejected, ConfigError::Secret { index: Some(0), .. }), "{rejected}");
}

#[test]
fn a_topic_that_matches_nothing_is_rejected_at_once() {
    let (one, two) =
        ("arn:aws:sns:us-east-1:123456789012:a", "arn:aws:sns:us-east-1:123456789012:b");
    for bad in [
        "arn:aws:sns:us-east-1:123456789012:*".to_owned(),
        "arn:aws:sns:*:123456789012:a".to_owned(),
        format!("{one} {two}"),
        format!("{one},{two}"),
        format!("{one}\n{two},"),
        format!("{one}:2bcfbf39-05c3-41de-beaa-fcfcc21c8f55"),
        "arn:aws:sns".to_owned(),
    ] {
        let with_key = Secret::new(format!("{bad}\n{RSA_CERTIFICATE}")).unwrap();
        let alone = Secrets::new(Secret::new(&*bad).unwrap()).with_resolver(|_: &str| None);
        for secrets in [Secrets::new(with_key), alone] {
            let rejected = Verifier::new(scheme(), secrets).unwrap_err();
            assert!(matches!(rejected, ConfigError::Secret { index: Some(0), .. }), "{rejected}");
            assert!(rejected.to_string().contains("one per line"), "{rejected}");
        }
    }
    // Behind the certificate it would have no effect.
    let behind = Secret::new(format!("{RSA_CERTIFICATE}\n{one}\n")).unwrap();
    assert!(Verifier::new(scheme(), behind).is_err());
    let good = format!("\u{feff}{one}\r\n\r\n  {two}.fifo\r\n{RSA_CERTIFICATE}");
    assert!(Verifier::new(scheme(), Secret::new(good).unwrap()).is_ok());
}

#[test]
fn topics_of_an_expired_secret_still_restrict_the_accepted_topics() {
    let own = "arn:aws:sns:us-east-1:000000000000:own";
    let mine = signed(&json!({ "TopicArn": own }));
    let foreign = signed(&json!({ "TopicArn": "arn:aws:sns:us-east-1:666666666666:foreign" }));
    let look_up = |_: &str| Some(RSA_CERTIFICATE.to_owned());
    let secret = |text: &str| Secret::new(text).unwrap();
    let with_key = format!("{own}\n{RSA_CERTIFICATE}");
    for (until, is_live) in [(NOW_MS, true), (NOW_MS - 1, false)] {
        let names = |text: &str| Secrets::new(secret(text).valid_until_unix_ms(until));
        let only = (Kind::UnknownKey, Kind::Misconfigured);
        let beside_another = (Kind::UnknownKey, Kind::UnknownKey);
        for (secrets, (while_live, afterwards)) in [
            (names(own).with_resolver(look_up), only),
            (names(&with_key), only),
            (names(&with_key).with_resolver(look_up), only),
            (names(&with_key).with_previous(secret(RSA_CERTIFICATE)), beside_another),
            (
                names(&with_key).with_previous(secret(RSA_CERTIFICATE)).with_resolver(look_up),
                beside_another,
            ),
        ] {
            let verifier = verifier(&scheme(), secrets);
            let expected = if is_live { while_live } else { afterwards };
            assert_eq!(foreign.rejected(&verifier), Some(expected), "live: {is_live}");
            assert_eq!(mine.rejected(&verifier).is_none(), is_live);
        }
    }
    // If secrets name no topic, those that are valid now accept all topics.
    let expired = secret(RSA_CERTIFICATE).valid_until_unix_ms(NOW_MS - 1);
    let secrets = Secrets::new(expired).with_previous(secret(RSA_CERTIFICATE));
    assert_eq!(foreign.rejected(&verifier(&scheme(), secrets)), None);
}

#[test]
fn each_type_of_message_signs_its_own_fields() {
    let verifier = Case::of("aws-sns").verifier();
    let confirmation = json!({
        "Type": "SubscriptionConfirmation",
        "Token": "t",
        "SubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription",
    });
    let sent = signed(&confirmation);
    let verified = sent.verify(&verifier).unwrap();
    let kind = verified.event_type().unwrap();
    assert_eq!((kind.name, kind.is_signed()), ("SubscriptionConfirmation", true));
    let forged = sent.with_text("Action=Confirm", "Action=Other");
    assert_eq!(forged.rejected(&verifier), Some(Kind::SignatureMismatch));
    let notification = signed(&json!({ "Subject": "a subject" }));
    assert_eq!(notification.rejected(&verifier), None);
    let forged = notification.with_text("a subject", "a project");
    assert_eq!(forged.rejected(&verifier), Some(Kind::SignatureMismatch));
}

#[test]
fn only_the_two_signature_versions_are_accepted() {
    let verifier = Case::of("aws-sns").verifier();
    let sent = signed(&json!({}));
    for (version, kind) in [
        ("\"3\"", Kind::UnsupportedSignature),
        ("\"\"", Kind::UnsupportedSignature),
        // The signature uses SHA-256, so it does not match as SHA-1.
        ("\"1\"", Kind::SignatureMismatch),
        ("null", Kind::MissingSignature),
        ("[]", Kind::MalformedSignature),
    ] {
        let other = format!("\"SignatureVersion\":{version}");
        let rejected = sent.clone().with_text("\"SignatureVersion\":\"2\"", &other);
        assert_eq!(rejected.rejected(&verifier), Some(kind), "{version}");
    }
    let other = sent.with_text("\"Type\":\"Notification\"", "\"Type\":\"Other\"");
    assert_eq!(other.rejected(&verifier), Some(Kind::UnsupportedSignature));
}

#[test]
fn an_event_is_identified_by_its_message_id() {
    let sent = signed(&json!({ "MessageId": "m1" }));
    let verified = sent.verify(&Case::of("aws-sns").verifier()).unwrap();
    assert_eq!(verified.event_id(), "m1");
    assert!(!verified.authenticates_body());
    assert_eq!(verified.signed_at_unix_ms(), Some(NOW_MS));
}

#[test]
fn a_key_of_another_type_is_rejected_at_once() {
    let [private, ec] = super::cases::p256();
    for bad in [ec.as_str(), private.as_str(), RSA_PRIVATE, "text", "arn:aws:sns:a:b:c"] {
        let rejected = Verifier::new(scheme(), Secret::new(bad).unwrap()).unwrap_err();
        assert!(matches!(rejected, ConfigError::Secret { index: Some(0), .. }), "{rejected}");
    }
    let rejected = Signer::new(scheme(), Secret::new(public_pem(RSA_PRIVATE)).unwrap()).unwrap();
    let rejected = rejected.sign_request(&[("a", "b")], b"{}").unwrap_err();
    assert!(matches!(rejected, ConfigError::Secret { .. }), "{rejected}");
}

/// A message with these fields, signed with the first key.
fn signed(fields: &Value) -> Sent {
    try_signed(fields).unwrap()
}

fn try_signed(fields: &Value) -> Option<Sent> {
    let signer = Signer::new(scheme(), Secret::new(RSA_PRIVATE).unwrap()).unwrap();
    let signer = signer.at_unix_ms(NOW_MS);
    let signed = signer.sign_request(&[("a", "b")], fields.to_string().as_bytes()).ok()?;
    Some(Sent { headers: Vec::new(), body: signed.body()?.to_vec() })
}

fn scheme() -> Scheme {
    schemes::aws_sns()
}
