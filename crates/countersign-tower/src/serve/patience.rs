//! How long a connection may go on without a request.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::Version;
use tokio::time::{Instant, sleep};

/// Counts the time between requests. While there is one, the service decides.
#[derive(Debug)]
pub(super) struct Patience {
    header_timeout: Duration,
    idle_timeout: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    /// Whether bytes between requests belong to a head. By HTTP/2 they can be anything.
    bytes_are_heads: bool,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    Head { since: Instant },
    InHand { requests: usize },
    Idle { since: Instant },
}

/// What has taken too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Overdue {
    Head,
    Idle,
}

impl Patience {
    /// With a connection that is new: its first head is awaited.
    pub(super) fn new(header_timeout: Duration, idle_timeout: Duration) -> Self {
        let phase = Phase::Head { since: Instant::now() };
        let state = Mutex::new(State { phase, bytes_are_heads: false });
        Self { header_timeout, idle_timeout, state }
    }

    /// Bytes have come.
    pub(super) fn note(&self) {
        let mut state = self.state();
        if let (Phase::Idle { .. }, true) = (state.phase, state.bytes_are_heads) {
            state.phase = Phase::Head { since: Instant::now() };
        }
    }

    /// A head is whole. The request is in hand for as long as the value lives.
    pub(super) fn begin(self: &Arc<Self>, version: Version) -> InHand {
        let mut state = self.state();
        state.bytes_are_heads = version <= Version::HTTP_11;
        state.phase = match state.phase {
            Phase::InHand { requests } => Phase::InHand { requests: requests.saturating_add(1) },
            Phase::Head { .. } | Phase::Idle { .. } => Phase::InHand { requests: 1 },
        };
        drop(state);
        InHand(Arc::clone(self))
    }

    /// The connection is to end: what it waits for has the time of a head.
    pub(super) fn end(&self) {
        let mut state = self.state();
        if let Phase::Idle { .. } = state.phase {
            state.phase = Phase::Head { since: Instant::now() };
        }
    }

    /// Waits until something has taken too long.
    pub(super) async fn overdue(&self) -> Overdue {
        // No deadline that is set while this sleeps can come sooner.
        let soonest = self.header_timeout.min(self.idle_timeout).max(LEAST_PAUSE);
        loop {
            let pause = match self.left() {
                None => soonest,
                Some((overdue, Duration::ZERO)) => return overdue,
                Some((_, left)) => left.min(soonest),
            };
            sleep(pause).await;
        }
    }

    /// What is awaited, and for how much longer.
    fn left(&self) -> Option<(Overdue, Duration)> {
        let (overdue, since, timeout) = match self.state().phase {
            Phase::InHand { .. } => return None,
            Phase::Head { since } => (Overdue::Head, since, self.header_timeout),
            Phase::Idle { since } => (Overdue::Idle, since, self.idle_timeout),
        };
        Some((overdue, timeout.saturating_sub(since.elapsed())))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that the service has.
#[derive(Debug)]
pub(super) struct InHand(Arc<Patience>);

impl Drop for InHand {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.phase = match state.phase {
            Phase::InHand { requests: requests @ 2.. } => Phase::InHand { requests: requests - 1 },
            _ => Phase::Idle { since: Instant::now() },
        };
    }
}

/// A patience of nothing must not cost a core.
const LEAST_PAUSE: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests;
