//! The circuit breaker for a store's single connection: connected,
//! reconnecting, or failing fast.
//!
//! ```text
//!            lost                  dialled
//! closed ----------------> dialling ------> closed
//!    |  ^                      | not connected in time
//!    |  | response after all   v
//!    |  `------------------- open --------> closed
//!    `-----------------------> ^  dialled, once a second
//!      lost before it answered anything
//! ```
//!
//! One task reconnects, regardless of the number of requests. While it
//! reconnects, requests wait within their deadlines. While the breaker is open,
//! they fail at once. With sentinels, the task also checks whether they still
//! name the connection's server.

mod alive;
mod live;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::{Cmd, RedisError};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};

use crate::connection::{Dialer, Primary};
use crate::error::RedisStoreError;
use crate::scripts::Script;
use crate::successes::Successes;
use alive::Alive;
pub(crate) use live::Live;

/// Provides the connection, and replaces it if it is lost.
pub(crate) struct Breaker {
    state: watch::Sender<State>,
    dialling: Arc<Dialling>,
    /// The number of consecutive operations without a response from the server.
    failures: AtomicU32,
    task: Mutex<Option<JoinHandle<()>>>,
}

struct Dialling {
    dialer: Dialer,
    /// The command that checks whether a server responds.
    question: Cmd,
    successes: Successes,
    complete: Arc<Script>,
    /// Whether the runtime still drives the task.
    alive: Alive,
}

#[derive(Clone)]
enum State {
    Closed(Live),
    Dialling {
        /// The previous connection, if it only stopped responding. If it
        /// responds after all, it is used again.
        silent: Option<Live>,
    },
    /// Until a second after the last attempt.
    Open {
        last: Instant,
        silent: Option<Live>,
        /// The result of the last attempt.
        problem: Option<Arc<RedisError>>,
    },
}

impl Breaker {
    /// Connects for the first time.
    pub(crate) async fn closed(
        dialer: Dialer,
        question: Cmd,
        complete: Arc<Script>,
    ) -> Result<Self, RedisError> {
        let live = Live::new(dialer.dial(&question).await?);
        let is_watched = live.primary.is_some();
        let (successes, alive) = (Successes::default(), Alive::new());
        let dialling = Dialling { dialer, question, successes, complete, alive };
        let breaker = Self {
            state: watch::Sender::new(State::Closed(live)),
            dialling: Arc::new(dialling),
            failures: AtomicU32::new(0),
            task: Mutex::new(None),
        };
        if is_watched {
            breaker.ensure_task();
        }
        Ok(breaker)
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(*self.state.borrow(), State::Open { .. })
    }

    /// Whether the keys may be spread over several servers.
    pub(crate) fn is_spread(&self) -> bool {
        self.dialling.dialer.is_spread()
    }

    /// The completions that a failover may lose, and what happened to earlier
    /// ones.
    pub(crate) fn successes(&self) -> &Successes {
        &self.dialling.successes
    }

    /// The connection. Waits for it during a reconnect.
    ///
    /// # Errors
    ///
    /// [`RedisStoreError::BreakerOpen`].
    pub(crate) async fn connection(&self) -> Result<Live, RedisStoreError> {
        if let State::Closed(live) = &*self.state.borrow() {
            // The task also monitors this connection.
            if live.primary.is_some() && self.dialling.alive.is_stalled() {
                self.ensure_task();
            }
            return Ok(live.clone());
        }
        self.ensure_task();
        let mut states = self.state.subscribe();
        loop {
            match &*states.borrow_and_update() {
                State::Closed(live) => return Ok(live.clone()),
                State::Open { problem, .. } => {
                    let source = problem
                        .clone()
                        .map(|problem| -> Arc<dyn std::error::Error + Send + Sync> { problem });
                    return Err(RedisStoreError::BreakerOpen { source });
                }
                State::Dialling { .. } => {}
            }
            // Never fails, because `self` holds the sender.
            let _ = states.changed().await;
        }
    }

    /// Records that the server responded on this connection to a command that
    /// was sent at `sent`.
    pub(crate) fn answered(&self, live: &Live, sent: Instant) {
        live.answered(sent);
        if self.failures.load(Ordering::Relaxed) != 0 {
            self.failures.store(0, Ordering::Relaxed);
        }
        if !matches!(&*self.state.borrow(), State::Closed(_)) {
            self.state.send_if_modified(|state| state.revive(live));
        }
    }

    /// Records that a command that was sent at `sent` got no response in time.
    /// The connection is lost only if nothing else was answered on it either:
    /// more connections do not help a server that is merely slow. Returns
    /// whether a second try may use another connection.
    pub(crate) fn silent(&self, live: &Live, sent: Instant) -> bool {
        if live.has_answered_since(sent) {
            return self.is_spread();
        }
        self.lose(live, Some(live.clone()))
    }

    /// Records that the connection is broken, or that the server reports that
    /// it does not serve.
    pub(crate) fn lost(&self, live: &Live) {
        self.lose(live, None);
    }

    fn lose(&self, live: &Live, silent: Option<Live>) -> bool {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if self.is_spread() && failures < FAILURES_OF_MANY {
            return true;
        }
        let lost = self.state.send_if_modified(|state| match state {
            State::Closed(current) if current.is(live) => {
                *state = State::lost(live, silent);
                true
            }
            _ => false,
        });
        if lost {
            self.ensure_task();
        }
        true
    }

