//! An idempotency store in the memory of one process.

mod index;
mod queues;
mod shard;
mod slab;

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use shard::{Full, Shard, Share};

use super::key::EventKey;
use super::protocol::{self, Record};
use super::store::{
    Attempt, ClaimOutcome, CompleteOutcome, Health, IdempotencyStore, ReleaseOutcome, RenewOutcome,
    StoreError,
};
use crate::time::clock::{Clock, MonotonicClock};

/// An idempotency store in the memory of this process.
///
/// It serves **one process**. Other processes, and this process after a restart, do
/// not know its events. If several processes share the work of an endpoint, or if
/// an event that is redelivered after a restart must not be handled again, use a
/// store outside of the process.
///
/// Clones are the same store.
///
/// ```
/// use countersign_core::MemoryStore;
///
/// let store = MemoryStore::with_capacity(10_000).with_floor(8_000);
/// assert!(store.is_empty());
/// ```
///
/// # When it is full
///
/// It holds at most as many events as its capacity. If it is full, it forgets an
/// event to make room for a new one, in this order:
///
/// 1. an event whose retention has ended;
/// 2. the event that has been done for the longest time, as long as more events are
///    done than the [floor](Self::with_floor) guarantees;
/// 3. the event that failed, or whose attempt let the lease run out, the longest
///    time ago. If that event is claimed again, its attempts are counted from 1.
///
/// If there is no such event, a claim returns [`ClaimOutcome::AtCapacity`]. A
/// success of an event that the store no longer knows returns a [`StoreError`] with
/// this cause. The store never forgets an event that an attempt holds, even if its
/// retention ends, until the lease has run out.
///
/// Up to a capacity of 65,535 events, the capacity and the order are exact. Larger
/// stores are divided into 16 shards. Each shard has its own lock and its share of
/// the capacity and a few percent more, and the order applies within a shard.
///
/// # What it costs
///
/// 64 bytes for each event, allocated as events arrive, and about 6 bytes for each
/// event of the capacity, allocated at once. Memory is reused and not returned to
/// the allocator. Every step does a bounded amount of work. There is no background
/// thread: each step also removes a few expired events.
///
/// # Time
///
/// Leases and retentions use a clock that starts at the operating system's time and
/// then counts the time that passes. Later changes of the system clock do not
/// affect it.
#[derive(Clone)]
pub struct MemoryStore {
    capacity: usize,
    floor: usize,
    clock: Arc<dyn Clock>,
    table: Arc<Table>,
}

impl MemoryStore {
    /// Creates a store for 1,000,000 events: 70 MB when it is full.
    #[must_use]
    pub fn new() -> Self {
        Self::with_capacity(DEFAULT_CAPACITY)
    }

    /// Creates a store for this many events, at most 134,217,728.
    ///
    /// Choose the number of events that arrive within the retention, plus some for
    /// those in flight.
    #[must_use]
    pub fn with_capacity(events: usize) -> Self {
        let capacity = events.min(MAX_CAPACITY);
        let floor = capacity / 2;
        let clock = Arc::new(MonotonicClock::start());
        Self { capacity, floor, clock, table: Arc::new(Table::new(capacity, floor)) }
    }

    /// Sets the floor: the minimum number of done events that are remembered until
    /// their retention ends. These are the latest. Defaults to half of the
    /// capacity.
    ///
    /// The rest of the capacity is available to events in flight. If the floor
    /// equals the capacity, no done event is ever forgotten early. A store that is
    /// full of done events then accepts no new event.
    ///
    /// The store starts empty.
    #[must_use]
    pub fn with_floor(mut self, events: usize) -> Self {
        self.floor = events.min(self.capacity);
        self.emptied()
    }

    /// Sets the clock for leases and retentions. It must not go back: events that
    /// the store has forgotten stay forgotten.
    ///
    /// The store starts empty.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self.emptied()
    }

    /// Replaces the table by an empty one, so that a changed store shares nothing
    /// with its clones.
    fn emptied(mut self) -> Self {
        self.table = Arc::new(Table::new(self.capacity, self.floor));
        self
    }

    /// The number of events in the store, including expired ones that are not
    /// removed yet.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.shards().map(|shard| shard.len()).sum()
    }

    /// Whether the store contains no event.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of events that are held by an attempt whose lease has not run
    /// out.
    ///
    /// It counts them one by one.
    #[must_use]
    pub fn live(&self) -> usize {
        let now_ms = self.now_ms();
        self.table.shards().map(|shard| shard.live(now_ms)).sum()
    }

    /// The current time, limited so that an unlimited lease never runs out.
    fn now_ms(&self) -> i64 {
        self.clock.now_unix_ms().clamp(0, LATEST_MS - 1)
    }

    fn step<T>(
        &self,
        key: &EventKey,
        attempt: &Attempt,
        step: impl FnOnce(Option<&Record>, i64) -> (T, Option<Record>),
    ) -> Result<T, Full> {
        let (key, now_ms) = (self.table.key(key), self.now_ms());
        let mut shard = self.table.shard(key);
        shard.step(key, attempt, now_ms, |record| step(record, now_ms))
    }
}

