//! How many requests there may be at one time: those whose bodies have not arrived, and those that
//! have arrived whole.
//!
//! A request is verified as soon as its body is complete. So only verified requests hold the places
//! of whole requests for any time, and stalled bodies hold none of them.

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

/// The limits, which all requests share.
#[derive(Clone)]
pub(super) struct Admission {
    whole: Arc<Semaphore>,
    waiting: Arc<Waiting>,
}

/// The place of one request; released when it and the request's body are dropped.
pub(super) struct Ticket {
    admission: Admission,
    connection: ConnectionId,
    turned_away: CancellationToken,
    step: Mutex<Step>,
}

enum Step {
    /// Nothing had to be waited for yet.
    New,
    /// The body is waited for.
    Waiting(Slot),
    /// The body is whole.
    Whole {
        _permit: OwnedSemaphorePermit,
    },
    TurnedAway,
}

impl Admission {
    /// So many requests of each kind.
    pub(super) fn new(limit: usize) -> Self {
        let limit = limit.clamp(1, Semaphore::MAX_PERMITS);
        Self { whole: Arc::new(Semaphore::new(limit)), waiting: Arc::new(Waiting::new(limit)) }
    }

    /// For a request of this connection, with its body.
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
    /// What the future gives; `None` if the request has to give way to others, as one does whose
    /// body is not whole, or for which there is no place once it is.
    pub(super) async fn run<F: Future>(&self, future: F) -> Option<F::Output> {
        tokio::select! {
            biased;
            () = self.turned_away.cancelled() => None,
            output = future => Some(output),
        }
    }

    /// The same of a future that may wait for what the service has left of the body.
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

    /// Takes a place for a request whose body is waited for.
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

    /// Takes a place for a request that is whole; whether it may go on.
    fn note_whole(&self) -> bool {
        let mut step = self.step();
        match &*step {
            Step::Whole { .. } => return true,
            Step::TurnedAway => return false,
            // It had to give way meanwhile.
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

/// The body of a request, which takes the places that the request needs. It ends only if there is
/// one; otherwise nothing more comes of it, and [`Ticket::run`] ends.
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
