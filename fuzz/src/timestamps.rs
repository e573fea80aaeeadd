//! Timestamps are read as by a simple parser, and checked to the millisecond.

use std::sync::LazyLock;
use std::time::Duration;

use countersign::scheme::TimestampUnit;
use countersign::{Scheme, Secret, Tolerance, Verifier, VerifyError, VerifyErrorKind as Kind};
use ring::hmac::HMAC_SHA256;

use super::Target;
use super::input::Input;
use super::plain::{self, days_in, unix_seconds};

pub const TARGET: Target = Target { name: "timestamps", run, seeds };

/// One byte chooses the unit, two choose the error of the receiver's clock, and the rest is the
/// text.
fn run(input: &[u8]) {
    let mut input = Input::new(input);
    let Unit { unit, verifier, read } = input.one_of(&*UNITS);
    let off: i64 = *input.one_of(&[0, 1, 299_999, 300_000, 300_001, 1 << 50]);
    let is_behind = input.byte() % 2 == 1;
    let text = input.rest();
    let tag = const_hex::encode(plain::mac(HMAC_SHA256, &[text, b".", BODY]));
    let headers = [("X-Time", text), ("X-Signature", tag.as_bytes())];
    let signed_at_ms = |verifier: Verifier| -> Result<Option<i64>, VerifyError> {
        Ok(verifier.verify(&headers, BODY)?.signed_at_unix_ms())
    };

    let at_any_time = Tolerance::symmetric(Duration::ZERO)
        .dangerous_without_past_limit()
        .dangerous_without_future_limit();
    let read_ms = match signed_at_ms(verifier.clone().with_tolerance(at_any_time)) {
        Ok(at) => Some(at.expect("the scheme has a timestamp")),
        Err(rejected) => {
            assert_eq!(rejected.kind(), Kind::MalformedTimestamp, "{unit}");
            None
        }
    };
    if let Some(expected) = read(text) {
        assert_eq!(read_ms, expected, "{unit}: {:?}", String::from_utf8_lossy(text));
    }

    let Some(at) = read_ms else { return };
    let now = at.saturating_add(if is_behind { off } else { -off });
    let verdict = signed_at_ms(verifier.clone().with_clock(move || now));
    let age_ms = i128::from(now) - i128::from(at);
    let expected = match age_ms {
        ..-300_000 => Err(Kind::TimestampInFuture),
        300_001.. => Err(Kind::TimestampTooOld),
        _ => Ok(Some(at)),
    };
    assert_eq!(verdict.map_err(|error| error.kind()), expected, "{unit}: {at} at {now}");
}

struct Unit {
    unit: TimestampUnit,
    verifier: Verifier,
    /// The milliseconds in a text, or `Some(None)` if it is not a timestamp. `None` if the simple
    /// parser does not support the text.
    read: fn(&[u8]) -> Option<Option<i64>>,
}

static UNITS: LazyLock<[Unit; 4]> = LazyLock::new(|| {
    [
        Unit::new(TimestampUnit::Seconds, |text| {
            Some(whole(text).and_then(|seconds| seconds.checked_mul(1000)))
        }),
        Unit::new(TimestampUnit::Milliseconds, |text| Some(whole(text))),
        Unit::new(TimestampUnit::Rfc3339, rfc3339),
        Unit::new(TimestampUnit::HttpDate, http_date),
    ]
});

impl Unit {
    fn new(unit: TimestampUnit, read: fn(&[u8]) -> Option<Option<i64>>) -> Self {
        let scheme = Scheme::builder("timed")
            .signature_header("X-Signature")
            .signed_payload("{ts}.{body}")
            .timestamp_header("X-Time", unit)
            .build();
        let secret = Secret::new(plain::KEY).expect("it is not empty");
        let verifier = Verifier::new(scheme.expect("it is valid"), secret);
        Self { unit, verifier: verifier.expect("it needs nothing else"), read }
    }
}

fn whole(text: &[u8]) -> Option<i64> {
    let is_number = !text.is_empty() && text.len() <= 19 && text.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(text).ok().filter(|_| is_number)?.parse().ok()
}

