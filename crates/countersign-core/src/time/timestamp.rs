//! Parses timestamps strictly, and checks them with arithmetic that cannot overflow.

use std::time::UNIX_EPOCH;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::error::{VerifyError, VerifyErrorKind};
use crate::time::clock::millis;
use crate::time::tolerance::Tolerance;
use crate::time::unit::TimestampUnit;

/// Parses `text` and returns the instant in Unix milliseconds.
///
/// A number has digits only (no sign, no space, no fraction, no exponent), and at
/// most as many as a 64-bit number. The signature is verified over the original
/// text, never over this number formatted again.
pub(crate) fn parse(text: &[u8], unit: TimestampUnit) -> Option<i64> {
    match unit {
        TimestampUnit::Seconds => number(text)?.checked_mul(1000),
        TimestampUnit::Milliseconds => number(text),
        TimestampUnit::Rfc3339 => {
            let text = std::str::from_utf8(bounded(text)?).ok()?;
            // The parser accepts any byte here.
            if !matches!(text.as_bytes().get(DATE_LENGTH)?, b'T' | b't' | b' ') {
                return None;
            }
            let instant = OffsetDateTime::parse(text, &Rfc3339).ok()?;
            i64::try_from(instant.unix_timestamp_nanos().div_euclid(1_000_000)).ok()
        }
        TimestampUnit::HttpDate => {
            let text = std::str::from_utf8(bounded(text)?).ok()?;
            // The parser accepts spaces around the date.
            if text.trim() != text {
                return None;
            }
            let instant = httpdate::parse_http_date(text).ok()?;
            instant.duration_since(UNIX_EPOCH).ok().map(millis)
        }
    }
}

/// Formats `unix_ms` as a provider does; `None` if the unit cannot express it.
pub(crate) fn write(unix_ms: i64, unit: TimestampUnit) -> Option<String> {
    let not_negative = u64::try_from(unix_ms).ok()?;
    match unit {
        TimestampUnit::Seconds => Some((not_negative / 1000).to_string()),
        TimestampUnit::Milliseconds => Some(not_negative.to_string()),
        TimestampUnit::Rfc3339 => {
            let instant =
                OffsetDateTime::from_unix_timestamp_nanos(i128::from(unix_ms) * 1_000_000);
            instant.ok()?.format(&Rfc3339).ok()
        }
        TimestampUnit::HttpDate => {
            let instant = UNIX_EPOCH.checked_add(std::time::Duration::from_millis(not_negative))?;
            // `fmt_http_date` supports the years up to 9999.
            (not_negative < YEAR_10000_MS).then(|| httpdate::fmt_http_date(instant))
        }
    }
}

/// The number of digits of a time between 2001 and 2286; `None` if the unit is not a
/// number.
pub(crate) fn digits(unit: TimestampUnit) -> Option<usize> {
    match unit {
        TimestampUnit::Seconds => Some(10),
        TimestampUnit::Milliseconds => Some(13),
        TimestampUnit::Rfc3339 | TimestampUnit::HttpDate => None,
    }
}

/// Checks that an instant is within the tolerance, both bounds included.
pub(crate) fn check(
    signed_at_ms: i64,
    now_ms: i64,
    tolerance: Tolerance,
) -> Result<(), VerifyError> {
    let age_ms = now_ms.saturating_sub(signed_at_ms);
    if let Some(allowed) = tolerance.past_ms()
        && age_ms > allowed
    {
        return Err(VerifyError::skew(VerifyErrorKind::TimestampTooOld, age_ms, allowed));
    }
    if let Some(allowed) = tolerance.future_ms()
        && age_ms < -allowed
    {
        return Err(VerifyError::skew(VerifyErrorKind::TimestampInFuture, age_ms, allowed));
    }
    Ok(())
}

impl Tolerance {
    /// Whether a timestamp is within the tolerance at this time, both in Unix milliseconds.
    #[must_use]
    pub fn accepts(&self, signed_at_unix_ms: i64, now_unix_ms: i64) -> bool {
        check(signed_at_unix_ms, now_unix_ms, *self).is_ok()
    }
}

fn number(text: &[u8]) -> Option<i64> {
    if text.is_empty() || text.len() > MAX_DIGITS {
        return None;
    }
    // 19 digits fit in an unsigned 64-bit number, so this cannot overflow.
    let mut number = 0_u64;
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + u64::from(digit);
    }
    i64::try_from(number).ok()
}

fn bounded(text: &[u8]) -> Option<&[u8]> {
    (text.len() <= MAX_DATE).then_some(text)
}

