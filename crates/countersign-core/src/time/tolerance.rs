//! The timestamp tolerance.

use std::time::Duration;

use crate::time::clock::millis;

/// The accepted difference between a timestamp and the clock, past and future.
///
/// The two limits are separate, and both are inclusive: with a tolerance of 300
/// s, a timestamp of exactly 300 s ago is accepted. Precision: whole
/// milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tolerance {
    past_ms: Option<i64>,
    future_ms: Option<i64>,
}

impl Tolerance {
    /// The same limit for past and future.
    #[must_use]
    pub fn symmetric(either: Duration) -> Self {
        Self::new(either, either)
    }

    /// Separate limits for past and future.
    #[must_use]
    pub fn new(past: Duration, future: Duration) -> Self {
        Self { past_ms: Some(millis(past)), future_ms: Some(millis(future)) }
    }

    /// Accepts timestamps of any age.
    ///
    /// Dangerous: anyone who has recorded a delivery can replay it at any time.
    /// Only the record of handled events prevents that, and it expires.
    #[must_use]
    pub fn dangerous_without_past_limit(mut self) -> Self {
        self.past_ms = None;
        self
    }

    /// Accepts timestamps in the future without a limit.
    ///
    /// Dangerous: a delivery with a future date can be replayed until that date has passed.
    #[must_use]
    pub fn dangerous_without_future_limit(mut self) -> Self {
        self.future_ms = None;
        self
    }

    /// The limit in the past; `None` if unlimited.
    #[must_use]
    pub fn past(&self) -> Option<Duration> {
        self.past_ms.map(duration)
    }

    /// The limit in the future; `None` if unlimited.
    #[must_use]
    pub fn future(&self) -> Option<Duration> {
        self.future_ms.map(duration)
    }

    /// How long one delivery can be accepted: the sum of both limits. `None` if
    /// unlimited. An event must be remembered for at least this long.
    #[must_use]
    pub fn window(&self) -> Option<Duration> {
        Some(self.past()?.saturating_add(self.future()?))
    }

    pub(crate) fn past_ms(&self) -> Option<i64> {
        self.past_ms
    }

    pub(crate) fn future_ms(&self) -> Option<i64> {
        self.future_ms
    }
}

fn duration(ms: i64) -> Duration {
    Duration::from_millis(ms.unsigned_abs())
}
