//! The timeouts of a connection while the service is not handling a request.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::Version;
use tokio::time::{Instant, sleep};

/// Times the gaps between requests and the responses that are being sent. While
/// a request is in progress, no timeout applies: the service decides.
#[derive(Debug)]
pub(super) struct ConnectionTimer {
    header_timeout: Duration,
    idle_timeout: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    /// When the sending of each response began, the oldest first.
    answers: VecDeque<Instant>,
    /// Whether the client currently accepts no more bytes.
    is_blocked: bool,
    is_ending: bool,
    /// Whether bytes between requests belong to a head. With HTTP/2 they can be
    /// anything.
    bytes_are_heads: bool,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    Head {
        since: Instant,
    },
    Active {
        requests: usize,
    },
    Idle {
        since: Instant,
    },
    /// The client has been notified that the connection is closing.
    Ending {
        since: Instant,
    },
}

/// Which timeout has expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expired {
    Head,
    Idle,
    /// The client does not read its response.
    Answer,
    /// The client does not close the connection.
    End,
}

impl ConnectionTimer {
    /// For a new connection, which waits for its first head.
    pub(super) fn new(header_timeout: Duration, idle_timeout: Duration) -> Self {
        let state = Mutex::new(State {
            phase: Phase::Head { since: Instant::now() },
            answers: VecDeque::new(),
            is_blocked: false,
            is_ending: false,
            bytes_are_heads: false,
        });
        Self { header_timeout, idle_timeout, state }
    }

    /// Records that bytes have arrived.
    pub(super) fn note(&self) {
        let mut state = self.state();
        if let (Phase::Idle { .. }, true) = (state.phase, state.bytes_are_heads) {
            state.phase = Phase::Head { since: Instant::now() };
        }
    }

    /// Records whether writes are blocked.
    pub(super) fn note_blocked(&self, is_blocked: bool) {
        self.state().is_blocked = is_blocked;
    }

    /// Records that a head is complete. The request is in progress while the
    /// value lives.
    pub(super) fn begin(self: &Arc<Self>, version: Version) -> ActiveRequest {
        let mut state = self.state();
        state.bytes_are_heads = version <= Version::HTTP_11;
        state.phase = match state.phase {
            Phase::Active { requests } => Phase::Active { requests: requests.saturating_add(1) },
            _ => Phase::Active { requests: 1 },
        };
        drop(state);
        ActiveRequest(Arc::clone(self))
    }

    /// Starts closing the connection. If it is idle, the client has one second
    /// to close it, and to learn that a request that it has just sent was not
    /// handled.
    pub(super) fn end(&self) {
        let mut state = self.state();
        state.is_ending = true;
        if let Phase::Idle { .. } = state.phase {
            state.phase = Phase::Ending { since: Instant::now() };
        }
    }

    /// Whether no request is in progress and no response is being sent.
    pub(super) fn is_idle(&self) -> bool {
        let state = self.state();
        !matches!(state.phase, Phase::Active { .. })
            && state.answers.is_empty()
            && !state.is_blocked
    }

    /// Waits until a timeout expires.
    pub(super) async fn expired(&self) -> Expired {
        // A deadline that is set during the sleep cannot be earlier than this.
        let soonest = self.header_timeout.min(self.idle_timeout).min(FAREWELL).max(MIN_PAUSE);
        loop {
            let pause = match self.left() {
                None => soonest,
                Some((overdue, Duration::ZERO)) => return overdue,
                Some((_, left)) => left.min(soonest),
            };
            sleep(pause).await;
        }
    }

    /// Which timeout is next, and the time left until it.
    fn left(&self) -> Option<(Expired, Duration)> {
        let state = self.state();
        let answer =
            state.answers.front().map(|since| (Expired::Answer, *since, self.idle_timeout));
        let phase = match state.phase {
            Phase::Active { .. } => None,
            Phase::Head { since } => Some((Expired::Head, since, self.header_timeout)),
            Phase::Idle { since } if state.is_blocked => {
                Some((Expired::Answer, since, self.idle_timeout))
            }
            Phase::Idle { since } => Some((Expired::Idle, since, self.idle_timeout)),
            Phase::Ending { since } => Some((Expired::End, since, FAREWELL)),
        };
        let left = |(overdue, since, timeout): (Expired, Instant, Duration)| {
            (overdue, timeout.saturating_sub(since.elapsed()))
        };
        answer.into_iter().chain(phase).map(left).min_by_key(|(_, left)| *left)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that the service is handling.
#[derive(Debug)]
pub(super) struct ActiveRequest(Arc<ConnectionTimer>);

impl ActiveRequest {
    /// Records that the service has responded. The response is being sent while
    /// the value lives.
    pub(super) fn answered(self) -> Answering {
        let since = Instant::now();
        self.0.state().answers.push_back(since);
        Answering { timer: Arc::clone(&self.0), since }
    }
}

impl Drop for ActiveRequest {
    fn drop(&mut self) {
        let mut state = self.0.state();
        let since = Instant::now();
        state.phase = match state.phase {
            Phase::Active { requests: requests @ 2.. } => Phase::Active { requests: requests - 1 },
            _ if state.is_ending => Phase::Ending { since },
            _ => Phase::Idle { since },
        };
    }
}

/// A response that the connection has not fully written yet.
#[derive(Debug)]
pub(super) struct Answering {
    timer: Arc<ConnectionTimer>,
    since: Instant,
}

impl Drop for Answering {
    fn drop(&mut self) {
        let answers = &mut self.timer.state().answers;
        if let Some(index) = answers.iter().position(|since| *since == self.since) {
            answers.remove(index);
        }
    }
}

/// A zero timeout must not busy-loop.
const MIN_PAUSE: Duration = Duration::from_millis(1);
/// The time for the client to close the connection.
const FAREWELL: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
