//! The store of one process.

mod index;
mod queues;
mod shard;
mod slab;

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use shard::{Full, Shard, Share};

use super::key::EventKey;
use super::store::{
    Attempt, ClaimOutcome, CompleteOutcome, Health, IdempotencyStore, ReleaseOutcome, RenewOutcome,
    StoreError,
};
use super::transition::{self, Record};
use crate::clock::{Clock, MonotonicClock};

/// Remembers events in the memory of this process.
///
/// It serves **one process**: another one, and this one after a restart, knows
/// nothing of its events. Where several share the work of an endpoint, or where
/// an event that comes again after a restart must not be handled again, take a
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
/// It holds as many events as its capacity says, and forgets for a new one, in
/// this order:
///
/// 1. an event whose retention has ended;
/// 2. the event that has been done for longest, as long as more are done than
///    the [floor](Self::with_floor) promises;
/// 3. the event that has been failed, or abandoned by an attempt whose lease has
///    run out, for longest: its attempts are counted anew.
///
/// Where there is none, the claim is answered with
/// [`ClaimOutcome::AtCapacity`], and a success of an event that is not known
/// any more with a [`StoreError`] that says so. An event that an attempt holds
/// is never forgotten: not for another one, and not at the end of its retention
/// either, until the lease has run out.
///
/// Up to 65,535 events the capacity and the order are to the letter. Larger
/// stores are divided into 16 shards, each with its own lock, its share of the
/// capacity and a few percent more, and the order is that of a shard.
///
/// # What it costs
///
/// 64 bytes for each event, as they come, and about 6 for each event of the
/// capacity, at once; memory is used again and not given back. Every step does
/// a bounded amount of work: there is no background thread, and steps sweep up
/// after one another.
///
/// # Time
///
/// Leases and retentions are judged by a clock that starts with the operating
/// system's and from then on counts what passes, whatever is done to the
/// former.
#[derive(Clone)]
pub struct MemoryStore {
    capacity: usize,
    floor: usize,
    clock: Arc<dyn Clock>,
    table: Arc<Table>,
}

impl MemoryStore {
    /// A store for 1,000,000 events: 70 MB when it is full.
    #[must_use]
    pub fn new() -> Self {
        Self::with_capacity(DEFAULT_CAPACITY)
    }

    /// A store for this many events, 134,217,728 at the most.
    ///
    /// Give it as many as come within the retention, and some more for those
    /// in flight.
    #[must_use]
    pub fn with_capacity(events: usize) -> Self {
        let capacity = events.min(MOST_CAPACITY);
        let floor = capacity / 2;
        let clock = Arc::new(MonotonicClock::start());
        Self { capacity, floor, clock, table: Arc::new(Table::new(capacity, floor)) }
    }

    /// How many done events are remembered in any case, as long as their
    /// retention lasts: the latest. Defaults to half of the capacity.
    ///
    /// The rest of the capacity is what events in flight can count on. A floor
    /// as high as the capacity means that nothing done is ever forgotten early;
    /// then a store that is full of it takes no new event.
    ///
    /// The store starts empty.
    #[must_use]
    pub fn with_floor(mut self, events: usize) -> Self {
        self.floor = events.min(self.capacity);
        self.emptied()
    }

    /// Judges leases and retentions by this clock. It must not go back: what
    /// the store has forgotten stays forgotten.
    ///
    /// The store starts empty.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self.emptied()
    }

    /// Clones have nothing to do with a store that was changed.
    fn emptied(mut self) -> Self {
        self.table = Arc::new(Table::new(self.capacity, self.floor));
        self
    }

    /// How many events it knows, those included that it has yet to sweep up.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.shards().map(|shard| shard.len()).sum()
    }

    /// Whether it knows no event.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many events are held by an attempt whose lease has not run out.
    ///
    /// It counts them one by one.
    #[must_use]
    pub fn live(&self) -> usize {
        let now_ms = self.now_ms();
        self.table.shards().map(|shard| shard.live(now_ms)).sum()
    }

    /// The time, cut off so that a lease without end is always still running.
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
            self.step(key, attempt, |record, now_ms| transition::claim(record, attempt, now_ms));
        Ok(claimed.unwrap_or(ClaimOutcome::AtCapacity))
    }

    async fn complete(
        &self,
        key: &EventKey,
        attempt: &Attempt,
    ) -> Result<CompleteOutcome, StoreError> {
        self.step(key, attempt, |record, now_ms| transition::complete(record, attempt, now_ms))
            .map_err(full)
    }

    async fn renew(&self, key: &EventKey, attempt: &Attempt) -> Result<RenewOutcome, StoreError> {
        self.step(key, attempt, |record, now_ms| transition::renew(record, attempt, now_ms))
            .map_err(full)
    }

    async fn release(
        &self,
        key: &EventKey,
        attempt: &Attempt,
    ) -> Result<ReleaseOutcome, StoreError> {
        let released = self.step(key, attempt, |record, _| transition::release(record, attempt));
        // Only an unknown event needs room, and what is not there is not held.
        Ok(released.unwrap_or(ReleaseOutcome::NotHeld))
    }

    async fn forget(&self, key: &EventKey) -> Result<bool, StoreError> {
        let key = self.table.key(key);
        Ok(self.table.shard(key).forget(key, self.now_ms()))
    }

    /// Always well. That it keeps nothing over a restart is what it is: a
    /// warning that never goes away is not read.
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

/// What the shards know an event by.
type Key = [u32; 4];

struct Table {
    shards: Box<[Apart<Mutex<Shard>>]>,
    /// Random, so that nobody can aim at a shard or a line of its index.
    seed: RandomState,
}

/// Keeps locks that different processors turn out of each other's cache lines.
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
        // Places nothing, and so may be known: it tells events apart whose hashes are the same.
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

/// A step that panicked, if ever one should, is no reason for others to.
fn lock(shard: &Apart<Mutex<Shard>>) -> MutexGuard<'_, Shard> {
    shard.0.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What one of several shards must hold so that all together hold `of`. Events
/// do not fall evenly: six standard deviations more is never too little.
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
const MOST_CAPACITY: usize = 1 << 27;

const SHARDS: usize = 16;
const ONE_SHARD_BELOW: usize = 1 << 16;

/// The latest time that is told apart, in the year 2527.
const LATEST_MS: i64 = (1 << slab::TIME_BITS) - 1;

#[cfg(test)]
mod tests;
