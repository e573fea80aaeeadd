//! When a request reached each step, for the inspector.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::time::Instant;

use crate::inspect::Times;

/// The steps of one request. Each is noted once.
#[derive(Clone)]
pub(in crate::serve) struct Stopwatch(Arc<Steps>);

struct Steps {
    since: Instant,
    head: AtomicU64,
    body: AtomicU64,
    claimed: AtomicU64,
}

impl Stopwatch {
    pub(super) fn start() -> Self {
        let [head, body, claimed] = [const { AtomicU64::new(NOT_REACHED) }; 3];
        Self(Arc::new(Steps { since: Instant::now(), head, body, claimed }))
    }

    /// The body is read, so the headers were accepted.
    pub(super) fn head(&self) {
        self.note(&self.0.head);
    }

    /// The whole body was read.
    pub(super) fn body(&self) {
        self.note(&self.0.body);
    }

    /// The handler was called, so the event was claimed.
    pub(in crate::serve) fn claimed(&self) {
        self.note(&self.0.claimed);
    }

    /// All times, and that of the response, which is now.
    pub(in crate::serve) fn times(&self) -> Times {
        let read = |step: &AtomicU64| {
            Some(step.load(Ordering::Relaxed)).filter(|micros| *micros != NOT_REACHED)
        };
        Times {
            head: read(&self.0.head),
            body: read(&self.0.body),
            claimed: read(&self.0.claimed),
            answered: Some(self.elapsed()),
        }
    }

    fn note(&self, step: &AtomicU64) {
        let now = self.elapsed();
        let _ = step.compare_exchange(NOT_REACHED, now, Ordering::Relaxed, Ordering::Relaxed);
    }

    fn elapsed(&self) -> u64 {
        u64::try_from(self.0.since.elapsed().as_micros()).unwrap_or(NOT_REACHED - 1)
    }
}

const NOT_REACHED: u64 = u64::MAX;