impl IdempotencyStore for MemoryStore {
    async fn claim(&self, key: &EventKey, attempt: &Attempt) -> Result<ClaimOutcome, StoreError> {
        let claimed =
            self.step(key, attempt, |record, now_ms| protocol::claim(record, attempt, now_ms));
        Ok(claimed.unwrap_or(ClaimOutcome::AtCapacity))
    }

    async fn complete(
        &self,
        key: &EventKey,
        attempt: &Attempt,
    ) -> Result<CompleteOutcome, StoreError> {
        self.step(key, attempt, |record, now_ms| protocol::complete(record, attempt, now_ms))
            .map_err(full)
    }

    async fn renew(&self, key: &EventKey, attempt: &Attempt) -> Result<RenewOutcome, StoreError> {
        self.step(key, attempt, |record, now_ms| protocol::renew(record, attempt, now_ms))
            .map_err(full)
    }

    async fn release(
        &self,
        key: &EventKey,
        attempt: &Attempt,
    ) -> Result<ReleaseOutcome, StoreError> {
        let released = self.step(key, attempt, |record, _| protocol::release(record, attempt));
        // Only an event that the store does not know needs room, and such an event is not held.
        Ok(released.unwrap_or(ReleaseOutcome::NotHeld))
    }

    async fn forget(&self, key: &EventKey) -> Result<bool, StoreError> {
        let key = self.table.key(key);
        Ok(self.table.shard(key).forget(key, self.now_ms()))
    }

    /// Always healthy. It does not warn that events are lost at a restart: this is
    /// always the case, and users ignore a warning that never goes away.
    async fn probe(&self) -> Result<Health, StoreError> {
        Ok(Health::default())
    }
}

fn full(Full: Full) -> StoreError {
    StoreError::not_applied("the memory store is full of events that it must not forget")
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("capacity", &self.capacity)
            .field("floor", &self.floor)
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

/// The key of an event in the shards.
type Key = [u32; 4];

struct Table {
    shards: Box<[Apart<Mutex<Shard>>]>,
    /// Random, so that no client can choose events of one shard or one line of its
    /// index.
    seed: RandomState,
}

/// Puts each lock in separate cache lines, because different processors use
/// different locks.
#[repr(align(128))]
struct Apart<T>(T);

impl Table {
    fn new(capacity: usize, floor: usize) -> Self {
        let shards = if capacity < ONE_SHARD_BELOW { 1 } else { SHARDS };
        let share = Share { entries: share(capacity, shards), floor: share(floor, shards) };
        Self {
            shards: (0..shards).map(|_| Apart(Mutex::new(Shard::new(share)))).collect(),
            seed: RandomState::new(),
        }
    }

    fn key(&self, event: &EventKey) -> Key {
        let mut hasher = self.seed.build_hasher();
        hasher.write(event.digest());
        let place = hasher.finish();
        // Does not select a shard or line, so it need not be secret. It distinguishes events with
        // the same hash.
        let rest = event.digest().first_chunk().map_or(0, |rest| u64::from_le_bytes(*rest));
        [low(place), low(place >> 32), low(rest), low(rest >> 32)]
    }

    fn shard(&self, key: Key) -> MutexGuard<'_, Shard> {
        lock(&self.shards[key[1] as usize % self.shards.len()])
    }

    fn shards(&self) -> impl Iterator<Item = MutexGuard<'_, Shard>> {
        self.shards.iter().map(lock)
    }
}

/// Ignores a poisoned lock: a panic in one step must not break other steps.
fn lock(shard: &Apart<Mutex<Shard>>) -> MutexGuard<'_, Shard> {
    shard.0.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The share of one shard, so that all shards together hold `of`. Events are not
/// distributed evenly: a margin of six standard deviations is always enough.
fn share(of: usize, shards: usize) -> usize {
    match shards {
        1 => of,
        _ => of.div_ceil(shards) + 6 * of.div_ceil(shards).isqrt(),
    }
}

fn low(word: u64) -> u32 {
    (word & u64::from(u32::MAX)) as u32
}

const DEFAULT_CAPACITY: usize = 1_000_000;
const MAX_CAPACITY: usize = 1 << 27;

const SHARDS: usize = 16;
const ONE_SHARD_BELOW: usize = 1 << 16;

/// The latest time that can be represented, in the year 2527.
const LATEST_MS: i64 = (1 << slab::TIME_BITS) - 1;

#[cfg(test)]
mod tests;
