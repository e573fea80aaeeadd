//! The requests that wait for their bodies. If there are too many, the longest waiting is evicted.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Identifies a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::serve) struct ConnectionId(u64);

impl ConnectionId {
    /// A new, unique id.
    pub(in crate::serve) fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

pub(super) struct Waiting {
    limit: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    next: u64,
    /// In the order in which they started to wait.
    entries: BTreeMap<u64, Entry>,
}

struct Entry {
    connection: ConnectionId,
    since: Instant,
    /// Cancelled when the request is evicted.
    turned_away: CancellationToken,
}

/// The slot of one request; released on drop.
pub(super) struct Slot {
    waiting: Arc<Waiting>,
    number: u64,
}

impl Waiting {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, state: Mutex::default() }
    }

    /// Takes a free slot, or evicts another request that has waited for at least [`GRACE`]: the
    /// oldest one of the connection with the most such requests. `None` if there is none.
    pub(super) fn enter(
        self: &Arc<Self>,
        connection: ConnectionId,
        turned_away: CancellationToken,
    ) -> Option<Slot> {
        let mut state = self.state();
        if state.entries.len() >= self.limit {
            let number = state.who_gives_way()?;
            let entry = state.entries.remove(&number)?;
            entry.turned_away.cancel();
        }
        let number = state.next;
        state.next += 1;
        state.entries.insert(number, Entry { connection, since: Instant::now(), turned_away });
        Some(Slot { waiting: Arc::clone(self), number })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn who_gives_way(&self) -> Option<u64> {
        let slow = || self.entries.iter().take_while(|(_, entry)| entry.since.elapsed() >= GRACE);
        let mut of_connection: HashMap<ConnectionId, usize> = HashMap::new();
        for (_, entry) in slow() {
            *of_connection.entry(entry.connection).or_default() += 1;
        }
        let most = of_connection.values().max()?;
        let mut slow =
            slow().filter(|(_, entry)| of_connection.get(&entry.connection) == Some(most));
        slow.next().map(|(number, _)| *number)
    }
}

impl Slot {
    /// Ends the wait. Returns false if the request was evicted before.
    pub(super) fn leave(&self) -> bool {
        self.waiting.state().entries.remove(&self.number).is_some()
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.leave();
    }
}

/// The minimum wait before a request is evicted. Over most networks, a body that is being sent
/// arrives within this time, so requests that arrive at the same time do not evict each other.
pub(super) const GRACE: Duration = Duration::from_millis(250);
