//! The one connection of a store: in use, being dialled, or given up for now.
//!
//! ```text
//!            lost                  dialled
//! closed ----------------> dialling ------> closed
//!    |                         | nothing has come of it in time
//!    | lost, and had           v
//!    | answered nothing      open --------> closed
//!    `-----------------------> ^  dialled, once a second
//! ```
//!
//! One task dials, whatever the number of requests: they wait for it within
//! their deadlines while it is dialling, and fail at once while it is open.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::{Cmd, RedisError};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};

use crate::connection::{Connection, Dialer};
use crate::error::RedisStoreError;

/// Hands the connection out, and replaces it where it is lost.
pub(crate) struct Breaker {
    state: watch::Sender<State>,
    dialling: Arc<Dialling>,
    /// Operations in a row that the server has not answered.
    failures: AtomicU32,
    task: Mutex<Option<JoinHandle<()>>>,
}

struct Dialling {
    dialer: Dialer,
    /// What a server is asked, to see whether it answers.
    question: Cmd,
}

#[derive(Clone)]
enum State {
    Closed(Live),
    Dialling,
    /// Until a second after the last attempt.
    Open {
        last: Instant,
    },
}

/// A connection in use.
#[derive(Clone)]
pub(crate) struct Live {
    pub(crate) connection: Connection,
    /// When it was dialled, which also tells it from its successors.
    since: Instant,
    /// When something was last answered on it, in microseconds after `since`;
    /// 0 where nothing was.
    answered: Arc<AtomicU64>,
}

impl Breaker {
    /// Dials for the first time.
    pub(crate) async fn closed(dialer: Dialer, question: Cmd) -> Result<Self, RedisError> {
        let connection = dialer.dial(&question).await?;
        Ok(Self {
            state: watch::Sender::new(State::closed(connection)),
            dialling: Arc::new(Dialling { dialer, question }),
            failures: AtomicU32::new(0),
            task: Mutex::new(None),
        })
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(*self.state.borrow(), State::Open { .. })
    }

    /// The connection. Waits for it while it is being dialled.
    ///
    /// # Errors
    ///
    /// [`RedisStoreError::BreakerOpen`].
    pub(crate) async fn connection(&self) -> Result<Live, RedisStoreError> {
        if let State::Closed(live) = &*self.state.borrow() {
            return Ok(live.clone());
        }
        self.ensure_task();
        let mut states = self.state.subscribe();
        loop {
            match &*states.borrow_and_update() {
                State::Closed(live) => return Ok(live.clone()),
                State::Open { .. } => return Err(RedisStoreError::BreakerOpen),
                State::Dialling => {}
            }
            // It cannot fail: the sender is ours.
            let _ = states.changed().await;
        }
    }

    /// The server has answered on this connection.
    pub(crate) fn answered(&self, live: &Live) {
        live.answered.store(live.micros(Instant::now()), Ordering::Relaxed);
        if self.failures.load(Ordering::Relaxed) != 0 {
            self.failures.store(0, Ordering::Relaxed);
        }
    }

    /// What was asked at `asked` was not answered in time. The connection is
    /// lost if nothing else was answered on it either: a server that is merely
    /// slow is not helped by more connections.
    pub(crate) fn silent(&self, live: &Live, asked: Instant) {
        if live.answered.load(Ordering::Relaxed) < live.micros(asked) {
            self.lost(live);
        }
    }

    /// The connection is broken, or the server says that it does not serve.
    pub(crate) fn lost(&self, live: &Live) {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if self.dialling.dialer.is_spread() && failures < FAILURES_OF_MANY {
            return;
        }
        let lost = self.state.send_if_modified(|state| match state {
            State::Closed(current) if current.since == live.since => {
                *state = live.loss();
                true
            }
            _ => false,
        });
        if lost {
            self.ensure_task();
        }
    }

    /// Nothing has come of dialling within the time of a request.
    pub(crate) fn give_up(&self) {
        self.state.send_if_modified(|state| match state {
            State::Dialling => {
                *state = State::Open { last: Instant::now() };
                true
            }
            _ => false,
        });
    }

    /// The task ends with the runtime on which it was spawned, which need not
    /// be the last one that the store sees.
    fn ensure_task(&self) {
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if task.as_ref().is_none_or(JoinHandle::is_finished) {
            *task = Some(tokio::spawn(keep(self.state.clone(), Arc::clone(&self.dialling))));
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
    fn closed(connection: Connection) -> Self {
        let (since, answered) = (Instant::now(), Arc::default());
        Self::Closed(Live { connection, since, answered })
    }
}

impl Live {
    /// A connection on which nothing was ever answered gives no hope of the
    /// next one.
    fn loss(&self) -> State {
        match self.answered.load(Ordering::Relaxed) {
            0 => State::Open { last: self.since },
            _ => State::Dialling,
        }
    }

    fn micros(&self, at: Instant) -> u64 {
        let micros = at.saturating_duration_since(self.since).as_micros();
        u64::try_from(micros).unwrap_or(u64::MAX).max(1)
    }
}

/// Dials whenever the connection is lost, and once a second until it is there
/// again.
async fn keep(state: watch::Sender<State>, dialling: Arc<Dialling>) {
    let mut states = state.subscribe();
    loop {
        let next = match &*states.borrow_and_update() {
            State::Closed(_) => None,
            State::Dialling => Some(Instant::now()),
            State::Open { last } => Some(*last + PAUSE),
        };
        let Some(next) = next else {
            // It cannot fail: a sender is ours.
            let _ = states.changed().await;
            continue;
        };
        sleep_until(next).await;
        let last = Instant::now();
        let dialled = timeout(PAUSE, dialling.dialer.dial(&dialling.question)).await;
        state.send_replace(match dialled {
            Ok(Ok(connection)) => State::closed(connection),
            Ok(Err(_)) | Err(_) => State::Open { last },
        });
    }
}

/// Between two attempts at dialling, and for each.
const PAUSE: Duration = Duration::from_secs(1);

/// Where the keys are spread over several servers, and one of them is down, the
/// others go on answering in between.
const FAILURES_OF_MANY: u32 = 5;
