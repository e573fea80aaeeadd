//! A secret outside of its validity does not verify anything, regardless of how a rule uses its
//! keys.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use countersign::custom::{BodyCheck, CustomScheme, LiveKeys, SignatureCoverage, VerifyRequest};
use countersign::{
    ConfigError, ManualClock, Scheme, Secret, Secrets, Verifier, VerifyError,
    VerifyErrorKind as Kind, schemes,
};

use super::cases::{Case, Sent, cases, url, verifier};
use fixtures::delivery::{NO_HEADERS, NOW_MS, hmac_sha256};
use fixtures::receiving::begin;

#[test]
fn a_delivery_signed_by_an_expired_secret_is_rejected_even_if_others_are_valid() {
    for case in cases() {
        let verifier = case.verifier_of(vec![live(&case, 0), expired(&case, 1)]);
        let rejected = signed_by_second(&case).rejected(&verifier);
        let kinds = [Some(Kind::SignatureMismatch), Some(Kind::UnknownKey)];
        assert!(kinds.contains(&rejected), "{}: {rejected:?}", case.name());
        let verified = case.signed_with(&[0], NOW_MS).verify(&verifier);
        assert_eq!(verified.unwrap().secret_index(), 0, "{}", case.name());
    }
}

#[test]
fn a_delivery_signed_by_a_valid_secret_verifies_after_an_expired_one() {
    for case in cases() {
        let verifier = case.verifier_of(vec![expired(&case, 0), live(&case, 1)]);
        let verified = signed_by_second(&case).verify(&verifier);
        let verified = verified.unwrap_or_else(|error| panic!("{}: {error}", case.name()));
        assert_eq!(verified.secret_index(), 1, "{}", case.name());
        assert!(case.signed_with(&[0], NOW_MS).rejected(&verifier).is_some(), "{}", case.name());
    }
}

#[test]
fn without_any_valid_secret_a_delivery_is_rejected_as_misconfigured_before_its_body() {
    for case in cases() {
        let early = || live(&case, 1).valid_from_unix_ms(NOW_MS + 1);
        for secrets in [vec![expired(&case, 0)], vec![early()], vec![expired(&case, 0), early()]] {
            let verifier = case.verifier_of(secrets);
            let sent = case.signed();
            let at_once = begin(&verifier, &sent.headers).unwrap_err().kind();
            assert_eq!(at_once, Kind::Misconfigured, "{}", case.name());
            assert_eq!(sent.rejected(&verifier), Some(Kind::Misconfigured), "{}", case.name());
        }
    }
}

#[test]
fn boxes_secondary_signature_is_used_if_its_primary_key_has_expired() {
    let case = Case::of("box");
    let both = case.signed_with(&[0, 1], NOW_MS);
    let verifier = case.verifier_of(vec![expired(&case, 0), live(&case, 1)]);
    for sent in [both.clone(), both.without_header("box-signature-primary")] {
        assert_eq!(sent.verify(&verifier).unwrap().secret_index(), 1);
    }
}

#[test]
fn mailguns_parent_signature_is_used_if_the_other_key_has_expired() {
    let signed = |key: &str, token: &str| {
        let tag = hmac_sha256(key, format!("{}{token}", NOW_MS / 1000));
        let time = (NOW_MS / 1000).to_string();
        serde_json::json!({"timestamp": time, "token": token, "signature": const_hex::encode(tag)})
    };
    let secrets = Secrets::new(Secret::new("new").unwrap())
        .with_previous(Secret::new("old").unwrap().valid_until_unix_ms(NOW_MS - 1));
    let verifier = verifier(&schemes::mailgun(), secrets);
    let index = |body: serde_json::Value| {
        verifier.verify(&NO_HEADERS, body.to_string()).unwrap().secret_index()
    };
    let mut inside = signed("old", "b");
    inside["parent-signature"] = signed("new", "b")["signature"].take();
    assert_eq!(index(serde_json::json!({"signature": inside})), 0);
}

#[test]
fn a_custom_scheme_gets_only_keys_that_are_valid_now() {
    let seen = Arc::default();
    let rule = Seen(Arc::clone(&seen));
    let scheme = Scheme::builder("acme").signed_payload("nothing").rule(rule).build().unwrap();
    let secret = |name: &str| Secret::new(name).unwrap();
    let secrets = Secrets::new(secret("later").valid_from_unix_ms(NOW_MS + 1_000))
        .with_previous(secret("now"))
        .with_previous(secret("earlier").valid_until_unix_ms(NOW_MS - 1_000));
    let clock = ManualClock::at_unix_ms(NOW_MS);
    let verifier = Verifier::new(scheme, secrets).unwrap().with_clock(clock.clone());
    let mut expected = Vec::new();
    for (unix_ms, live) in [
        (NOW_MS, vec!["now"]),
        (NOW_MS + 1_000, vec!["later", "now"]),
        (NOW_MS - 1_000, vec!["now", "earlier"]),
    ] {
        clock.set_unix_ms(unix_ms);
        assert!(verifier.verify(&NO_HEADERS, "{}").is_err());
        expected.push(live);
    }
    assert_eq!(*seen.lock().unwrap(), expected);
}

