//! An idempotency store in a map with a lock.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use countersign::store::protocol::{self, Record};
use countersign::store::{
    Attempt, ClaimOutcome, CompleteOutcome, Health, IdempotencyStore, ReleaseOutcome, RenewOutcome,
    StoreError,
};
use countersign::{Clock, EventKey};

/// Remembers events in a map, for a single process.
pub struct MapStore {
    max_events: usize,
    clock: Box<dyn Clock>,
    events: Mutex<Events>,
}

type Events = HashMap<EventKey, Event>;

struct Event {
    record: Record,
    /// The time until which the event is remembered.
    kept_until_ms: i64,
}

impl MapStore {
    /// Creates a store with this capacity, which uses this clock for leases and
    /// retentions.
    pub fn new(most_events: usize, clock: impl Clock + 'static) -> Self {
        Self { max_events: most_events, clock: Box::new(clock), events: Mutex::default() }
    }

    /// Runs one atomic step: finds the record, calls the protocol, and keeps the
    /// changed record. Returns `None` if the store is full.
    fn step<T>(
        &self,
        key: &EventKey,
        attempt: &Attempt,
        protocol: impl FnOnce(Option<&Record>, i64) -> (T, Option<Record>),
    ) -> Option<T> {
        let mut events = self.events();
        let now_ms = self.clock.now_unix_ms();
        let known = events.get(key).filter(|event| event.is_remembered(now_ms));
        let (outcome, changed) = protocol(known.map(|event| &event.record), now_ms);
        let Some(record) = changed else { return Some(outcome) };
        if events.len() >= self.max_events && !events.contains_key(key) {
            events.retain(|_, event| event.is_remembered(now_ms));
            // An event that is claimed, or can still be delivered again, is never evicted.
            if events.len() >= self.max_events {
                return None;
            }
        }
        let kept_until_ms = now_ms.saturating_add(ms(record.keep_for(attempt)));
        events.insert(key.clone(), Event { record, kept_until_ms });
        Some(outcome)
    }

    fn events(&self) -> MutexGuard<'_, Events> {
        // A panic cannot leave the map in an inconsistent state.
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Event {
    fn is_remembered(&self, now_ms: i64) -> bool {
        now_ms < self.kept_until_ms
    }
}

impl IdempotencyStore for MapStore {
    async fn claim(&self, key: &EventKey, attempt: &Attempt) -> Result<ClaimOutcome, StoreError> {
        let claim = |record: Option<&Record>, now_ms| protocol::claim(record, attempt, now_ms);
        Ok(self.step(key, attempt, claim).unwrap_or(ClaimOutcome::AtCapacity))
    }

    async fn complete(
        &self,
        key: &EventKey,
        attempt: &Attempt,
    ) -> Result<CompleteOutcome, StoreError> {
        let complete =
            |record: Option<&Record>, now_ms| protocol::complete(record, attempt, now_ms);
        self.step(key, attempt, complete).ok_or_else(no_room)
    }

    async fn renew(&self, key: &EventKey, attempt: &Attempt) -> Result<RenewOutcome, StoreError> {
        let renew = |record: Option<&Record>, now_ms| protocol::renew(record, attempt, now_ms);
        self.step(key, attempt, renew).ok_or_else(no_room)
    }

    async fn release(
        &self,
        key: &EventKey,
        attempt: &Attempt,
    ) -> Result<ReleaseOutcome, StoreError> {
        let release = |record: Option<&Record>, _| protocol::release(record, attempt);
        self.step(key, attempt, release).ok_or_else(no_room)
    }

    async fn forget(&self, key: &EventKey) -> Result<bool, StoreError> {
        let now_ms = self.clock.now_unix_ms();
        Ok(self.events().remove(key).is_some_and(|event| event.is_remembered(now_ms)))
    }

    async fn probe(&self) -> Result<Health, StoreError> {
        Ok(Health::default())
    }
}

fn no_room() -> StoreError {
    StoreError::not_applied("the store is full")
}

fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl fmt::Debug for MapStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapStore")
            .field("most_events", &self.max_events)
            .field("events", &self.events().len())
            .finish_non_exhaustive()
    }
}
