//! Waits while the target is down, so that an outage does not use up the attempts of every event.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// After several failures in a row, no request is sent for a time, and then one.
pub(super) struct Breaker(Mutex<State>);

#[derive(Default)]
struct State {
    failures: u32,
    /// Set while it is open.
    until: Option<Instant>,
}

/// What the breaker allows now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Allowed {
    All,
    /// One request, to find out whether the target is back.
    One,
    /// None until then.
    Not(Instant),
}

impl Breaker {
    pub(super) fn new() -> Self {
        Self(Mutex::default())
    }

    pub(super) fn allowed(&self) -> Allowed {
        match self.0.lock().unwrap_or_else(PoisonError::into_inner).until {
            None => Allowed::All,
            Some(until) if until <= Instant::now() => Allowed::One,
            Some(until) => Allowed::Not(until),
        }
    }

    /// The target responded with a success. Returns whether the breaker was open.
    pub(super) fn succeeded(&self) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *state).until.is_some()
    }

    /// The target failed. Returns whether the breaker has opened now.
    pub(super) fn failed(&self) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.failures = state.failures.saturating_add(1);
        let Some(beyond) = state.failures.checked_sub(FAILURES) else { return false };
        let now = Instant::now();
        // The failures of requests that were in progress when it opened change nothing.
        if state.until.is_some_and(|until| until > now) {
            state.failures -= 1;
            return false;
        }
        let wait = FIRST_WAIT.saturating_mul(1 << beyond.min(6)).min(MAX_WAIT);
        state.until.replace(now + wait).is_none()
    }
}

const FAILURES: u32 = 5;
const FIRST_WAIT: Duration = Duration::from_secs(1);
const MAX_WAIT: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use tokio::time::{advance, pause};

    use super::*;

    #[tokio::test]
    async fn it_opens_after_failures_in_a_row_and_tries_again_later_each_time() {
        pause();
        let breaker = Breaker::new();
        for _ in 0..FAILURES - 1 {
            assert!(!breaker.failed());
        }
        breaker.succeeded();
        for _ in 0..FAILURES - 1 {
            assert!(!breaker.failed());
            assert_eq!(breaker.allowed(), Allowed::All);
        }
        assert!(breaker.failed());
        // Those that were in progress.
        assert!(!breaker.failed() && !breaker.failed());
        for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
            let until = Instant::now() + Duration::from_secs(seconds);
            assert_eq!(breaker.allowed(), Allowed::Not(until));
            advance(Duration::from_secs(seconds)).await;
            assert_eq!(breaker.allowed(), Allowed::One);
            assert!(!breaker.failed());
        }
        assert!(breaker.succeeded() && !breaker.succeeded());
        assert_eq!(breaker.allowed(), Allowed::All);
    }
}
