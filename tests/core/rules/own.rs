//! A user's custom rule.

use countersign::custom::{
    BodyCheck, CustomScheme, KeyMatch, LiveKeys, MacKey, SignRequest, SignatureCoverage,
    SignedRequest, VerifyRequest,
};
use countersign::scheme::{Algorithm, Identity, SchemeBuilder, TimestampUnit};
use countersign::{ConfigError, Scheme, Secret, Verifier, VerifyError, VerifyErrorKind as Kind};

use super::cases::{Sent, verifier};
use fixtures::delivery::{NO_HEADERS, NOW_MS, hmac_sha256};

/// Signs the reversed body and the time.
struct Reversed;

fn reversed(body: &[u8]) -> Vec<u8> {
    body.iter().rev().copied().collect()
}

impl CustomScheme for Reversed {
    type Key = MacKey;

    fn covers(&self) -> SignatureCoverage {
        SignatureCoverage::Body
    }

    fn headers(&self) -> Vec<&str> {
        vec!["X-Time-Zone", "not a name"]
    }

    fn key(&self, scheme: &Scheme, secret: &Secret) -> Result<MacKey, ConfigError> {
        MacKey::new(scheme, secret)
    }

    fn begin(
        &self,
        request: &VerifyRequest<'_>,
        keys: LiveKeys<MacKey>,
    ) -> Result<BodyCheck, VerifyError> {
        let candidates = request.candidates()?;
        let (time, unix_ms) = request.timestamp()?;
        let time = time.to_vec();
        Ok(BodyCheck::new(move |body| {
            let signed_by = keys.signed_by(&[&time, &reversed(body)], &candidates)?;
            Ok(signed_by.at_unix_ms(unix_ms))
        }))
    }

    fn sign(&self, request: &SignRequest<'_>) -> Result<SignedRequest, ConfigError> {
        let key = request.mac_key()?;
        let time = request.timestamp()?;
        let signature = key.sign(&[time.as_bytes(), &reversed(request.body())]);
        Ok(SignedRequest::with_headers([("X-Signature", signature), ("X-Time", time)]))
    }
}

fn acme() -> SchemeBuilder {
    Scheme::builder("acme")
        .signature_header("X-Signature")
        .signed_payload("{ts}, then the body back to front")
        .timestamp_header("X-Time", TimestampUnit::Seconds)
        .event_id("body:/id")
        .event_type("header:X-Type")
        .rule(Reversed)
}

