//! File names: time, number, program, kind and endpoint. No part of a name comes from a request.

use std::io;

use time::OffsetDateTime;

/// A name such as `20261121T090412123Z-00000017-5f3a9c1e-verified-hooks-stripe.json`. The order of
/// names is the order of times.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::serve) struct Name(String);

/// The result of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::serve) enum Kind {
    Verified,
    Rejected,
}

/// The part of a name that makes it unique.
#[derive(Debug, Clone, Copy)]
pub(in crate::serve) struct Stamp {
    unix_ms: i64,
    number: u32,
    program: u32,
}

/// Generates unique names.
#[derive(Debug)]
pub(in crate::serve) struct Namer {
    /// Distinguishes the files of this program from those of other programs in the same folder.
    program: u32,
    number: u32,
    latest_ms: i64,
}

impl Namer {
    pub(in crate::serve) fn of(program: u32) -> Self {
        Self { program, number: 0, latest_ms: i64::MIN }
    }

    /// The next name's unique part. If the clock is set back, the time in names stays the same, so
    /// that the name still sorts after older ones.
    pub(super) fn stamp(&mut self, unix_ms: i64) -> Stamp {
        self.latest_ms = self.latest_ms.max(unix_ms);
        let number = self.number;
        self.number = (number + 1) % NUMBERS;
        Stamp { unix_ms: self.latest_ms, number, program: self.program }
    }

    /// The name of a dead letter. It differs from the names of captures, so that the folder of
    /// captures neither counts nor removes the file.
    pub(in crate::serve) fn next_dead_letter(
        &mut self,
        unix_ms: i64,
        endpoint: &str,
    ) -> io::Result<Name> {
        self.stamp(unix_ms).named(DEAD_LETTER, endpoint)
    }

    /// The name of a file that checks whether the folder is writable.
    pub(in crate::serve) fn probe(&self) -> String {
        format!(".{:08x}{PART}", self.program)
    }
}

impl Stamp {
    pub(super) fn name(self, kind: Kind, endpoint: &str) -> io::Result<Name> {
        self.named(kind.as_str(), endpoint)
    }

    fn named(self, kind: &str, endpoint: &str) -> io::Result<Name> {
        let Self { unix_ms, number, program } = self;
        let (time, endpoint) = (time(unix_ms)?, slug(endpoint));
        Ok(Name(format!("{time}-{number:08}-{program:08x}-{kind}-{endpoint}{EXTENSION}")))
    }
}

impl Name {
    /// Parses the name of a capture. `None` for any other name.
    pub(super) fn parse(name: &str) -> Option<(Self, Kind)> {
        let parts: Vec<&str> = name.strip_suffix(EXTENSION)?.splitn(5, '-').collect();
        let [time, number, program, kind, endpoint] = parts[..] else { return None };
        let kind = [Kind::Verified, Kind::Rejected].into_iter().find(|it| it.as_str() == kind)?;
        let is_time = time.len() == 19
            && time.bytes().enumerate().all(|(at, byte)| match at {
                8 => byte == b'T',
                18 => byte == b'Z',
                _ => byte.is_ascii_digit(),
            });
        let is_number = number.len() == 8 && number.bytes().all(|byte| byte.is_ascii_digit());
        let is_program = program.len() == 8 && program.bytes().all(is_hex);
        let is_ours = is_time && is_number && is_program && slug(endpoint) == endpoint;
        is_ours.then(|| (Self(name.to_owned()), kind))
    }

    pub(in crate::serve) fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the temporary file, which is renamed once it is complete.
    pub(in crate::serve) fn part(&self) -> String {
        format!(".{}{PART}", self.0)
    }

    /// Whether this is the name of a temporary file of this program.
    pub(super) fn is_part(name: &str) -> bool {
        let name = name.strip_prefix('.').and_then(|name| name.strip_suffix(PART));
        let is_probe = |name: &str| name.len() == 8 && name.bytes().all(is_hex);
        name.is_some_and(|name| is_probe(name) || Self::parse(name).is_some())
    }
}

impl Kind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Rejected => "rejected",
        }
    }
}

fn is_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

