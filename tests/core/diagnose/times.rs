//! Causes in the timestamp.

use countersign::Scheme;
use countersign::diagnose::CauseKind;
use countersign::scheme::{TimestampSource, TimestampUnit};

use super::{assert_certain, assert_suspected, diagnose, found, found_by};
use fixtures::delivery::{
    BODY, Delivery, NOW_MS, hmac_sha256, scheme, schemes, secret_of, secret_text,
};

/// The schemes with a timestamp outside of the body.
fn timed() -> impl Iterator<Item = Scheme> {
    schemes().filter(|scheme| {
        scheme.timestamp_source().is_some_and(|source| source.body_pointer().is_none())
    })
}

fn signed_at(scheme: &Scheme, unix_ms: i64) -> Delivery {
    Delivery::signed(scheme, secret_of(scheme, 1), unix_ms, BODY)
}

/// A limit of the scheme's tolerance plus a minute, in milliseconds.
fn beyond(bound: Option<std::time::Duration>) -> i64 {
    i64::try_from(bound.unwrap().as_millis()).unwrap() + 60_000
}

#[test]
fn seconds_instead_of_milliseconds_are_found_and_vice_versa() {
    let mut seen = 0;
    for scheme in timed() {
        let delivery = match scheme.timestamp_unit().unwrap() {
            TimestampUnit::Seconds => signed_at(&scheme, NOW_MS * 1000),
            TimestampUnit::Milliseconds => signed_at(&scheme, NOW_MS / 1000),
            _ => continue,
        };
        assert_certain(&found(&scheme, &delivery), CauseKind::TimestampUnit, scheme.name());
        seen += 1;
    }
    assert!(seen >= 5, "{seen}");
}

/// The same scheme with its timestamp in another unit. If only the length of
/// its own unit separates the timestamp from the text next to it, adds another
/// separator.
fn in_unit(scheme: &Scheme, unit: TimestampUnit) -> Scheme {
    let line = |unit: TimestampUnit| format!("\ntimestamp_unit = \"{unit}\"\n");
    let (own, file) = (line(scheme.timestamp_unit().unwrap()), scheme.to_toml().unwrap());
    assert!(file.contains(&own), "{file}");
    let file = file.replace("{ts}{body}", "{ts}|{body}").replace("{id}{ts}", "{id:5}{ts}");
    let file = file.replace("}{ts}", "}|{ts}");
    Scheme::from_toml(&file.replace(&own, &line(unit))).unwrap()
}

#[test]
fn every_other_timestamp_unit_than_the_schemes_is_found() {
    use TimestampUnit::{HttpDate, Milliseconds, Rfc3339, Seconds};
    let units = [Seconds, Milliseconds, Rfc3339, HttpDate];
    for (written, own) in units.into_iter().flat_map(|one| units.map(|other| (one, other))) {
        let mut seen = 0;
        for scheme in timed().filter(|_| written != own) {
            let is_field = matches!(scheme.timestamp_source(), Some(TimestampSource::Field(_)));
            // The comma of a date would end the list item.
            if is_field && [written, own].contains(&HttpDate) {
                continue;
            }
            let delivery = signed_at(&in_unit(&scheme, written), NOW_MS);
            let scheme = in_unit(&scheme, own);
            let found = found(&scheme, &delivery);
            assert_certain(&found, CauseKind::TimestampUnit, scheme.name());
            assert_eq!(found.causes().len(), 1, "{found:?}");
            let detail = found.causes()[0].detail();
            assert!(detail.contains(&written.to_string()), "{written}: {detail}");
            seen += 1;
        }
        assert!(written == own || seen >= 5, "{written} for {own}: {seen}");
    }
}

#[test]
fn microseconds_and_nanoseconds_are_found() {
    use TimestampUnit::{Milliseconds, Seconds};
    for scheme in timed() {
        for (own, number, reported) in [
            (Milliseconds, NOW_MS * 1000, "microseconds"),
            (Milliseconds, NOW_MS * 1_000_000, "nanoseconds"),
            (Seconds, NOW_MS * 1000, "microseconds"),
            // Too large for a number of the scheme, so it is not read as one.
            (Seconds, NOW_MS * 1_000_000, "neither the scheme's format"),
        ] {
            let delivery = signed_at(&in_unit(&scheme, Milliseconds), number);
            let scheme = in_unit(&scheme, own);
            let found = found(&scheme, &delivery);
            assert_certain(&found, CauseKind::TimestampUnit, scheme.name());
            assert!(found.causes()[0].detail().contains(reported), "{reported}: {found:?}");
        }
    }
}