/// Reads RFC 3339, section 5.6, without leap seconds.
fn rfc3339(text: &[u8]) -> Option<Option<i64>> {
    let read = || {
        let (date, rest) = text.split_at_checked(10)?;
        let (time, rest) = rest.split_first()?.1.split_at_checked(8)?;
        let is_separated = date[4] == b'-' && date[7] == b'-' && time[2] == b':' && time[5] == b':';
        let separator = text[10];
        if !is_separated || !matches!(separator, b'T' | b't' | b' ') {
            return None;
        }
        let parts = [&date[..4], &date[5..7], &date[8..], &time[..2], &time[3..5], &time[6..]];
        let [year, month, day, hour, minute, second] = numbers(parts)?;
        let (millis, zone) = match rest.strip_prefix(b".") {
            None => (0, rest),
            Some(rest) => {
                let end = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
                let (digits, zone) = rest.split_at(end);
                if digits.is_empty() {
                    return None;
                }
                // Milliseconds, cut off.
                let digit = |place| digits.get(place).map_or(0, |digit| i64::from(digit - b'0'));
                (digit(0) * 100 + digit(1) * 10 + digit(2), zone)
            }
        };
        let offset = match zone {
            [b'Z' | b'z'] => 0,
            [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
                let [hours, minutes] = numbers([&[*h1, *h2], &[*m1, *m2]])?;
                if hours > 23 || minutes > 59 {
                    return None;
                }
                (hours * 60 + minutes) * if *sign == b'-' { -60 } else { 60 }
            }
            _ => return None,
        };
        if !(1..=12).contains(&month) || !(1..=days_in(year, month)).contains(&day) {
            return None;
        }
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let seconds = unix_seconds([year, month, day, hour, minute, second]) - offset;
        Some(seconds * 1000 + millis)
    };
    let is_leap = text.get(17..19) == Some(b"60");
    if is_leap || text.len() > 64 { None } else { Some(read()) }
}

/// Reads the form of RFC 9110, section 5.6.7, that is not obsolete. Other forms are not supported.
fn http_date(text: &[u8]) -> Option<Option<i64>> {
    let parts: Vec<&[u8]> = text.split(|byte| *byte == b' ').collect();
    let [weekday, day, month, year, time, b"GMT"] = parts[..] else { return None };
    let [h1, h2, b':', m1, m2, b':', s1, s2] = *time else { return None };
    let name = |names: &str, part: &[u8]| {
        let part = std::str::from_utf8(part).ok().filter(|part| part.len() == 3)?;
        names.split(' ').position(|name| name == part).map(|index| index as i64)
    };
    let weekday = name("Thu Fri Sat Sun Mon Tue Wed", weekday.strip_suffix(b",")?)?;
    let month = 1 + name("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec", month)?;
    if day.len() != 2 || year.len() != 4 {
        return None;
    }
    let [year, day, hour, minute, second] = numbers([year, day, &[h1, h2], &[m1, m2], &[s1, s2]])?;
    if year < 1970 || !(1..=days_in(year, month)).contains(&day) {
        return Some(None);
    }
    if hour > 23 || minute > 59 || second > 59 {
        return Some(None);
    }
    let seconds = unix_seconds([year, month, day, hour, minute, second]);
    let is_right = seconds.div_euclid(86_400) % 7 == weekday;
    Some(is_right.then_some(seconds * 1000))
}

fn numbers<const COUNT: usize>(parts: [&[u8]; COUNT]) -> Option<[i64; COUNT]> {
    let mut numbers = [0; COUNT];
    for (number, part) in numbers.iter_mut().zip(parts) {
        *number = whole(part)?;
    }
    Some(numbers)
}

fn seeds() -> Vec<Vec<u8>> {
    let texts: [&[&str]; 4] = [
        &["1760000000", "0", "9223372036854775", "9223372036854776", "-1", "+1", "1.0", "1e9"],
        &["1760000000000", "0001760000000000", "9223372036854775807", "9223372036854775808"],
        &[
            "2025-10-09T08:53:20Z",
            "2025-10-09t08:53:20.123456789+02:00",
            "2025-10-09 08:53:20.9999-23:59",
            "2024-02-29T23:59:60Z",
            "0000-01-01T00:00:00Z",
            "9999-12-31T23:59:59-12:00",
        ],
        &[
            "Thu, 09 Oct 2025 08:53:20 GMT",
            "Thursday, 09-Oct-25 08:53:20 GMT",
            "Thu Oct  9 08:53:20 2025",
            "Fri, 31 Dec 9999 23:59:59 GMT",
            "Thu, 01 Jan 1970 00:00:00 GMT",
        ],
    ];
    let seed = |unit: usize, off: usize, text: &str| {
        [&[unit as u8, off as u8 / 2, off as u8 % 2], text.as_bytes()].concat()
    };
    let of_unit = |(unit, texts): (usize, &&[&'static str])| {
        let texts = texts.to_vec();
        (0..12)
            .flat_map(move |off| texts.clone().into_iter().map(move |text| seed(unit, off, text)))
    };
    texts.iter().enumerate().flat_map(of_unit).collect()
}

const BODY: &[u8] = b"{}";
