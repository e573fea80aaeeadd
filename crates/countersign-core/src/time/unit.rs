//! The format of a timestamp.

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
