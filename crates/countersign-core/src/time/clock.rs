//! Clocks. The current time is an argument, so that a user or a test can set it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
#[cfg(not(target_os = "linux"))]
use std::time::SystemTime;
use std::time::{Duration, Instant};

/// Returns the current time, which the timestamps of deliveries are checked against.
///
/// Implemented for closures, so `|| 1_760_000_000_000` is a clock.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a clock",
    label = "not a clock",
    note = "use `SystemClock`, `ManualClock` in tests, or a function that returns Unix milliseconds as `i64`"
)]
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
    fn now_unix_ms(&self) -> i64;
}

impl<F: Fn() -> i64 + Send + Sync> Clock for F {
    fn now_unix_ms(&self) -> i64 {
        self()
    }
}

/// The clock of the operating system. This is the default.
///
/// On Linux it reads the coarse clock, which advances with every tick of the
/// kernel's timer. It can be up to 10 ms late, which does not matter for
/// tolerances of seconds, and reading it takes a third of the time.
///
/// A system clock that is set before 1970 gives a negative time, not zero.
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

/// Starts at the operating system's time and then counts the elapsed time. Later
/// changes of the system clock have no effect.
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

/// The time of the leases and retentions in one process.
pub(crate) enum LeaseClock {
    Monotonic(MonotonicClock),
    Given(Arc<dyn Clock>),
}

impl Clock for LeaseClock {
    fn now_unix_ms(&self) -> i64 {
        match self {
            Self::Monotonic(clock) => clock.now_unix_ms(),
            Self::Given(clock) => clock.now_unix_ms(),
        }
    }
}

/// A clock that changes only when it is set or advanced, for tests.
///
/// Clones share the same time.
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
    /// Creates a clock that is set to `unix_ms` milliseconds since 1970.
    #[must_use]
    pub fn at_unix_ms(unix_ms: i64) -> Self {
        Self(Arc::new(AtomicI64::new(unix_ms)))
    }

    /// Sets the clock to `unix_ms` milliseconds since 1970.
    pub fn set_unix_ms(&self, unix_ms: i64) {
        self.0.store(unix_ms, Ordering::SeqCst);
    }

    /// Advances the clock, in whole milliseconds.
    pub fn advance(&self, by: Duration) {
        // Saturates, like all arithmetic on time in this crate.
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

/// The duration in whole milliseconds. More than 292 million years saturates.
pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::SystemTime;

    #[test]
    fn the_system_clock_returns_the_system_time() {
        let system = || millis(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap());
        let before = system();
        let read = SystemClock::new().now_unix_ms();
        // At most one tick late, plus a second of margin for a busy machine.
        assert!((before - 1_000..=system()).contains(&read), "{read} is not {before}");
    }
}
