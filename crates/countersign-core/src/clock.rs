//! Time is an argument: what "now" is, is for the user (and the test) to say.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
#[cfg(not(target_os = "linux"))]
use std::time::SystemTime;
use std::time::{Duration, Instant};

/// Says what time it is, for judging the timestamps of deliveries.
///
/// Implemented for closures, so `|| 1_760_000_000_000` is a clock.
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
    fn now_unix_ms(&self) -> i64;
}

impl<F: Fn() -> i64 + Send + Sync> Clock for F {
    fn now_unix_ms(&self) -> i64 {
        self()
    }
}

/// The clock of the operating system; the default.
///
/// On Linux this is its coarse clock, which is moved on by every tick of the
/// kernel's timer: it lies up to 10 ms behind, which is nothing to tolerances of
/// seconds, and is read in a third of the time.
///
/// A clock set before 1970 reads as a negative time, not as zero.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct SystemClock;

impl SystemClock {
    /// The clock of the operating system.
    #[must_use]
    pub fn new() -> Self {
        Self
    }
}

impl Clock for SystemClock {
    #[cfg(target_os = "linux")]
    fn now_unix_ms(&self) -> i64 {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::RealtimeCoarse);
        now.tv_sec.saturating_mul(1000).saturating_add(now.tv_nsec / 1_000_000)
    }

    #[cfg(not(target_os = "linux"))]
    fn now_unix_ms(&self) -> i64 {
        match SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => millis(after),
            Err(before) => -millis(before.duration()),
        }
    }
}

/// Begins with the operating system's time, and from then on counts what passes,
/// whatever is done to that clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MonotonicClock {
    from_ms: i64,
    since: Instant,
}

impl MonotonicClock {
    pub(crate) fn start() -> Self {
        Self { from_ms: SystemClock::new().now_unix_ms(), since: Instant::now() }
    }
}

impl Clock for MonotonicClock {
    fn now_unix_ms(&self) -> i64 {
        self.from_ms.saturating_add(millis(self.since.elapsed()))
    }
}

/// A clock that stands still until it is moved, for tests.
///
/// Clones are the same clock.
///
/// ```
/// use countersign_core::{Clock, ManualClock};
/// use std::time::Duration;
///
/// let clock = ManualClock::at_unix_ms(1_760_000_000_000);
/// let same = clock.clone();
/// clock.advance(Duration::from_secs(5));
/// assert_eq!(same.now_unix_ms(), 1_760_000_005_000);
/// ```
#[derive(Clone)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    /// A clock that stands at `unix_ms` milliseconds since 1970.
    #[must_use]
    pub fn at_unix_ms(unix_ms: i64) -> Self {
        Self(Arc::new(AtomicI64::new(unix_ms)))
    }

    /// Moves the clock to `unix_ms` milliseconds since 1970.
    pub fn set_unix_ms(&self, unix_ms: i64) {
        self.0.store(unix_ms, Ordering::SeqCst);
    }

    /// Moves the clock forward, in whole milliseconds.
    pub fn advance(&self, by: Duration) {
        // Saturates, as all arithmetic on time does here.
        let later = |now: i64| Some(now.saturating_add(millis(by)));
        let _ = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, later);
    }
}

impl Clock for ManualClock {
    fn now_unix_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ManualClock").field(&self.now_unix_ms()).finish()
    }
}

/// Whole milliseconds; what does not fit in 292 million years saturates.
pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::SystemTime;

    #[test]
    fn the_system_clock_keeps_the_time_of_the_system() {
        let system = || millis(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap());
        let before = system();
        let read = SystemClock::new().now_unix_ms();
        // A tick behind at most, and a second for a machine that is busy.
        assert!((before - 1_000..=system()).contains(&read), "{read} is not {before}");
    }
}
