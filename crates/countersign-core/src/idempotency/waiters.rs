//! Limits how many duplicates of one event wait for it, or are handled, at the same
//! time. So copies of one delivery cannot occupy a server while its handler runs.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::key::EventKey;

/// The number of duplicates by event, in this process: those that wait, or those
/// that are handled.
#[derive(Default)]
pub(crate) struct Waiters(Mutex<HashMap<EventKey, usize>>);

impl Waiters {
    /// Returns a place for a duplicate of this event, or `None` if all are taken.
    pub(crate) fn enter(self: &Arc<Self>, key: &EventKey) -> Option<Waiting> {
        let mut events = self.lock();
        let is_full = events.len() >= MAX_EVENTS;
        match events.entry(key.clone()) {
            Entry::Occupied(mut waiting) if *waiting.get() < MAX_FOR_ONE_EVENT => {
                *waiting.get_mut() += 1;
            }
            Entry::Vacant(place) if !is_full => {
                place.insert(1);
            }
            Entry::Occupied(_) | Entry::Vacant(_) => return None,
        }
        Some(Waiting { waiters: Arc::clone(self), key: key.clone() })
    }

    fn leave(&self, key: &EventKey) {
        let mut events = self.lock();
        if let Some(waiting) = events.get_mut(key) {
            *waiting -= 1;
            if *waiting == 0 {
                events.remove(key);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<EventKey, usize>> {
        // The numbers are consistent after every step, even if another thread panicked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of a duplicate, which is free again when this is dropped.
pub(crate) struct Waiting {
    waiters: Arc<Waiters>,
    key: EventKey,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.waiters.leave(&self.key);
    }
}

/// A sender seldom sends more retries while the handler runs. More copies are
/// replays.
const MAX_FOR_ONE_EVENT: usize = 4;
/// A limit of the memory: about 1 MB.
const MAX_EVENTS: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::idempotency::key::sample::keys;

    #[test]
    fn each_event_has_four_waiter_slots_that_are_freed_again() {
        let (waiters, keys) = (Arc::new(Waiters::default()), keys(2));
        let mut waiting: Vec<_> = (0..4).map(|_| waiters.enter(&keys[0]).unwrap()).collect();
        assert!(waiters.enter(&keys[0]).is_none());
        drop(waiters.enter(&keys[1]).unwrap());
        waiting.pop();
        drop(waiters.enter(&keys[0]).unwrap());
        waiting.clear();
        assert!(waiters.lock().is_empty());
    }
}
