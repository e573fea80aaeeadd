//! The validity and the issuer of a certificate.

use time::{Date, Month};

use super::der::{self, INTEGER, SEQUENCE, expect};
use crate::time::validity::Validity;

/// When a certificate is valid (RFC 5280, section 4.1.2.5). `None` if that cannot be read, or is
/// never.
pub(super) fn validity(certificate: &[u8]) -> Option<Validity> {
    let (_, rest) = issuer(certificate)?;
    let (validity, _) = expect(SEQUENCE, rest)?;
    let (from_unix_ms, rest) = instant(validity)?;
    let (until_unix_ms, rest) = instant(rest)?;
    // Valid to the end of the last second.
    let validity = Validity { from_unix_ms, until_unix_ms: until_unix_ms + 999 };
    (rest.is_empty() && !validity.is_empty()).then_some(validity)
}

/// Whether the second certificate is that of the issuer of the first, by their names. Nothing can
/// be the issuer of a root but the root itself.
pub(super) fn is_issued_by(certificate: &[u8], of_issuer: &[u8]) -> bool {
    let (Some((issuer, subject)), Some((_, other))) = (names(certificate), names(of_issuer)) else {
        return false;
    };
    issuer == other && issuer != subject
}

/// The names of the issuer and the subject.
fn names(certificate: &[u8]) -> Option<(&[u8], &[u8])> {
    let (issuer, rest) = issuer(certificate)?;
    let (_, rest) = expect(SEQUENCE, rest)?;
    let (subject, _) = expect(SEQUENCE, rest)?;
    Some((issuer, subject))
}

/// The name of the issuer, and the bytes behind it: the validity, the subject and the key.
fn issuer(certificate: &[u8]) -> Option<(&[u8], &[u8])> {
    let (certificate, _) = expect(SEQUENCE, certificate)?;
    let (mut rest, _) = expect(SEQUENCE, certificate)?;
    if let Some((_, behind)) = expect(VERSION, rest) {
        rest = behind;
    }
    // The serial number and the algorithm.
    for tag in [INTEGER, SEQUENCE] {
        (_, rest) = expect(tag, rest)?;
    }
    expect(SEQUENCE, rest)
}

/// An instant in Unix milliseconds, and the bytes behind it.
fn instant(der: &[u8]) -> Option<(i64, &[u8])> {
    let (tag, text, rest) = der::value(der)?;
    let digits = text.strip_suffix(b"Z")?;
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let pairs: Vec<u8> = pairs.iter().map(|[ten, one]| (ten - b'0') * 10 + one - b'0').collect();
    let (year, month, day, hour, minute, second) = match (tag, pairs.as_slice()) {
        (UTC_TIME, &[year, month, day, hour, minute, second]) => {
            let century = if year < 50 { 2000 } else { 1900 };
            (century + i32::from(year), month, day, hour, minute, second)
        }
        (GENERALIZED_TIME, &[century, year, month, day, hour, minute, second]) => {
            (i32::from(century) * 100 + i32::from(year), month, day, hour, minute, second)
        }
        _ => return None,
    };
    let date = Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()?;
    let instant = date.with_hms(hour, minute, second).ok()?.assume_utc();
    Some((instant.unix_timestamp() * 1000, rest))
}

