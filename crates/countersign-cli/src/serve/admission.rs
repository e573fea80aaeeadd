//! Limits concurrent requests: separately those whose bodies are incomplete, and complete ones.
//!
//! A request is verified as soon as its body is complete. So only verified requests hold the
//! permits of complete requests for longer, and stalled bodies hold none of them.

mod waiting;

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

pub(super) use waiting::ConnectionId;
use waiting::{Slot, Waiting};

/// The limits that all requests share.
#[derive(Clone)]
pub(super) struct Admission {
    whole: Arc<Semaphore>,
    waiting: Arc<Waiting>,
}

/// The permit of one request; released when it and the request's body are dropped.
pub(super) struct Ticket {
    admission: Admission,
    connection: ConnectionId,
    turned_away: CancellationToken,
    step: Mutex<Step>,
}

enum Step {
    /// The request did not have to wait yet.
    New,
    /// The request waits for its body.
    Waiting(Slot),
    /// The body is complete.
    Whole {
        _permit: OwnedSemaphorePermit,
    },
    TurnedAway,
}

impl Admission {
    /// Admits up to `limit` requests of each kind.
    pub(super) fn new(limit: usize) -> Self {
        let limit = limit.clamp(1, Semaphore::MAX_PERMITS);
        Self { whole: Arc::new(Semaphore::new(limit)), waiting: Arc::new(Waiting::new(limit)) }
    }

    /// A ticket and the wrapped body for a request of this connection.
    pub(super) fn admit<B: Body>(
        &self,
        connection: ConnectionId,
        body: B,
    ) -> (Arc<Ticket>, AdmittedBody<B>) {
        let ticket = Arc::new(Ticket {
            admission: self.clone(),
            connection,
            turned_away: CancellationToken::new(),
            step: Mutex::new(Step::New),
        });
        if body.is_end_stream() {
            ticket.note_whole();
        }
        let body = AdmittedBody { body, ticket: Arc::clone(&ticket) };
        (ticket, body)
    }
}

impl Ticket {
    /// Runs the future. Returns `None` if the request is turned away: because it waits for its body
    /// and another request takes its place, or because there is no permit once it is complete.
    pub(super) async fn run<F: Future>(&self, future: F) -> Option<F::Output> {
        tokio::select! {
            biased;
            () = self.turned_away.cancelled() => None,
            output = future => Some(output),
        }
    }

    /// The same for a future that may wait for the rest of the body.
    pub(super) async fn run_waiting<F: Future>(&self, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        tokio::select! {
            biased;
            output = &mut future => return Some(output),
            () = std::future::ready(()) => {}
        }
        self.note_waiting();
        self.run(future).await
    }

    /// Takes a slot for a request that waits for its body.
    fn note_waiting(&self) {
        let mut step = self.step();
        if !matches!(*step, Step::New) {
            return;
        }
        let slot = self.admission.waiting.enter(self.connection, self.turned_away.clone());
        match slot {
            Some(slot) => *step = Step::Waiting(slot),
            None => self.turn_away(&mut step),
        }
    }

    /// Takes a permit for a complete request. Returns whether it may continue.
    fn note_whole(&self) -> bool {
        let mut step = self.step();
        match &*step {
            Step::Whole { .. } => return true,
            Step::TurnedAway => return false,
            // It was turned away in the meantime.
            Step::Waiting(slot) if !slot.leave() => {
                self.turn_away(&mut step);
                return false;
            }
            Step::New | Step::Waiting(_) => {}
        }
        match Arc::clone(&self.admission.whole).try_acquire_owned() {
            Ok(permit) => *step = Step::Whole { _permit: permit },
            Err(_) => self.turn_away(&mut step),
        }
        matches!(*step, Step::Whole { .. })
    }

    fn turn_away(&self, step: &mut Step) {
        *step = Step::TurnedAway;
        self.turned_away.cancel();
    }

    fn step(&self) -> MutexGuard<'_, Step> {
        self.step.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The body of a request, which takes the permits that the request needs. Without a permit it never
/// ends, and [`Ticket::run`] returns.
pub(super) struct AdmittedBody<B> {
    body: B,
    ticket: Arc<Ticket>,
}

impl<B: Body + Unpin> Body for AdmittedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        if self.ticket.turned_away.is_cancelled() {
            return Poll::Pending;
        }
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if frame.is_pending() {
            self.ticket.note_waiting();
        }
        let frame = ready!(frame);
        let is_whole = frame.is_none() || self.body.is_end_stream();
        if is_whole && !self.ticket.note_whole() {
            return Poll::Pending;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests;
