//! The steps of a verification: `begin`, `push`, `verify`.

mod properties;

use std::time::Duration;

use bytes::Bytes;
use countersign::scheme::BodyView;
use countersign::{Clock, ManualClock, Scheme, Tolerance, Verifier, VerifyErrorKind as Kind};

use crate::scheme_features;
use fixtures::delivery::{BODY, Delivery, NOW_MS, scheme, schemes, secret, verifier, verifier_at};
use fixtures::receiving::begin;

// Headers before the body.

#[test]
fn unsigned_malformed_and_stale_requests_are_rejected_before_the_body() {
    for scheme in schemes() {
        let name = scheme.name();
        let at_now = verifier(&scheme);
        let delivery = Delivery::of(&scheme);
        let header = delivery.signature_header().to_owned();
        let unsigned = delivery.clone().without_header(&header);
        assert_eq!(unsigned.rejected_at_once(&at_now), Some(Kind::MissingSignature), "{name}");
        let malformed = delivery.clone().with_header(&header, "no signature");
        assert_eq!(malformed.rejected_at_once(&at_now), Some(Kind::MalformedSignature), "{name}");
        if has_timestamp_in_header(&scheme) {
            let later = verifier_at(&scheme, NOW_MS + DAY_MS);
            assert_eq!(delivery.rejected_at_once(&later), Some(Kind::TimestampTooOld), "{name}");
            let earlier = verifier_at(&scheme, NOW_MS - DAY_MS);
            assert_eq!(
                delivery.rejected_at_once(&earlier),
                Some(Kind::TimestampInFuture),
                "{name}"
            );
        }
    }
}

#[test]
fn a_delivery_is_verified_only_after_its_body() {
    for scheme in schemes() {
        let delivery = Delivery::of(&scheme);
        let begin = || begin(&verifier(&scheme), &delivery.headers).unwrap();
        // Without any piece, the body is empty, and an empty body was not
        // signed.
        let rejected = begin().verify().unwrap_err();
        assert_eq!(rejected.kind(), Kind::SignatureMismatch, "{}", scheme.name());
        let mut begun = begin();
        begun.update(delivery.body.clone()).unwrap();
        assert_eq!(begun.verify().unwrap().body(), BODY, "{}", scheme.name());
    }
}

#[test]
fn a_content_encoding_that_the_scheme_does_not_know_is_rejected() {
    for scheme in schemes().filter(|scheme| scheme.body_view() == BodyView::Raw) {
        let delivery = Delivery::of(&scheme);
        for (encoding, rejected) in [
            ("gzip", Some(Kind::UnsupportedEncoding)),
            ("br", Some(Kind::UnsupportedEncoding)),
            ("identity, gzip", Some(Kind::UnsupportedEncoding)),
            ("", Some(Kind::UnsupportedEncoding)),
            ("Identity", None),
        ] {
            let encoded = delivery.clone().with_header("Content-Encoding", encoding);
            assert_eq!(encoded.rejected_at_once(&verifier(&scheme)), rejected, "{encoding:?}");
        }
    }
}

// The body in pieces.

#[test]
fn a_body_of_exactly_the_limit_is_accepted_and_one_byte_more_is_not() {
    for scheme in schemes() {
        let delivery = Delivery::of(&scheme);
        let limited = |bytes| verifier(&scheme).with_body_limit(bytes);
        assert_eq!(delivery.rejected(&limited(BODY.len())), None, "{}", scheme.name());
        let rejected = delivery.rejected(&limited(BODY.len() - 1));
        assert_eq!(rejected, Some(Kind::BodyTooLarge), "{}", scheme.name());
    }
}