/// The optional version, `[0]`.
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_validity_is_read_with_and_without_a_version() {
        let times = [utc("251001000000Z"), utc("251031235959Z")].concat();
        let expected =
            Validity { from_unix_ms: 1_759_276_800_000, until_unix_ms: 1_761_955_199_999 };
        for version in [&[][..], &[0xa0, 3, 2, 1, 2]] {
            assert_eq!(validity(&certificate(version, &times)), Some(expected));
        }
    }

    #[test]
    fn both_time_formats_are_parsed() {
        for (text, unix_ms) in [
            (utc("700101000000Z"), 0),
            (utc("491231235959Z"), 2_524_607_999_000),
            (utc("500101000000Z"), -631_152_000_000),
            (general("20500101000000Z"), 2_524_608_000_000),
            (general("99991231235959Z"), 253_402_300_799_000),
        ] {
            assert_eq!(instant(&text), Some((unix_ms, &[][..])), "{text:?}");
        }
    }

    #[test]
    fn an_invalid_time_makes_the_validity_invalid() {
        for bad in [
            utc(""),
            utc("Z"),
            utc("251001000000"),
            utc("2510010000Z"),
            utc("25100100000Z"),
            utc("251301000000Z"),
            utc("250229000000Z"),
            utc("251001240000Z"),
            utc("251001000060Z"),
            utc("2510010000-1Z"),
            utc("251001000000+0100"),
            utc("20251001000000Z"),
            general("251001000000Z"),
            general("20251001000000.5Z"),
            vec![UTC_TIME, 13, b'2'],
            vec![4, 1, b'Z'],
            Vec::new(),
        ] {
            assert_eq!(instant(&bad), None, "{bad:?}");
            let times = [utc("200101000000Z"), bad].concat();
            assert_eq!(validity(&certificate(&[], &times)), None, "{times:?}");
        }
        let (earlier, later) = (utc("251001000000Z"), utc("251001000001Z"));
        for times in [
            [later.clone(), earlier.clone()].concat(),
            earlier.clone(),
            [earlier.clone(), later.clone(), later].concat(),
        ] {
            assert_eq!(validity(&certificate(&[], &times)), None, "{times:?}");
        }
    }

    #[test]
    fn a_truncated_certificate_has_no_validity() {
        let times = [utc("251001000000Z"), utc("251031235959Z")].concat();
        let whole = certificate(&[0xa0, 3, 2, 1, 2], &times);
        assert!(validity(&whole).is_some());
        for length in 0..whole.len() {
            assert_eq!(validity(&whole[..length]), None, "{length}");
        }
    }

    #[test]
    fn an_issuer_is_found_by_its_name_and_a_root_is_its_own_issuer() {
        let named = |issuer: &str, subject: &str| {
            let times = [utc("251001000000Z"), utc("251031235959Z")].concat();
            let name = |name: &str| der(SEQUENCE, name.as_bytes());
            let before = [&[INTEGER, 1, 7, SEQUENCE, 0][..], &name(issuer)].concat();
            let inside = [before, der(SEQUENCE, &times), name(subject)].concat();
            der(SEQUENCE, &der(SEQUENCE, &inside))
        };
        let (leaf, issuer, root) =
            (named("issuer", "leaf"), named("root", "issuer"), named("root", "root"));
        assert!(is_issued_by(&leaf, &issuer) && is_issued_by(&issuer, &root));
        for (certificate, other) in [
            (&leaf, &root),
            (&leaf, &leaf),
            (&issuer, &leaf),
            (&root, &root),
            (&root, &leaf),
            (&leaf, &Vec::new()),
        ] {
            assert!(!is_issued_by(certificate, other), "{certificate:?}, {other:?}");
        }
        assert!(validity(&leaf).is_some());
    }

    /// A certificate up to its validity.
    fn certificate(version: &[u8], times: &[u8]) -> Vec<u8> {
        let before = [version, &[INTEGER, 1, 7, SEQUENCE, 0, SEQUENCE, 0]].concat();
        der(SEQUENCE, &der(SEQUENCE, &[before, der(SEQUENCE, times)].concat()))
    }

    fn utc(text: &str) -> Vec<u8> {
        der(UTC_TIME, text.as_bytes())
    }

    fn general(text: &str) -> Vec<u8> {
        der(GENERALIZED_TIME, text.as_bytes())
    }

    fn der(tag: u8, content: &[u8]) -> Vec<u8> {
        [&[tag, u8::try_from(content.len()).unwrap()], content].concat()
    }
}
