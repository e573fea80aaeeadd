//! Two or three causes at once.

use countersign::diagnose::{CauseKind, Diagnosis};
use countersign::scheme::{SecretFormat, TimestampSource};
use countersign::{Scheme, Secret};

use super::{diagnose, found, found_by};
use fixtures::delivery::{Delivery, NOW_MS, any_body_schemes, scheme, secret_of, secret_text};

const SIGNED: &str = "{\"id\": \"evt_1\", \"n\": 1}";
const REWRITTEN: &str = "{\"id\":\"evt_1\",\"n\":1}";

fn text_schemes() -> impl Iterator<Item = Scheme> {
    any_body_schemes().filter(|scheme| scheme.secret_format() == SecretFormat::Text)
}

fn timed() -> impl Iterator<Item = Scheme> {
    any_body_schemes().filter(|scheme| scheme.tolerance().is_some())
}

/// Checks that exactly these causes are reported as certain, in any order.
#[track_caller]
fn assert_all(found: &Diagnosis, expected: &[CauseKind], scheme: &Scheme) {
    let which = format!("{}: {found:?}", scheme.name());
    assert!(found.causes().iter().all(|cause| cause.is_certain()), "{which}");
    let kinds: Vec<CauseKind> = found.causes().iter().map(|cause| cause.kind()).collect();
    assert_eq!(kinds.len(), expected.len(), "{which}");
    assert!(expected.iter().all(|kind| kinds.contains(kind)), "{which}");
}

/// Signed long before the scheme's tolerance allows.
fn old(scheme: &Scheme, secret: u8, body: &str) -> Delivery {
    let past = scheme.tolerance().unwrap().past().unwrap();
    let at = NOW_MS - i64::try_from(past.as_millis()).unwrap() - 3_600_000;
    Delivery::signed(scheme, secret_of(scheme, secret), at, body)
}

#[test]
fn a_secret_with_white_space_and_a_rewritten_body() {
    let mut seen = 0;
    for scheme in text_schemes() {
        let signed = Delivery::with_body(&scheme, SIGNED);
        let sent = Delivery { body: REWRITTEN.into(), ..signed };
        let pasted = Secret::new(format!("{}\n", secret_text(1))).unwrap();
        let found = found_by(&diagnose(&scheme, pasted), &scheme, &sent);
        let both = [CauseKind::BodyReserialized, CauseKind::SecretTrailingWhitespace];
        assert_all(&found, &both, &scheme);
        seen += 1;
    }
    assert!(seen >= 5);
}

#[test]
fn an_old_secret_an_old_capture_and_a_rewritten_body() {
    for scheme in timed() {
        let retired = diagnose(&scheme, secret_of(&scheme, 2)).with_retired(secret_of(&scheme, 1));
        let sent = old(&scheme, 1, SIGNED);
        let found = found_by(&retired, &scheme, &sent);
        assert_all(&found, &[CauseKind::Rotated, CauseKind::ReplayedOldCapture], &scheme);
        let sent = Delivery { body: REWRITTEN.into(), ..sent };
        let found = found_by(&retired, &scheme, &sent);
        let three =
            [CauseKind::BodyReserialized, CauseKind::Rotated, CauseKind::ReplayedOldCapture];
        assert_all(&found, &three, &scheme);
    }
    assert!(timed().count() >= 5);
}

#[test]
fn the_secret_of_another_endpoint_and_an_added_newline() {
    for scheme in any_body_schemes() {
        let mut sent = Delivery::with_body(&scheme, SIGNED);
        sent.body.push(b'\n');
        let diagnose = diagnose(&scheme, secret_of(&scheme, 2));
        let found = found_by(&diagnose.with_candidate(secret_of(&scheme, 1)), &scheme, &sent);
        let both = [CauseKind::BodyNewline, CauseKind::SecretOfAnotherEndpoint];
        assert_all(&found, &both, &scheme);
    }
}

#[test]
fn a_renamed_header_and_an_old_capture() {
    for scheme in timed() {
        let mut sent = old(&scheme, 1, SIGNED);
        sent.headers[0].0 = "X-Odd".to_owned();
        let found = found(&scheme, &sent);
        assert_all(&found, &[CauseKind::WrongHeader, CauseKind::ReplayedOldCapture], &scheme);
    }
}

#[test]
fn cgi_header_names_and_a_rewritten_body() {
    for scheme in any_body_schemes().filter(|scheme| !scheme.signed().contains("{header:")) {
        let mut sent = Delivery { body: REWRITTEN.into(), ..Delivery::with_body(&scheme, SIGNED) };
        for (name, _) in &mut sent.headers {
            *name = format!("HTTP_{}", name.to_ascii_uppercase().replace('-', "_"));
        }
        let both = [CauseKind::WrongHeader, CauseKind::BodyReserialized];
        assert_all(&found(&scheme, &sent), &both, &scheme);
    }
}

#[test]
fn another_scheme_and_a_rewritten_body_or_a_secret_with_white_space() {
    for name in ["stripe", "shopify", "slack", "venum", "square", "linear", "paddle"] {
        let (own, other) = (scheme(name), scheme("telegram"));
        if own.signs_url() || matches!(own.timestamp_source(), Some(TimestampSource::Body(_))) {
            continue;
        }
        let signed = Delivery::with_body(&own, SIGNED);
        let sent = Delivery { body: REWRITTEN.into(), ..signed.clone() };
        let found = found_by(&diagnose(&other, secret_of(&own, 1)), &other, &sent);
        assert_all(&found, &[CauseKind::WrongScheme, CauseKind::BodyReserialized], &own);

        let pasted = Secret::new(format!("{} ", secret_text(1))).unwrap();
        let found = found_by(&diagnose(&other, pasted), &other, &signed);
        let both = [CauseKind::WrongScheme, CauseKind::SecretTrailingWhitespace];
        assert_all(&found, &both, &own);
    }
}