#[test]
fn the_body_limit_of_the_profile_is_exact() {
    let scheme = scheme("jupiter");
    let limit = scheme.profile().body_limit();
    assert_eq!(limit, 1024 * 1024);
    assert_eq!(verifier(&scheme).body_limit(), limit);
    let largest = Delivery::with_body(&scheme, vec![b' '; limit]);
    assert_eq!(largest.rejected(&verifier(&scheme)), None);
    let larger = Delivery::with_body(&scheme, vec![b' '; limit + 1]);
    assert_eq!(larger.rejected(&verifier(&scheme)), Some(Kind::BodyTooLarge));
}

#[test]
fn the_first_byte_over_the_limit_is_rejected_and_so_is_everything_after_it() {
    let scheme = scheme("jupiter");
    let delivery = Delivery::with_body(&scheme, "12345");
    let mut begun = begin(&verifier(&scheme).with_body_limit(4), &delivery.headers).unwrap();
    begun.update("1234").unwrap();
    for piece in ["5", "", "5"] {
        assert_eq!(begun.update(piece).unwrap_err().kind(), Kind::BodyTooLarge);
    }
    // Even if the caller ignores the error, part of the body does not verify.
    assert_eq!(begun.verify().unwrap_err().kind(), Kind::BodyTooLarge);

    let begin = || {
        let whole = Delivery::with_body(&scheme, "1234");
        begin(&verifier(&scheme).with_body_limit(4), whole.headers).unwrap()
    };
    let mut whole = begin();
    whole.update("1234").unwrap();
    assert!(whole.verify().is_ok());
    let mut overrun = begin();
    overrun.update("1234").unwrap();
    overrun.update("5").unwrap_err();
    assert_eq!(overrun.verify().unwrap_err().kind(), Kind::BodyTooLarge);
}

#[test]
fn an_announced_length_over_the_limit_is_rejected_before_it_is_sent() {
    let scheme = scheme("jupiter");
    let delivery = Delivery::of(&scheme);
    for (announced, rejected) in [
        (0, None),
        (100, None),
        (101, Some(Kind::BodyTooLarge)),
        (u64::MAX, Some(Kind::BodyTooLarge)),
    ] {
        let mut headers = delivery.headers.clone();
        headers.push(("content-length".to_owned(), announced.to_string().into_bytes()));
        let begun = begin(&verifier(&scheme).with_body_limit(100), headers);
        let verdict = begun.err().map(|error| error.kind());
        assert_eq!(verdict, rejected, "{announced}");
    }
}

#[test]
fn a_body_in_one_piece_is_passed_on_without_a_copy() {
    let scheme = scheme("stripe");
    let delivery = Delivery::of(&scheme);
    let body = Bytes::from(delivery.body.clone());
    let verified = verifier(&scheme).verify(&delivery.headers, body.clone()).unwrap();
    assert_eq!(verified.body().as_ptr(), body.as_ptr());
    assert_eq!(verified.clone().into_body().as_ptr(), body.as_ptr());
}

// Time.

#[test]
fn both_bounds_of_the_tolerance_are_inclusive() {
    for scheme in schemes() {
        let Some(tolerance) = scheme.tolerance() else { continue };
        let delivery = Delivery::of(&scheme);
        let (past, future) = (ms(tolerance.past()), ms(tolerance.future()));
        for (age_ms, verdict) in [
            (past, None),
            (past + 1, Some(Kind::TimestampTooOld)),
            (-future, None),
            (-future - 1, Some(Kind::TimestampInFuture)),
        ] {
            let rejected = delivery.rejected(&verifier_at(&scheme, NOW_MS + age_ms));
            assert_eq!(rejected, verdict, "{}, {age_ms} ms old", scheme.name());
        }
    }
}

#[test]
fn a_configured_tolerance_replaces_the_schemes() {
    for scheme in schemes().filter(|scheme| scheme.tolerance().is_some()) {
        let delivery = Delivery::of(&scheme);
        let own = Tolerance::new(Duration::from_millis(7), Duration::from_millis(3));
        for (age_ms, verdict) in [
            (7, None),
            (8, Some(Kind::TimestampTooOld)),
            (-3, None),
            (-4, Some(Kind::TimestampInFuture)),
        ] {
            let verifier = verifier_at(&scheme, NOW_MS + age_ms).with_tolerance(own);
            assert_eq!(delivery.rejected(&verifier), verdict, "{}, {age_ms} ms", scheme.name());
        }
    }
}

