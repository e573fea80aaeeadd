//! The requests whose bodies have not arrived: so many, and those that wait longest give way.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Tells one connection from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::serve) struct ConnectionId(u64);

impl ConnectionId {
    /// Another one than all before.
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
    /// In the order in which they began to wait.
    entries: BTreeMap<u64, Entry>,
}

struct Entry {
    connection: ConnectionId,
    since: Instant,
    /// Cancelled when the request has to give way.
    turned_away: CancellationToken,
}

/// The place of one request; released when it is dropped.
pub(super) struct Slot {
    waiting: Arc<Waiting>,
    number: u64,
}

impl Waiting {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, state: Mutex::default() }
    }

    /// A place, if there is one, or if another request has to give way. That one has waited for a
    /// while: of the connection with the most such requests, the oldest.
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
    /// Ends the wait; false if the request had to give way before.
    pub(super) fn leave(&self) -> bool {
        self.waiting.state().entries.remove(&self.number).is_some()
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.leave();
    }
}

/// A body that is being sent is there by then, over most networks. Only for longer waits a request
/// gives way, so that requests that merely come all at once do not push each other out.
pub(super) const GRACE: Duration = Duration::from_millis(250);
