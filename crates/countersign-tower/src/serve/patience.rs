//! How long a connection may go on without a request.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::Version;
use tokio::time::{Instant, sleep};

/// Counts the time between requests, and the time of answers on their way. While
/// there is a request, the service decides.
#[derive(Debug)]
pub(super) struct Patience {
    header_timeout: Duration,
    idle_timeout: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    /// Since when each answer is on its way, the oldest first.
    answers: VecDeque<Instant>,
    /// Whether the client takes no more bytes at this moment.
    is_blocked: bool,
    is_ending: bool,
    /// Whether bytes between requests belong to a head. By HTTP/2 they can be anything.
    bytes_are_heads: bool,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    Head {
        since: Instant,
    },
    InHand {
        requests: usize,
    },
    Idle {
        since: Instant,
    },
    /// The client knows that the connection ends.
    Ending {
        since: Instant,
    },
}

/// What has taken too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Overdue {
    Head,
    Idle,
    /// The client does not take its answer.
    Answer,
    /// The client does not end the connection.
    End,
}

impl Patience {
    /// With a connection that is new: its first head is awaited.
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

    /// Bytes have come.
    pub(super) fn note(&self) {
        let mut state = self.state();
        if let (Phase::Idle { .. }, true) = (state.phase, state.bytes_are_heads) {
            state.phase = Phase::Head { since: Instant::now() };
        }
    }

    /// Bytes could not be written, or some could again.
    pub(super) fn note_blocked(&self, is_blocked: bool) {
        self.state().is_blocked = is_blocked;
    }

    /// A head is whole. The request is in hand for as long as the value lives.
    pub(super) fn begin(self: &Arc<Self>, version: Version) -> InHand {
        let mut state = self.state();
        state.bytes_are_heads = version <= Version::HTTP_11;
        state.phase = match state.phase {
            Phase::InHand { requests } => Phase::InHand { requests: requests.saturating_add(1) },
            _ => Phase::InHand { requests: 1 },
        };
        drop(state);
        InHand(Arc::clone(self))
    }

    /// The connection is to end: if it is idle, the client has a moment to end it,
    /// and to see that a request that is on its way was not taken.
    pub(super) fn end(&self) {
        let mut state = self.state();
        state.is_ending = true;
        if let Phase::Idle { .. } = state.phase {
            state.phase = Phase::Ending { since: Instant::now() };
        }
    }

    /// Whether there is neither a request nor an answer.
    pub(super) fn is_idle(&self) -> bool {
        let state = self.state();
        !matches!(state.phase, Phase::InHand { .. })
            && state.answers.is_empty()
            && !state.is_blocked
    }

    /// Waits until something has taken too long.
    pub(super) async fn overdue(&self) -> Overdue {
        // No deadline that is set while this sleeps can come sooner.
        let soonest = self.header_timeout.min(self.idle_timeout).min(FAREWELL).max(LEAST_PAUSE);
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
        let state = self.state();
        let answer =
            state.answers.front().map(|since| (Overdue::Answer, *since, self.idle_timeout));
        let phase = match state.phase {
            Phase::InHand { .. } => None,
            Phase::Head { since } => Some((Overdue::Head, since, self.header_timeout)),
            Phase::Idle { since } if state.is_blocked => {
                Some((Overdue::Answer, since, self.idle_timeout))
            }
            Phase::Idle { since } => Some((Overdue::Idle, since, self.idle_timeout)),
            Phase::Ending { since } => Some((Overdue::End, since, FAREWELL)),
        };
        let left = |(overdue, since, timeout): (Overdue, Instant, Duration)| {
            (overdue, timeout.saturating_sub(since.elapsed()))
        };
        answer.into_iter().chain(phase).map(left).min_by_key(|(_, left)| *left)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that the service has.
#[derive(Debug)]
pub(super) struct InHand(Arc<Patience>);

impl InHand {
    /// The service has answered. The answer is on its way for as long as the value
    /// lives.
    pub(super) fn answered(self) -> Answering {
        let since = Instant::now();
        self.0.state().answers.push_back(since);
        Answering { patience: Arc::clone(&self.0), since }
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        let mut state = self.0.state();
        let since = Instant::now();
        state.phase = match state.phase {
            Phase::InHand { requests: requests @ 2.. } => Phase::InHand { requests: requests - 1 },
            _ if state.is_ending => Phase::Ending { since },
            _ => Phase::Idle { since },
        };
    }
}

/// An answer that the connection has not written yet.
#[derive(Debug)]
pub(super) struct Answering {
    patience: Arc<Patience>,
    since: Instant,
}

impl Drop for Answering {
    fn drop(&mut self) {
        let answers = &mut self.patience.state().answers;
        if let Some(index) = answers.iter().position(|since| *since == self.since) {
            answers.remove(index);
        }
    }
}

/// A patience of nothing must not cost a core.
const LEAST_PAUSE: Duration = Duration::from_millis(1);
/// For the client's last word.
const FAREWELL: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
