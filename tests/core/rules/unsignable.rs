//! A signer rejects requests that no receiver would accept.

use countersign::custom::SignedRequest;
use countersign::{ConfigError, Secret, Signer};

use super::cases::{Case, cases, url};
use fixtures::delivery::NOW_MS;

#[test]
fn an_id_that_receivers_reject_is_not_signed() {
    let (longest, too_long) = ("a".repeat(256), "a".repeat(257));
    for (name, rejected) in
        [("paypal", &["", "a b", "a|b", "é", &too_long][..]), ("mailgun", &["", &too_long])]
    {
        let case = Case::of(name);
        for id in rejected {
            assert_not_signed(&signed(&case, id, NOW_MS), name);
        }
        assert!(signed(&case, &longest, NOW_MS).is_ok(), "{name}");
    }
}

#[test]
fn a_time_before_1970_is_not_signed() {
    for case in cases().filter(|case| case.scheme.timestamp_source().is_some()) {
        assert_not_signed(&signed(&case, "id", -1), case.name());
        assert!(signed(&case, "id", 0).is_ok(), "{}", case.name());
    }
}

fn signed(case: &Case, id: &str, unix_ms: i64) -> Result<SignedRequest, ConfigError> {
    let [private, _] = &case.keys[0];
    let signer = Signer::new(case.scheme.clone(), Secret::new(private.as_str()).unwrap()).unwrap();
    let signer = signer.with_url(url()).with_id(id).at_unix_ms(unix_ms);
    signer.sign_request(&[("X-Event-Id", "evt_1")], br#"{"id":"evt_1"}"#)
}

#[track_caller]
fn assert_not_signed(signed: &Result<SignedRequest, ConfigError>, name: &str) {
    assert!(matches!(signed, Err(ConfigError::Sign { .. })), "{name}: {signed:?}");
}