/// The number of digits of `i64::MAX`.
const MAX_DIGITS: usize = 19;
/// The length of the date before the time in RFC 3339 (`2025-10-09`).
const DATE_LENGTH: usize = 10;
/// An RFC 3339 date with nine fractional digits and an offset has 35.
const MAX_DATE: usize = 64;
const YEAR_10000_MS: u64 = 253_402_300_800_000;

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_number_consists_of_digits_only() {
        use TimestampUnit::{Milliseconds, Seconds};
        assert_eq!(parse(b"1760000000", Seconds), Some(1_760_000_000_000));
        assert_eq!(parse(b"1760000000123", Milliseconds), Some(1_760_000_000_123));
        assert_eq!(parse(b"0", Seconds), Some(0));
        let million = "9".repeat(1_000_000);
        for bad in [
            "",
            "+1",
            "-1",
            " 1",
            "1 ",
            "1.0",
            "1e9",
            "0x1",
            "abc",
            "1760000000abc",
            "1760000000.9",
            "-9223372036854775808",
            "18446744073709551615",
            "9223372036854775808",
            "١٢٣",
            "1\0",
            million.as_str(),
        ] {
            assert_eq!(parse(bad.as_bytes(), Seconds), None, "{bad:.40}");
            assert_eq!(parse(bad.as_bytes(), Milliseconds), None, "{bad:.40}");
        }
        // Fits as milliseconds, overflows as seconds.
        assert_eq!(parse(b"9223372036854775807", Milliseconds), Some(i64::MAX));
        assert_eq!(parse(b"9223372036854775807", Seconds), None);
    }

    #[test]
    fn dates_are_read_with_offset_and_fraction() {
        use TimestampUnit::{HttpDate, Rfc3339};
        assert_eq!(parse(b"2025-10-09T08:53:20.634234626Z", Rfc3339), Some(1_760_000_000_634));
        assert_eq!(parse(b"2025-10-09T10:53:20+02:00", Rfc3339), Some(1_760_000_000_000));
        assert_eq!(parse(b"Thu, 09 Oct 2025 08:53:20 GMT", HttpDate), Some(1_760_000_000_000));
        for bad in
            ["2025-10-09", "2025-10-09T08:53:20", "2025-13-09T08:53:20Z", "1760000000", "\u{ff12}"]
        {
            assert_eq!(parse(bad.as_bytes(), Rfc3339), None, "{bad}");
            assert_eq!(parse(bad.as_bytes(), HttpDate), None, "{bad}");
        }
    }

    #[test]
    fn date_and_time_are_separated_by_a_t_or_a_space() {
        for between in ' '..='~' {
            let text = format!("2025-10-09{between}08:53:20Z");
            let read = matches!(between, 'T' | 't' | ' ').then_some(1_760_000_000_000);
            assert_eq!(parse(text.as_bytes(), TimestampUnit::Rfc3339), read, "{text}");
        }
    }

    #[test]
    fn formatted_timestamps_parse_back() {
        for (_, unit) in TimestampUnit::ALL {
            let text = write(1_760_000_000_000, *unit).unwrap();
            assert_eq!(parse(text.as_bytes(), *unit), Some(1_760_000_000_000), "{unit}");
            assert_eq!(write(i64::MIN, *unit), None, "{unit}");
            let _ = write(i64::MAX, *unit);
        }
    }

    #[test]
    fn both_bounds_are_inclusive_and_separate() {
        let tolerance = Tolerance::new(Duration::from_secs(300), Duration::from_secs(60));
        let kind = |age_ms: i64| check(0, age_ms, tolerance).err().map(|error| error.kind());
        assert_eq!(kind(300_000), None);
        assert_eq!(kind(300_001), Some(VerifyErrorKind::TimestampTooOld));
        assert_eq!(kind(-60_000), None);
        assert_eq!(kind(-60_001), Some(VerifyErrorKind::TimestampInFuture));
    }

    #[test]
    fn no_timestamp_and_no_clock_overflow_the_window() {
        let tolerance = Tolerance::symmetric(Duration::from_secs(300));
        let check = |at, now| check(at, now, tolerance).err().map(|error| error.kind());
        assert_eq!(check(i64::MIN, i64::MAX), Some(VerifyErrorKind::TimestampTooOld));
        assert_eq!(check(i64::MIN, 0), Some(VerifyErrorKind::TimestampTooOld));
        assert_eq!(check(i64::MAX, i64::MIN), Some(VerifyErrorKind::TimestampInFuture));
        assert_eq!(check(i64::MAX, -2), Some(VerifyErrorKind::TimestampInFuture));
        let widest = Tolerance::symmetric(Duration::MAX);
        assert!(super::check(i64::MAX, i64::MIN, widest).is_err());
    }
}