    /// Opens the breaker, because no reconnect succeeded within the time of a
    /// request.
    pub(crate) fn give_up(&self) {
        self.state.send_if_modified(|state| match state {
            State::Dialling { silent } => {
                *state = State::Open { last: Instant::now(), silent: silent.take(), problem: None };
                true
            }
            _ => false,
        });
    }

    /// Starts the task if it does not run. The task ends with the runtime on
    /// which it was spawned, which may not be the last one that uses the store.
    /// A runtime that is kept but not driven runs no task.
    fn ensure_task(&self) {
        let alive = &self.dialling.alive;
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if task.as_ref().is_none_or(JoinHandle::is_finished) || alive.is_stalled() {
            if let Some(stalled) = task.take() {
                stalled.abort();
            }
            alive.again_within(Duration::ZERO);
            *task = Some(tokio::spawn(keep(self.state.clone(), Arc::clone(&self.dialling))));
        } else {
            alive.expected();
        }
    }
}

impl Drop for Breaker {
    fn drop(&mut self) {
        let task = self.task.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = task.take() {
            task.abort();
        }
    }
}

impl State {
    /// If nothing was ever answered on a connection, the next one is unlikely
    /// to work.
    fn lost(live: &Live, silent: Option<Live>) -> Self {
        if live.has_answered() {
            Self::Dialling { silent }
        } else {
            Self::Open { last: live.since, silent, problem: None }
        }
    }

    /// Uses a silent connection again.
    fn revive(&mut self, live: &Live) -> bool {
        let (Self::Dialling { silent } | Self::Open { silent, .. }) = self else { return false };
        if silent.as_ref().is_none_or(|silent| !silent.is(live)) {
            return false;
        }
        *self = Self::Closed(live.clone());
        true
    }
}

/// Reconnects whenever the connection is lost, once a second until it succeeds.
async fn keep(state: watch::Sender<State>, dialling: Arc<Dialling>) {
    let mut states = state.subscribe();
    // The timeout of one attempt: a distant server needs several round trips.
    let mut patience = PAUSE;
    loop {
        let current = states.borrow_and_update().clone();
        let next = match current {
            State::Closed(live) => {
                patience = PAUSE.max(live.round_trip().saturating_mul(ROUND_TRIPS));
                // Neither can fail, because this task holds a sender.
                if let Some(primary) = &live.primary {
                    dialling.alive.again_within(BETWEEN_LOOKS);
                    if timeout(BETWEEN_LOOKS, states.changed()).await.is_err() {
                        dialling.alive.again_within(MAX_LOOK);
                        dialling.look(&state, &live, primary).await;
                    }
                } else {
                    dialling.alive.idle();
                    let _ = states.changed().await;
                }
                continue;
            }
            State::Dialling { .. } => Instant::now(),
            State::Open { last, .. } => last + PAUSE,
        };
        dialling.alive.again_within(PAUSE);
        sleep_until(next).await;
        dialling.alive.again_within(patience);
        let last = Instant::now();
        let problem = match timeout(patience, dialling.dial()).await {
            Ok(Ok(live)) => {
                state.send_replace(State::Closed(live));
                continue;
            }
            Ok(Err(problem)) => Some(Arc::new(problem)),
            Err(_) => None,
        };
        state.send_if_modified(|state| {
            let silent = match state {
                // It has responded in the meantime.
                State::Closed(_) => return false,
                State::Dialling { silent } | State::Open { silent, .. } => silent.take(),
            };
            *state = State::Open { last, silent, problem };
            true
        });
    }
}

impl Dialling {
    async fn dial(&self) -> Result<Live, RedisError> {
        let live = Live::new(self.dialer.dial(&self.question).await?);
        if let Some(primary) = &live.primary {
            // Before other requests can claim events there that were completed
            // elsewhere.
            self.record_again(primary, &live).await;
        }
        Ok(live)
    }

    async fn record_again(&self, primary: &Primary, live: &Live) {
        let again = self.successes.record_again(primary, &live.connection, &self.complete);
        // If it times out, the next check continues.
        let _ = timeout(PAUSE / 2, again).await;
    }

    /// Checks whether the sentinels still name this connection's server.
    async fn look(&self, state: &watch::Sender<State>, live: &Live, primary: &Primary) {
        match self.dialer.confirms(primary).await {
            Some(true) => {
                self.successes.confirmed(primary);
                self.record_again(primary, live).await;
            }
            Some(false) => {
                state.send_if_modified(|state| match state {
                    State::Closed(current) if current.is(live) => {
                        *state = State::Dialling { silent: None };
                        true
                    }
                    _ => false,
                });
            }
            None => {}
        }
    }
}

/// The pause between two attempts to connect, and the minimum timeout of an
/// attempt.
const PAUSE: Duration = Duration::from_secs(1);

/// The round trips to connect, negotiate TLS, log in and answer a query, with a
/// margin.
const ROUND_TRIPS: u32 = 8;

/// The maximum time until a failover is detected if the old primary stays up.
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// It may be necessary to query several sentinels in turn.
const MAX_LOOK: Duration = Duration::from_secs(30);

/// If the keys are spread over several servers and one of them is down, the
/// others still respond in between.
const FAILURES_OF_MANY: u32 = 5;