#[test]
fn clones_of_a_verifier_share_its_clock() {
    let scheme = scheme("stripe");
    let clock = ManualClock::at_unix_ms(NOW_MS);
    let verifier = Verifier::new(scheme.clone(), secret(1)).unwrap().with_clock(clock.clone());
    let (delivery, clone) = (Delivery::of(&scheme), verifier.clone());
    clock.advance(Duration::from_secs(300));
    assert_eq!(delivery.rejected(&verifier), None);
    assert_eq!(delivery.rejected(&clone), None);
    clock.advance(Duration::from_millis(1));
    assert_eq!(delivery.rejected(&verifier), Some(Kind::TimestampTooOld));
    assert_eq!(delivery.rejected(&clone), Some(Kind::TimestampTooOld));
    clock.set_unix_ms(NOW_MS - 300_001);
    assert_eq!(clock.now_unix_ms(), NOW_MS - 300_001);
    assert_eq!(delivery.rejected(&clone), Some(Kind::TimestampInFuture));
}

#[test]
fn an_extreme_clock_rejects_timestamped_deliveries_without_a_panic() {
    for scheme in schemes() {
        let delivery = Delivery::of(&scheme);
        let dated = scheme.tolerance().is_some();
        for (now, verdict) in
            [(i64::MAX, Kind::TimestampTooOld), (i64::MIN, Kind::TimestampInFuture)]
        {
            let rejected = delivery.rejected(&verifier_at(&scheme, now));
            assert_eq!(rejected, dated.then_some(verdict), "{}", scheme.name());
            let widest = Tolerance::symmetric(Duration::MAX);
            let _ = delivery.rejected(&verifier_at(&scheme, now).with_tolerance(widest));
        }
    }
}

// Extreme input.

#[test]
fn a_header_of_a_hundred_kilobytes_is_rejected_like_a_short_one() {
    for verifier in all_verifiers() {
        let name = verifier.scheme().name();
        let headers: Vec<&str> = verifier.scheme().headers().collect();
        for unit in ["a", "=", ",", " ", ";", "v1=", "v1,", "t=1,", "\u{e9}", "\0"] {
            let value = unit.repeat(100_000 / unit.len());
            let all: Vec<(&str, &str)> =
                headers.iter().map(|header| (*header, value.as_str())).collect();
            let rejected = verifier.verify(&all, "{}").unwrap_err();
            assert!((400..500).contains(&rejected.status()), "{name}, {unit:?}: {rejected}");
        }
    }
}

#[test]
fn unknown_keys_of_a_list_are_ignored_up_to_a_limit() {
    for (name, junk) in [("stripe", "v0=00,"), ("venum", "v9=00,"), ("standardwebhooks", "v2,AA= ")]
    {
        let scheme = scheme(name);
        let rejected = |many: usize| {
            let delivery = Delivery::of(&scheme);
            let header = delivery.signature_header().to_owned();
            let value = [junk.repeat(many).as_bytes(), delivery.header(&header)].concat();
            delivery.with_header(&header, value).rejected(&verifier(&scheme))
        };
        assert_eq!(rejected(20), None, "{name}");
        assert_eq!(rejected(5000), Some(Kind::TooManySignatures), "{name}");
    }
}

fn all_verifiers() -> Vec<Verifier> {
    schemes().map(|scheme| verifier(&scheme)).chain(scheme_features::verifiers()).collect()
}

fn has_timestamp_in_header(scheme: &Scheme) -> bool {
    scheme.timestamp_source().is_some_and(|source| source.body_pointer().is_none())
}

fn ms(span: Option<Duration>) -> i64 {
    i64::try_from(span.unwrap().as_millis()).unwrap()
}

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
