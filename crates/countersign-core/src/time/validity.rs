//! The period in which a secret is valid.

/// A period in Unix milliseconds, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Validity {
    pub(crate) from_unix_ms: i64,
    pub(crate) until_unix_ms: i64,
}

impl Validity {
    pub(crate) const ALWAYS: Self = Self { from_unix_ms: i64::MIN, until_unix_ms: i64::MAX };

    /// Whether the period contains no time.
    pub(crate) fn is_empty(self) -> bool {
        self.from_unix_ms > self.until_unix_ms
    }

    pub(crate) fn contains(self, unix_ms: i64) -> bool {
        (self.from_unix_ms..=self.until_unix_ms).contains(&unix_ms)
    }
}
