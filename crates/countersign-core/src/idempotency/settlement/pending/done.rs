//! A bounded table of events that this process has handled and the store has
//! recorded. In an outage, their duplicates are recognised without the store.

use std::collections::{HashMap, VecDeque};

use crate::idempotency::{EventKey, Record};

/// The most recent events. The oldest are removed first.
pub(super) struct RecentlyDone {
    events: HashMap<[u8; 32], Done>,
    /// The events in the order in which they were added. An event that was added
    /// again, or removed, keeps its earlier place, which no longer counts.
    order: VecDeque<([u8; 32], u64)>,
    next_number: u64,
    limit: usize,
}

struct Done {
    record: Record,
    expires_ms: i64,
    number: u64,
}

impl RecentlyDone {
    pub(super) fn new(limit: usize) -> Self {
        Self { events: HashMap::new(), order: VecDeque::new(), next_number: 0, limit }
    }

    pub(super) fn add(&mut self, key: &EventKey, record: Record, expires_ms: i64, now_ms: i64) {
        let (digest, number) = (*key.digest(), self.next_number);
        self.next_number += 1;
        self.events.insert(digest, Done { record, expires_ms, number });
        self.order.push_back((digest, number));
        while let Some(&(digest, number)) = self.order.front() {
            let done = self.events.get(&digest).filter(|done| done.number == number);
            let (is_current, is_wanted) =
                (done.is_some(), done.is_some_and(|done| now_ms < done.expires_ms));
            if is_wanted && self.order.len() <= self.limit {
                return;
            }
            self.order.pop_front();
            if is_current {
                self.events.remove(&digest);
            }
        }
    }

    pub(super) fn look(&self, key: &EventKey, now_ms: i64) -> Option<&Record> {
        let done = self.events.get(key.digest()).filter(|done| now_ms < done.expires_ms);
        done.map(|done| &done.record)
    }

    /// Returns whether the event was in the table.
    pub(super) fn forget(&mut self, key: &EventKey) -> bool {
        !self.events.is_empty() && self.events.remove(key.digest()).is_some()
    }
}