#[test]
fn another_unit_and_an_old_capture_are_both_reported() {
    for scheme in timed() {
        let age = beyond(scheme.tolerance().unwrap().past());
        let delivery = signed_at(&in_unit(&scheme, TimestampUnit::Milliseconds), NOW_MS - age);
        let scheme = in_unit(&scheme, TimestampUnit::Seconds);
        let found = found(&scheme, &delivery);
        assert_certain(&found, CauseKind::TimestampUnit, scheme.name());
        assert_eq!(found.causes()[1].kind(), CauseKind::ReplayedOldCapture, "{found:?}");
    }
}

#[test]
fn a_malformed_timestamp_is_found_if_it_is_the_only_fault() {
    for name in ["stripe", "venum", "slack", "paddle", "zoom"] {
        let scheme = scheme(name);
        for odd in ["1760000000.123", "2025-10-09T08:53:20", "09/10/2025", "-1", "+1760000000"] {
            let unit = scheme.timestamp_unit().unwrap();
            let own = if unit == TimestampUnit::Seconds { NOW_MS / 1000 } else { NOW_MS };
            let delivery = Delivery::of(&scheme).with_text(&own.to_string(), odd);
            let message = scheme.signed().replace("{ts}", odd).replace("{body}", BODY);
            let tag = const_hex::encode(hmac_sha256(secret_text(1), message));
            let found = found(&scheme, &delivery.with_tag(&scheme, tag));
            assert_certain(&found, CauseKind::TimestampUnit, name);
            assert!(!found.causes()[0].detail().contains(odd), "{found:?}");

            let forged = delivery.with_tag(&scheme, "a5".repeat(32));
            assert_suspected(&super::found(&scheme, &forged), CauseKind::TimestampUnit, name);
        }
    }
}

#[test]
fn a_missing_or_malformed_time_in_the_body_is_found() {
    let mut seen = 0;
    for scheme in schemes().filter(|it| it.timestamp_source().is_none() && it.signed() == "{body}")
    {
        let file = scheme.to_toml().unwrap();
        let timed = format!("timestamp_body = \"/at\"\ntimestamp_unit = \"seconds\"\n{file}");
        let Ok(scheme) = Scheme::from_toml(&timed) else { continue };
        for (body, kind) in [
            (r#"{"at":1760000000000}"#, CauseKind::TimestampUnit),
            (r#"{"at":"2025-10-09T08:53:20Z"}"#, CauseKind::TimestampUnit),
            (r#"{"at":"soon"}"#, CauseKind::TimestampUnit),
            (r#"{"at":{}}"#, CauseKind::TimestampUnit),
            (r#"{"time":1760000000}"#, CauseKind::WrongScheme),
        ] {
            let delivery = Delivery::with_body(&scheme, body);
            let found = found(&scheme, &delivery);
            assert_certain(&found, kind, &format!("{}: {body}", scheme.name()));
            let detail = found.causes()[0].detail();
            let states_none = detail.contains("has no timestamp at `/at`");
            // Unchanged, it may verify as another scheme that signs the same
            // way without a timestamp.
            let is_another = detail.contains("it verifies");
            assert_eq!(states_none || is_another, kind == CauseKind::WrongScheme, "{found:?}");
        }
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
        assert!(found.causes()[0].detail().contains("clock counts seconds"), "{found:?}");
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
fn the_request_date_distinguishes_a_fast_clock_from_an_old_capture() {
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
fn an_old_capture_is_found_with_its_age() {
    for scheme in schemes().filter(|scheme| scheme.tolerance().is_some()) {
        if matches!(scheme.timestamp_source(), Some(TimestampSource::Body(_))) {
            continue;
        }
        let age = beyond(scheme.tolerance().unwrap().past()) + 3 * 86_400_000;
        let found = found(&scheme, &signed_at(&scheme, NOW_MS - age));
        assert_certain(&found, CauseKind::ReplayedOldCapture, scheme.name());
        assert!(found.causes()[0].detail().contains(" d "), "{found:?}");
    }
    // If the timestamp is in the body, the clock is changed instead.
    for scheme in schemes().filter(|scheme| scheme.tolerance().is_some()) {
        let delivery = signed_at(&scheme, NOW_MS);
        let later = NOW_MS + beyond(scheme.tolerance().unwrap().past()) + 86_400_000;
        let diagnose = diagnose(&scheme, secret_of(&scheme, 1)).with_clock(move || later);
        let found = found_by(&diagnose, &scheme, &delivery);
        assert_certain(&found, CauseKind::ReplayedOldCapture, scheme.name());
    }
}

#[test]
fn an_old_capture_with_another_cause_is_reported_as_both() {
    for scheme in timed().take(8) {
        let age = beyond(scheme.tolerance().unwrap().past());
        let mut delivery = signed_at(&scheme, NOW_MS - age);
        delivery.body.push(b'\n');
        let found = found(&scheme, &delivery);
        assert_certain(&found, CauseKind::BodyNewline, scheme.name());
        assert_eq!(found.causes()[1].kind(), CauseKind::ReplayedOldCapture, "{found:?}");
    }
}
