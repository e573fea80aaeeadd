//! A bounded queue between tasks that must not block and a thread that writes for them.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A queue with lanes. Each lane has its own limit, so that a full lane does not affect the others.
pub(crate) struct Queue<T, const LANES: usize> {
    state: Mutex<State<T, LANES>>,
    changed: Condvar,
    /// The maximum number of items in each lane.
    limit: usize,
}

struct State<T, const LANES: usize> {
    lanes: [VecDeque<T>; LANES],
    /// Whether the last item that was taken is still being processed.
    is_busy: bool,
    is_closed: bool,
}

impl<T, const LANES: usize> Queue<T, LANES> {
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        let lanes = std::array::from_fn(|_| VecDeque::new());
        let state = State { lanes, is_busy: false, is_closed: false };
        Arc::new(Self { state: Mutex::new(state), changed: Condvar::new(), limit })
    }

    /// Adds an item without blocking.
    ///
    /// # Errors
    ///
    /// The item, if its lane is full or the queue is closed.
    pub(crate) fn push(&self, lane: usize, item: T) -> Result<(), T> {
        let mut state = self.state();
        if state.is_closed || state.lanes[lane].len() >= self.limit {
            return Err(item);
        }
        state.lanes[lane].push_back(item);
        self.changed.notify_all();
        Ok(())
    }

    /// Waits for the next item: the oldest of the first lane that has one. Returns `None` if the
    /// queue is closed and empty. The call marks the previous item as done.
    pub(crate) fn next(&self) -> Option<T> {
        let mut state = self.state();
        state.is_busy = false;
        loop {
            if let Some(item) = state.lanes.iter_mut().find_map(VecDeque::pop_front) {
                state.is_busy = true;
                return Some(item);
            }
            self.changed.notify_all();
            if state.is_closed {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Closes the queue: [`next`](Self::next) returns `None` once all items are taken.
    pub(crate) fn close(&self) {
        self.state().is_closed = true;
        self.changed.notify_all();
    }

    /// Waits until all items are done, at most `within`. Returns whether they are.
    pub(crate) fn wait_until_done(&self, within: Duration) -> bool {
        let until = Instant::now() + within;
        let mut state = self.state();
        loop {
            if !state.is_busy && state.lanes.iter().all(VecDeque::is_empty) {
                return true;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn state(&self) -> MutexGuard<'_, State<T, LANES>> {
        // The state is consistent after every statement, so a panic elsewhere cannot break it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_lane_does_not_block_others_and_the_first_lane_has_priority() {
        let queue = Queue::<u32, 2>::new(2);
        for item in 1..=2 {
            assert_eq!(queue.push(1, item), Ok(()));
        }
        assert_eq!(queue.push(1, 3), Err(3));
        assert_eq!(queue.push(0, 4), Ok(()));
        queue.close();
        assert_eq!(queue.push(0, 5), Err(5));
        let taken: Vec<u32> = std::iter::from_fn(|| queue.next()).collect();
        assert_eq!(taken, [4, 1, 2]);
    }

    #[test]
    fn an_item_is_done_when_the_next_one_is_requested() {
        let queue = Queue::<u32, 1>::new(1);
        assert!(queue.wait_until_done(Duration::ZERO));
        assert_eq!(queue.push(0, 1), Ok(()));
        assert!(!queue.wait_until_done(Duration::ZERO));
        queue.next();
        assert!(!queue.wait_until_done(Duration::ZERO));
        queue.close();
        queue.next();
        assert!(queue.wait_until_done(Duration::ZERO));
    }
}
