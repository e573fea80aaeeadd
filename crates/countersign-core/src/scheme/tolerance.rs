//! How far a timestamp may be off.

use std::time::Duration;

use crate::clock::millis;

/// How far a timestamp may lie in the past and in the future.
///
/// The two are separate, and both bounds are inclusive: with a tolerance of
/// 300 s a timestamp of exactly 300 s ago is accepted. Whole milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tolerance {
    past_ms: Option<i64>,
    future_ms: Option<i64>,
}

impl Tolerance {
    /// As far in the past as in the future.
    #[must_use]
    pub fn symmetric(either: Duration) -> Self {
        Self::new(either, either)
    }

    /// One bound for the past, one for the future.
    #[must_use]
    pub fn new(past: Duration, future: Duration) -> Self {
        Self { past_ms: Some(millis(past)), future_ms: Some(millis(future)) }
    }

    /// Takes timestamps however old.
    ///
    /// Dangerous: whoever has recorded a delivery can send it again for ever,
    /// and only the memory of handled events, which ends, stands in the way.
    #[must_use]
    pub fn dangerous_without_past_limit(mut self) -> Self {
        self.past_ms = None;
        self
    }

    /// Takes timestamps however far ahead.
    ///
    /// Dangerous: a delivery that is dated ahead can be sent again until its
    /// date has passed.
    #[must_use]
    pub fn dangerous_without_future_limit(mut self) -> Self {
        self.future_ms = None;
        self
    }

    /// How far in the past; `None` for however far.
    #[must_use]
    pub fn past(&self) -> Option<Duration> {
        self.past_ms.map(duration)
    }

    /// How far in the future; `None` for however far.
    #[must_use]
    pub fn future(&self) -> Option<Duration> {
        self.future_ms.map(duration)
    }

    /// How long one and the same delivery can be accepted: from as early as
    /// its timestamp may lie ahead, to as late as it may lie behind. `None` for
    /// ever. An event has to be remembered for this long.
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
