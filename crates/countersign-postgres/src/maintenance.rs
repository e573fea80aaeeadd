//! The task that deletes expired rows, and counts the events.

use std::sync::Weak;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use countersign_core::StoreError;

use crate::steps::Steps;

/// Whether a new event may be added.
pub(crate) struct Room {
    max_events: Option<i64>,
    is_full: AtomicBool,
}

impl Room {
    pub(crate) fn new(max_events: Option<u64>) -> Self {
        let max_events = max_events.map(|events| i64::try_from(events).unwrap_or(i64::MAX));
        Self { max_events, is_full: AtomicBool::new(max_events == Some(0)) }
    }

    pub(crate) fn is_left(&self) -> bool {
        !self.is_full.load(Ordering::Relaxed)
    }

    /// Counts the events.
    pub(crate) async fn measure(&self, steps: &Steps) -> Result<(), StoreError> {
        let Some(max_events) = self.max_events else { return Ok(()) };
        let is_full = steps.count(max_events).await? >= max_events;
        self.is_full.store(is_full, Ordering::Relaxed);
        Ok(())
    }
}

/// Runs until the store is dropped. An error is not reported: rows that are not deleted now are
/// deleted later, and an operation reports the same error.
pub(crate) async fn run(steps: Weak<Steps>, interval: Duration) {
    loop {
        tokio::time::sleep(interval).await;
        loop {
            let Some(steps) = steps.upgrade() else { return };
            if !matches!(steps.purge(PURGED).await, Ok(PURGED)) {
                let _ = steps.room.measure(&steps).await;
                break;
            }
        }
    }
}

/// The maximum number of rows that one statement deletes: some milliseconds.
const PURGED: i64 = 500;
