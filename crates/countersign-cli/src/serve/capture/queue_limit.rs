//! Limits the memory for bodies that are queued for writing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use countersign::BufferBudget;

/// A limit on reserved bytes.
pub(super) struct QueueLimit {
    limit: usize,
    held: AtomicUsize,
    /// The reserved bytes also count toward the budget for requests. Captures use at most half of
    /// it, because deliveries have priority.
    budget: BufferBudget,
}

/// The bytes that one body reserves; released on drop.
pub(super) struct QueuePermit {
    room: Arc<QueueLimit>,
    bytes: usize,
    counted: countersign::adapter::BufferPermit,
}

impl QueueLimit {
    pub(super) fn of(bytes: usize) -> Arc<Self> {
        Self::of_budget(bytes, BufferBudget::of_process())
    }

    fn of_budget(bytes: usize, budget: BufferBudget) -> Arc<Self> {
        Arc::new(Self { limit: bytes, held: AtomicUsize::new(0), budget })
    }

    pub(super) fn nothing(room: &Arc<Self>) -> QueuePermit {
        QueuePermit { room: Arc::clone(room), bytes: 0, counted: room.budget.reserve() }
    }
}

impl QueuePermit {
    /// Reserves `bytes` more, and returns whether there is room for them.
    #[must_use]
    pub(super) fn grow(&mut self, bytes: usize) -> bool {
        let QueueLimit { limit, held, budget } = &*self.room;
        let half = budget.limit() / 2;
        if budget.used().checked_add(bytes).is_none_or(|used| used > half) {
            return false;
        }
        let more = |held: usize| held.checked_add(bytes).filter(|held| held <= limit);
        if held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_err() {
            return false;
        }
        // Released on drop, even if the budget has no room.
        self.bytes += bytes;
        self.counted.grow(bytes).is_ok()
    }

    /// An empty reservation of the same room.
    pub(super) fn nothing_more(&self) -> Self {
        QueueLimit::nothing(&self.room)
    }
}

impl Drop for QueuePermit {
    fn drop(&mut self) {
        self.room.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_above_the_limit_fails_and_a_drop_frees_its_bytes() {
        let room = QueueLimit::of(10);
        let mut first = QueueLimit::nothing(&room);
        assert!(first.grow(6) && first.grow(4) && !first.grow(1));
        let mut second = first.nothing_more();
        assert!(!second.grow(1) && !second.grow(usize::MAX));
        drop(first);
        assert!(second.grow(10));
    }

    #[test]
    fn captures_count_in_the_request_budget_and_use_at_most_half_of_it() {
        let budget = BufferBudget::new(100);
        let room = QueueLimit::of_budget(1000, budget.clone());
        let mut first = QueueLimit::nothing(&room);
        assert!(first.grow(40) && !first.grow(11));
        assert_eq!(budget.used(), 40);
        let mut request = budget.reserve();
        assert!(request.grow(60).is_ok());
        assert!(!first.nothing_more().grow(1));
        drop((first, request));
        assert_eq!(budget.used(), 0);
    }
}
