//! What is the matter with the time.

use countersign::diagnose::CauseKind;
use countersign::{Scheme, TimestampUnit};

use super::{assert_certain, diagnose, found, found_by};
use crate::delivery::{BODY, Delivery, NOW_MS, schemes, secret_of};

/// Those that state a time outside of the body.
fn timed() -> impl Iterator<Item = Scheme> {
    schemes().filter(|scheme| scheme.timestamp().is_some_and(|(at, _)| !at.starts_with("body:")))
}

fn signed_at(scheme: &Scheme, unix_ms: i64) -> Delivery {
    Delivery::signed(scheme, secret_of(scheme, 1), unix_ms, BODY)
}

/// A bound of the scheme, and a minute more.
fn beyond(bound: Option<std::time::Duration>) -> i64 {
    i64::try_from(bound.unwrap().as_millis()).unwrap() + 60_000
}

#[test]
fn seconds_for_milliseconds_are_found_and_the_other_way_round() {
    let mut seen = 0;
    for scheme in timed() {
        let delivery = match scheme.timestamp().unwrap().1 {
            TimestampUnit::Seconds => signed_at(&scheme, NOW_MS * 1000),
            TimestampUnit::Milliseconds => signed_at(&scheme, NOW_MS / 1000),
            _ => continue,
        };
        assert_certain(&found(&scheme, &delivery), CauseKind::TimestampUnit, scheme.name());
        seen += 1;
    }
    assert!(seen >= 5, "{seen}");
}

#[test]
fn a_clock_in_seconds_is_found() {
    for scheme in timed() {
        let delivery = signed_at(&scheme, NOW_MS);
        let diagnose = diagnose(&scheme, secret_of(&scheme, 1)).with_clock(|| NOW_MS / 1000);
        let found = found_by(&diagnose, &scheme, &delivery);
        assert_certain(&found, CauseKind::TimestampUnit, scheme.name());
        assert!(found.causes()[0].detail().contains("in seconds"), "{found:?}");
    }
}

#[test]
fn a_clock_that_is_behind_is_found_with_its_offset() {
    let mut seen = 0;
    for scheme in timed() {
        let bound = scheme.tolerance().unwrap();
        let found = found(&scheme, &signed_at(&scheme, NOW_MS + beyond(bound.future())));
        assert_certain(&found, CauseKind::ClockSkew, scheme.name());
        let detail = found.causes()[0].detail();
        assert!(detail.contains("behind") && detail.contains("min"), "{detail}");
        seen += 1;
    }
    assert!(seen >= 5, "{seen}");
}

#[test]
fn a_clock_that_is_ahead_is_told_from_an_old_capture_by_the_date_of_the_request() {
    let mut seen = 0;
    // 2025-10-09T08:53:20Z is `NOW_MS`.
    for scheme in timed() {
        if beyond(scheme.tolerance().unwrap().past()) > 420_000 {
            continue;
        }
        let delivery = signed_at(&scheme, NOW_MS - 420_000);
        let dated = delivery.clone().with_header("Date", "Thu, 09 Oct 2025 08:46:20 GMT");
        let skewed = found(&scheme, &dated);
        assert_certain(&skewed, CauseKind::ClockSkew, scheme.name());
        assert!(skewed.causes()[0].detail().contains("7 min ahead"), "{skewed:?}");
        // Sent just now, and signed seven minutes ago.
        let again = delivery.with_header("Date", "Thu, 09 Oct 2025 08:53:20 GMT");
        assert_certain(&found(&scheme, &again), CauseKind::ReplayedOldCapture, scheme.name());
        seen += 1;
    }
    assert!(seen >= 5, "{seen}");
}

#[test]
fn an_old_capture_is_found_and_its_age_told() {
    for scheme in schemes().filter(|scheme| scheme.tolerance().is_some()) {
        if scheme.timestamp().unwrap().0.starts_with("body:") {
            continue;
        }
        let age = beyond(scheme.tolerance().unwrap().past()) + 3 * 86_400_000;
        let found = found(&scheme, &signed_at(&scheme, NOW_MS - age));
        assert_certain(&found, CauseKind::ReplayedOldCapture, scheme.name());
        assert!(found.causes()[0].detail().contains(" d "), "{found:?}");
    }
    // Where the body states it, the clock moves instead.
    for scheme in schemes().filter(|scheme| scheme.tolerance().is_some()) {
        let delivery = signed_at(&scheme, NOW_MS);
        let later = NOW_MS + beyond(scheme.tolerance().unwrap().past()) + 86_400_000;
        let diagnose = diagnose(&scheme, secret_of(&scheme, 1)).with_clock(move || later);
        let found = found_by(&diagnose, &scheme, &delivery);
        assert_certain(&found, CauseKind::ReplayedOldCapture, scheme.name());
    }
}

#[test]
fn an_old_capture_with_another_cause_is_told_to_be_both() {
    for scheme in timed().take(8) {
        let age = beyond(scheme.tolerance().unwrap().past());
        let mut delivery = signed_at(&scheme, NOW_MS - age);
        delivery.body.push(b'\n');
        let found = found(&scheme, &delivery);
        assert_certain(&found, CauseKind::BodyNewline, scheme.name());
        assert_eq!(found.causes()[1].kind(), CauseKind::ReplayedOldCapture, "{found:?}");
    }
}