fn sent() -> Sent {
    let tag = const_hex::encode(hmac_sha256("key", r#"1760000000}"a":"di"{"#));
    let headers = [("X-Signature", tag.as_str()), ("X-Time", "1760000000"), ("X-Type", "made")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
    Sent { headers: headers.into(), body: br#"{"id":"a"}"#.to_vec() }
}

#[test]
fn a_users_custom_scheme_works_like_a_built_in_one() {
    let scheme = acme().build().unwrap();
    assert_eq!(scheme.signature_format().to_string(), "X-Signature: <hex>");
    assert!(!scheme.is_data());
    assert_eq!(scheme.headers().collect::<Vec<_>>(), ["X-Signature", "X-Time", "X-Time-Zone"]);
    let verifier = verifier(&scheme, secret());
    let verified = sent().verify(&verifier).unwrap();
    assert_eq!(verified.event_id(), "a");
    assert_eq!(verified.event_type().unwrap().name, "made");
    assert_eq!(verified.signed_at_unix_ms(), Some(NOW_MS));
    assert!(verified.authenticates_body());

    let rejected = |sent: Sent| sent.rejected(&verifier);
    assert_eq!(rejected(sent().with_body(r#"{"id":"b"}"#)), Some(Kind::SignatureMismatch));
    assert_eq!(rejected(sent().without_header("X-Signature")), Some(Kind::MissingSignature));
    assert_eq!(rejected(sent().with_header("X-Signature", "00")), Some(Kind::MalformedSignature));
    assert_eq!(rejected(sent().with_header("X-Time", "1759999699")), Some(Kind::TimestampTooOld));

    let signer = countersign::Signer::new(scheme, secret()).unwrap().at_unix_ms(NOW_MS);
    let headers = signer.sign(b"{}").unwrap();
    assert!(verifier.verify(&headers, "{}").is_ok());
}

/// Accepts every signature, and returns a fixed result.
struct Says(SignatureCoverage, fn(KeyMatch) -> KeyMatch);

impl CustomScheme for Says {
    type Key = ();

    fn covers(&self) -> SignatureCoverage {
        self.0.clone()
    }

    fn key(&self, _: &Scheme, _: &Secret) -> Result<(), ConfigError> {
        Ok(())
    }

    fn begin(&self, _: &VerifyRequest<'_>, keys: LiveKeys<()>) -> Result<BodyCheck, VerifyError> {
        let by = keys.find(|()| true).map(self.1);
        Ok(BodyCheck::new(move |_| by.ok_or_else(|| Kind::SignatureMismatch.into())))
    }
}

fn says(covers: SignatureCoverage, more: fn(KeyMatch) -> KeyMatch) -> SchemeBuilder {
    Scheme::builder("acme").signed_payload("nothing").rule(Says(covers, more))
}

fn nothing_more(by: KeyMatch) -> KeyMatch {
    by
}

#[test]
fn a_custom_scheme_must_return_its_declared_timestamp() {
    let rejected = |more: fn(KeyMatch) -> KeyMatch| {
        let scheme =
            says(SignatureCoverage::Body, more).timestamp_body("/t", TimestampUnit::Seconds);
        let verifier = verifier(&scheme.build().unwrap(), secret());
        verifier.verify(&NO_HEADERS, "{}").err().map(|error| error.kind())
    };
    assert_eq!(rejected(nothing_more), Some(Kind::MissingTimestamp));
    assert_eq!(rejected(|by| by.at_unix_ms(NOW_MS)), None);
    assert_eq!(rejected(|by| by.at_unix_ms(NOW_MS - 300_001)), Some(Kind::TimestampTooOld));
    assert_eq!(rejected(|by| by.at_unix_ms(i64::MIN)), Some(Kind::TimestampTooOld));
    assert_eq!(rejected(|by| by.at_unix_ms(i64::MAX)), Some(Kind::TimestampInFuture));
}

#[test]
fn the_event_id_must_be_covered_by_the_custom_scheme() {
    let only_id = || SignatureCoverage::Fields(vec!["/id".to_owned()]);
    for (covers, place, is_covered) in [
        (SignatureCoverage::Body, "body:/other", true),
        (only_id(), "body:/id", true),
        (only_id(), "body:/other", false),
        (only_id(), "body:/id+/other", false),
        (SignatureCoverage::Nothing, "body:/id", false),
    ] {
        let built = says(covers, nothing_more).event_id(place).build();
        assert_eq!(built.is_ok(), is_covered, "{place}");
    }
    let header = says(SignatureCoverage::Body, nothing_more).event_id("header:X-Id").build();
    assert!(header.unwrap_err().to_string().contains("not signed"));
}

#[test]
fn an_event_without_an_id_is_identified_by_the_signed_bytes() {
    let scheme = says(SignatureCoverage::Nothing, |by| by.over("signed")).build().unwrap();
    let verifier = verifier(&scheme, secret());
    let id = |body: &'static str| verifier.verify(&NO_HEADERS, body).unwrap().event_id().to_owned();
    assert_eq!(id("{}"), id("{ }"));
}

#[test]
fn a_blank_id_and_an_empty_body_do_not_identify_an_event() {
    let named = says(SignatureCoverage::Body, |by| by.with_id(" "))
        .id_header("X-Id")
        .event_id("header:X-Id")
        .build()
        .unwrap();
    let id = |body: &'static str| {
        let verified = verifier(&named, secret()).verify(&NO_HEADERS, body).unwrap();
        assert_eq!(verified.identity(), Identity::Unknown);
        verified.event_id().to_owned()
    };
    assert_ne!(id("{}"), id("[]"));
    let content = says(SignatureCoverage::Nothing, |by| by.over("signed"));
    let content = content.fallback_identity(Identity::Content).build().unwrap();
    for (body, identity) in [("{}", Identity::Content), ("", Identity::Unknown)] {
        let verified = verifier(&content, secret()).verify(&NO_HEADERS, body).unwrap();
        assert_eq!(verified.identity(), identity, "{body}");
    }
}

#[test]
fn a_custom_scheme_needs_a_description_and_its_algorithms_need_a_custom_scheme() {
    let rejected = Scheme::builder("acme").rule(Reversed).build().unwrap_err();
    assert!(rejected.to_string().contains("signed"), "{rejected}");
    for algorithm in [Algorithm::Keccak256, Algorithm::RsaSha256, Algorithm::Jwt] {
        let scheme = Scheme::builder("acme").signature_header("X").signed_payload("{body}");
        let rejected = scheme.algorithm(algorithm).build().unwrap_err();
        assert!(rejected.to_string().contains("custom signing code"), "{rejected}");
    }
    let two = acme().timestamp_field("t", TimestampUnit::Seconds).build().unwrap_err();
    assert!(two.to_string().contains("one location"), "{two}");
}

#[test]
fn a_custom_scheme_that_signs_the_url_requires_it() {
    let scheme = acme().signed_payload("{url} and the body").build().unwrap();
    assert!(scheme.signs_url());
    let rejected = Verifier::new(scheme, secret()).unwrap_err();
    assert!(matches!(rejected, ConfigError::UrlRequired { .. }), "{rejected}");
}

fn secret() -> Secret {
    Secret::new("key").unwrap()
}
