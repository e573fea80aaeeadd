//! The store's clock, and what happens when it jumps.

use std::sync::Arc;
use std::time::Instant;

use countersign_core::{Clock, SystemClock};

/// The time of a step, in Unix milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Now {
    /// The wall clock. Leases use it, because all processes have it in common.
    pub(crate) wall_ms: i64,
    /// The time up to which records are forgotten. It does not follow a jump ahead
    /// of the wall clock until the clock has kept the new time for a day: a record
    /// that is deleted because of a wrong clock cannot be restored.
    pub(crate) forget_ms: i64,
}

/// Reads the clocks.
pub(crate) struct Timekeeper {
    wall: Arc<dyn Clock>,
    /// Advances evenly.
    steady: Arc<dyn Clock>,
    /// The difference of the two, as far as it is believed.
    offset_ms: i64,
    /// The steady time since which the wall clock has been ahead.
    ahead_since_ms: Option<i64>,
}

impl Timekeeper {
    /// Uses the wall clock, or a clock of the caller's, which is believed.
    pub(crate) fn new(clock: Option<Arc<dyn Clock>>) -> Self {
        match clock {
            Some(clock) => Self::of(Arc::clone(&clock), clock),
            None => {
                let started = Instant::now();
                let elapsed =
                    move || i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX);
                Self::of(Arc::new(SystemClock::new()), Arc::new(elapsed))
            }
        }
    }

    fn of(wall: Arc<dyn Clock>, steady: Arc<dyn Clock>) -> Self {
        let offset_ms = wall.now_unix_ms().saturating_sub(steady.now_unix_ms());
        Self { wall, steady, offset_ms, ahead_since_ms: None }
    }

    pub(crate) fn now(&mut self) -> Now {
        let wall_ms = self.wall.now_unix_ms();
        let steady_ms = self.steady.now_unix_ms();
        let expected_ms = steady_ms.saturating_add(self.offset_ms);
        if wall_ms <= expected_ms.saturating_add(TOLERANCE_MS) {
            self.ahead_since_ms = None;
            return Now { wall_ms, forget_ms: wall_ms };
        }
        let since_ms = *self.ahead_since_ms.get_or_insert(steady_ms);
        if steady_ms.saturating_sub(since_ms) >= BELIEVED_AFTER_MS {
            self.offset_ms = wall_ms.saturating_sub(steady_ms);
            self.ahead_since_ms = None;
            return Now { wall_ms, forget_ms: wall_ms };
        }
        Now { wall_ms, forget_ms: expected_ms }
    }
}

/// The two clocks are read one after the other, and one of them is coarse.
const TOLERANCE_MS: i64 = 1_000;
const BELIEVED_AFTER_MS: i64 = 24 * 60 * 60 * 1_000;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use countersign_core::ManualClock;

    use super::*;

    const START_MS: i64 = 1_760_000_000_000;
    const HOUR: Duration = Duration::from_secs(60 * 60);
    const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

    struct Clocks {
        wall: ManualClock,
        steady: ManualClock,
        time: Timekeeper,
    }

    fn clocks() -> Clocks {
        let (wall, steady) = (ManualClock::at_unix_ms(START_MS), ManualClock::at_unix_ms(7));
        let time = Timekeeper::of(Arc::new(wall.clone()), Arc::new(steady.clone()));
        Clocks { wall, steady, time }
    }

    impl Clocks {
        fn pass(&self, by: Duration) {
            self.wall.advance(by);
            self.steady.advance(by);
        }

        /// Whether records are forgotten by the wall clock.
        fn is_believed(&mut self) -> bool {
            let now = self.time.now();
            assert_eq!(now.wall_ms, self.wall.now_unix_ms());
            assert!(now.forget_ms <= now.wall_ms);
            now.forget_ms == now.wall_ms
        }
    }

    #[test]
    fn a_clock_that_advances_evenly_is_believed() {
        let mut clocks = clocks();
        for _ in 0..100 {
            clocks.pass(HOUR);
            assert!(clocks.is_believed());
        }
    }

    #[test]
    fn a_jump_ahead_is_believed_after_a_day() {
        let mut clocks = clocks();
        clocks.wall.advance(YEAR);
        assert!(!clocks.is_believed());
        clocks.pass(23 * HOUR);
        assert!(!clocks.is_believed());
        assert_eq!(clocks.time.now().forget_ms, START_MS + 23 * 3_600_000);
        clocks.pass(HOUR);
        assert!(clocks.is_believed());
        clocks.pass(YEAR);
        assert!(clocks.is_believed());
    }

    #[test]
    fn a_jump_ahead_that_is_corrected_forgets_nothing() {
        let mut clocks = clocks();
        clocks.wall.advance(YEAR);
        assert!(!clocks.is_believed());
        clocks.pass(23 * HOUR);
        clocks.wall.set_unix_ms(START_MS + 23 * 3_600_000);
        assert!(clocks.is_believed());
        // The day starts again.
        clocks.wall.advance(YEAR);
        clocks.pass(2 * HOUR);
        assert!(!clocks.is_believed());
        clocks.pass(23 * HOUR);
        assert!(!clocks.is_believed());
    }

    #[test]
    fn a_jump_back_is_believed_at_once_and_so_is_its_correction() {
        let mut clocks = clocks();
        clocks.wall.set_unix_ms(0);
        assert!(clocks.is_believed());
        clocks.pass(HOUR);
        assert!(clocks.is_believed());
        clocks.wall.set_unix_ms(START_MS + 3_600_000);
        assert!(clocks.is_believed());
    }

    #[test]
    fn a_clock_of_the_callers_is_believed() {
        let wall = ManualClock::at_unix_ms(START_MS);
        let mut time = Timekeeper::new(Some(Arc::new(wall.clone())));
        wall.advance(YEAR);
        let now_ms = wall.now_unix_ms();
        assert_eq!(time.now(), Now { wall_ms: now_ms, forget_ms: now_ms });
    }
}