/// `20261121T090412123Z`
fn time(unix_ms: i64) -> io::Result<String> {
    let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(unix_ms) * 1_000_000);
    let time = time.ok().filter(|time| (0..=9999).contains(&time.year()));
    let time =
        time.ok_or_else(|| io::Error::other("the clock is outside the range of file names"))?;
    Ok(format!(
        "{:04}{:02}{:02}T{:02}{:02}{:02}{:03}Z",
        time.year(),
        u8::from(time.month()),
        time.day(),
        time.hour(),
        time.minute(),
        time.second(),
        time.millisecond()
    ))
}

/// The endpoint's path, reduced to lowercase letters, digits and single hyphens.
fn slug(path: &str) -> String {
    let letters = path.bytes().map(|byte| match byte.is_ascii_alphanumeric() {
        true => char::from(byte.to_ascii_lowercase()),
        false => '-',
    });
    let spaced: String = letters.collect();
    let words: Vec<&str> = spaced.split('-').filter(|word| !word.is_empty()).collect();
    let mut slug = words.join("-");
    slug.truncate(MAX_SLUG);
    match slug.trim_end_matches('-') {
        "" => "endpoint".to_owned(),
        slug => slug.to_owned(),
    }
}

const DEAD_LETTER: &str = "deadletter";
const EXTENSION: &str = ".json";
const PART: &str = ".part";
const MAX_SLUG: usize = 48;
/// The number of values with eight digits.
const NUMBERS: u32 = 100_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_like_their_times_and_are_read_back() {
        let mut namer = Namer::of(0x5f3a_9c1e);
        let first = namer
            .stamp(1_795_251_852_123)
            .name(Kind::Verified, "/hooks/{tenant}//Stripe/")
            .unwrap();
        let name = "20261121T090412123Z-00000000-5f3a9c1e-verified-hooks-tenant-stripe.json";
        assert_eq!(first.as_str(), name);
        assert_eq!(Name::parse(name), Some((first.clone(), Kind::Verified)));
        let earlier = namer.stamp(0).name(Kind::Rejected, "/").unwrap();
        assert!(first < earlier && earlier.as_str().ends_with("-rejected-endpoint.json"));
        let later = namer.stamp(1_795_251_852_124).name(Kind::Verified, &"a-".repeat(99)).unwrap();
        assert!(earlier < later && later.as_str().len() < 120);
        for name in [&first, &earlier, &later] {
            assert!(Name::parse(name.as_str()).is_some() && Name::is_part(&name.part()));
        }
    }

    #[test]
    fn foreign_file_names_are_not_captures() {
        let ours = "20261121T090412123Z-00000000-5f3a9c1e-verified-hooks.json";
        assert!(Name::parse(ours).is_some());
        for name in [
            "",
            "delivery.json",
            "20261121T090412123Z-00000000-5f3a9c1e-verified-.json",
            "20261121T090412123Z-00000000-5f3a9c1e-verified-Hooks.json",
            "20261121T090412123Z-00000000-5f3a9c1e-verified-a--b.json",
            "20261121T090412123Z-00000000-5f3a9c1e-genuine-hooks.json",
            "20261121T090412123Z-00000000-5F3A9C1E-verified-hooks.json",
            "20261121T090412123Z-0000-5f3a9c1e-verified-hooks.json",
            "2026-00000000-5f3a9c1e-verified-hooks.json",
            "20261121T090412123Z-00000000-5f3a9c1e-verified-hooks.json.bak",
        ] {
            assert_eq!(Name::parse(name), None, "{name}");
            assert!(!Name::is_part(name), "{name}");
        }
        assert!(!Name::is_part(&format!(".{ours}")) && !Name::is_part("..part"));
    }

    #[test]
    fn a_dead_letter_file_is_not_a_capture() {
        let name = Namer::of(7).next_dead_letter(1_795_251_852_123, "/hooks").unwrap();
        let expected = "20261121T090412123Z-00000000-00000007-deadletter-hooks.json";
        assert_eq!(name.as_str(), expected);
        assert_eq!(Name::parse(name.as_str()), None);
        assert!(!Name::is_part(&name.part()));
    }

    #[test]
    fn a_year_without_four_digits_is_an_error() {
        for unix_ms in [i64::MIN, i64::MAX] {
            assert!(Namer::of(0).stamp(unix_ms).name(Kind::Verified, "/").is_err());
        }
    }
}