#[test]
fn a_secret_that_expires_while_a_custom_body_arrives_does_not_match() {
    let case = Case::of("contentful");
    let clock = ManualClock::at_unix_ms(NOW_MS);
    let secret = Secret::new(case.keys[0][1].as_str()).unwrap().valid_until_unix_ms(NOW_MS);
    let verifier = case.verifier_of(vec![secret]).with_clock(clock.clone());
    let sent = case.signed();
    let mut begun = begin(&verifier, &sent.headers).unwrap();
    clock.advance(std::time::Duration::from_millis(1));
    begun.update(sent.body).unwrap();
    assert_eq!(begun.verify().unwrap_err().kind(), Kind::SignatureMismatch);
}

#[test]
fn no_key_is_looked_up_if_there_are_secrets_and_none_of_them_is_valid() {
    let scheme =
        || Scheme::builder("acme").signed_payload("nothing").rule(LooksUp).build().unwrap();
    let found = |secrets: Secrets| {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let secrets = secrets.with_resolver(move |_: &str| {
            count.fetch_add(1, Ordering::Relaxed);
            Some("a key".to_owned())
        });
        let verifier = Verifier::new(scheme(), secrets).unwrap().with_clock(|| NOW_MS);
        let found = verifier.verify(&NO_HEADERS, "{}").is_ok();
        (found, asked.load(Ordering::Relaxed))
    };
    let secret = || Secret::new("secret").unwrap();
    let expired = || secret().valid_until_unix_ms(NOW_MS - 1);
    let later = || secret().valid_from_unix_ms(NOW_MS + 1);
    assert_eq!(found(Secrets::resolved(|_: &str| None)), (true, 1));
    assert_eq!(found(Secrets::new(secret())), (true, 1));
    assert_eq!(found(Secrets::new(expired()).with_previous(secret())), (true, 1));
    assert_eq!(found(Secrets::new(expired())), (false, 0));
    assert_eq!(found(Secrets::new(later()).with_previous(expired())), (false, 0));
}

#[test]
fn exactly_these_schemes_look_keys_up() {
    let takes_resolver = |case: &Case| {
        let secrets = Secrets::resolved(|_: &str| None);
        // PayPal also needs the webhook's id.
        case.name() == "paypal"
            || Verifier::with_public_url(url(), case.scheme.clone(), secrets).is_ok()
    };
    let names: Vec<String> =
        cases().filter(takes_resolver).map(|case| case.name().to_owned()).collect();
    // Each of these has a test with an expired secret.
    assert_eq!(names, ["aws-sns", "fusionauth", "paypal", "plaid"]);
}

/// Accepts any signature for a key that is looked up.
struct LooksUp;

impl CustomScheme for LooksUp {
    type Key = ();

    fn covers(&self) -> SignatureCoverage {
        SignatureCoverage::Nothing
    }

    fn key(&self, _: &Scheme, _: &Secret) -> Result<(), ConfigError> {
        Ok(())
    }

    fn check(&self, _: &Scheme, _: &Secrets, _: &[()]) -> Result<(), ConfigError> {
        Ok(())
    }

    fn begin(&self, _: &VerifyRequest<'_>, keys: LiveKeys<()>) -> Result<BodyCheck, VerifyError> {
        let found = keys.look_up("a name");
        assert_eq!(found.is_some(), keys.has_resolver());
        let found = found.ok_or(Kind::UnknownKey)?;
        Ok(BodyCheck::new(move |_| Ok(found.signed_it())))
    }
}

/// Records the keys that it receives.
struct Seen(Arc<Mutex<Vec<Vec<String>>>>);

impl CustomScheme for Seen {
    type Key = String;

    fn covers(&self) -> SignatureCoverage {
        SignatureCoverage::Nothing
    }

    fn key(&self, _: &Scheme, secret: &Secret) -> Result<String, ConfigError> {
        Ok(String::from_utf8_lossy(secret.dangerous_reveal()).into_owned())
    }

    fn begin(
        &self,
        _: &VerifyRequest<'_>,
        keys: LiveKeys<String>,
    ) -> Result<BodyCheck, VerifyError> {
        self.0.lock().unwrap().push(keys.iter().map(|key| key.key().clone()).collect());
        Err(Kind::SignatureMismatch.into())
    }
}

/// Signed by the second key only. Box's second key signs its own header.
fn signed_by_second(case: &Case) -> Sent {
    let sent = case.signed_with(&[1], NOW_MS);
    if case.name() != "box" {
        return sent;
    }
    let signature = sent.header("box-signature-primary").to_owned();
    sent.without_header("box-signature-primary").with_header("box-signature-secondary", signature)
}

fn live(case: &Case, key: usize) -> Secret {
    Secret::new(case.keys[key][1].as_str()).unwrap()
}

fn expired(case: &Case, key: usize) -> Secret {
    live(case, key).valid_until_unix_ms(NOW_MS - 1)
}
