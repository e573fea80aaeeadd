//! The format of a timestamp.

use super::timestamp;
use crate::error::named_variants::named_variants;

/// The format of a timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimestampUnit {
    /// Whole seconds since 1970.
    Seconds,
    /// Whole milliseconds since 1970.
    Milliseconds,
    /// RFC 3339, with any offset and any number of fractional digits.
    Rfc3339,
    /// The HTTP date, RFC 9110 section 5.6.7.
    HttpDate,
}

named_variants!(TimestampUnit {
    Seconds = "seconds",
    Milliseconds = "milliseconds",
    Rfc3339 = "rfc3339",
    HttpDate = "http-date",
});

impl TimestampUnit {
    /// Parses a timestamp, and returns it in Unix milliseconds; `None` if it is not a timestamp of
    /// this format.
    #[must_use]
    pub fn parse(self, text: &[u8]) -> Option<i64> {
        timestamp::parse(text, self)
    }

    /// The number of digits of a time between 2001 and 2286; `None` if the format is not a number.
    #[must_use]
    pub fn digits(self) -> Option<usize> {
        timestamp::digits(self)
    }
}
