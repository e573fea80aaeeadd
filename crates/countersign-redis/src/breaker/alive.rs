//! Liveness of a task: its runtime may be kept but no longer driven.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The deadline of a task's next heartbeat, if its runtime is driven.
pub(super) struct Alive {
    since: Instant,
    /// In milliseconds; 0 if no heartbeat is expected.
    until_ms: AtomicU64,
}

impl Alive {
    pub(super) fn new() -> Self {
        Self { since: Instant::now(), until_ms: AtomicU64::new(0) }
    }

    /// The task is alive, and sends the next heartbeat within `wait`.
    pub(super) fn again_within(&self, wait: Duration) {
        let until = self.since.elapsed().saturating_add(wait).saturating_add(PATIENCE);
        self.until_ms.store(millis(until), Ordering::Relaxed);
    }

    /// The task is alive and idle.
    pub(super) fn idle(&self) {
        self.until_ms.store(0, Ordering::Relaxed);
    }

    /// The task has something to do.
    pub(super) fn expected(&self) {
        let until_ms = millis(self.since.elapsed().saturating_add(PATIENCE));
        let _ = self.until_ms.compare_exchange(0, until_ms, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Whether a heartbeat is overdue.
    pub(super) fn is_stalled(&self) -> bool {
        let until_ms = self.until_ms.load(Ordering::Relaxed);
        until_ms != 0 && until_ms < millis(self.since.elapsed())
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// How long a busy machine may take to run a task.
const PATIENCE: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_expected_heartbeat_can_be_overdue() {
        let long_ago = Instant::now().checked_sub(PATIENCE * 2).unwrap();
        let alive = Alive { since: long_ago, until_ms: AtomicU64::new(0) };
        assert!(!alive.is_stalled());
        alive.until_ms.store(1, Ordering::Relaxed);
        assert!(alive.is_stalled());
        alive.expected();
        assert!(alive.is_stalled(), "it is still overdue");
        alive.again_within(Duration::ZERO);
        assert!(!alive.is_stalled());
        alive.until_ms.store(1, Ordering::Relaxed);
        alive.idle();
        assert!(!alive.is_stalled());
    }
}
