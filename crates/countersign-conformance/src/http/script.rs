//! The behaviour of the handler.

use std::collections::VecDeque;
use std::fmt;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use countersign_core::{Grant, Verified};
use sha2::{Digest, Sha256};
use tokio::sync::watch;

use super::context::{Failure, TestResult};

/// The behaviour of the handler. The adapter's handler calls
/// [`handle`](Self::handle), and responds with what that returns.
///
/// Clones share the same script.
#[derive(Clone)]
pub struct HandlerScript(Arc<Shared>);

struct Shared {
    acts: Mutex<VecDeque<Act>>,
    calls: Mutex<Vec<Call>>,
    progress: watch::Sender<Progress>,
    released: watch::Sender<bool>,
}

/// What the handler does at one call.
#[derive(Debug, Clone)]
pub(super) enum Act {
    Answer(HandlerAnswer),
    /// Waits until it is released, and then sends the default response.
    Wait,
    Panic,
}

/// What the handler received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) event: String,
    pub(super) attempt: Option<u32>,
    pub(super) is_possible_duplicate: bool,
    pub(super) body: Vec<u8>,
    /// Whether it is also the body of the verified delivery.
    pub(super) is_proved: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct Progress {
    begun: usize,
    finished: usize,
    stopped: usize,
}

/// The exact response of the handler: an adapter adds no header.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HandlerAnswer {
    /// The status.
    pub status: u16,
    /// The headers, except for those that frame the body.
    pub headers: Vec<(&'static str, &'static str)>,
    /// The body.
    pub body: Bytes,
}

impl HandlerAnswer {
    pub(super) fn new(status: u16, body: impl Into<Bytes>) -> Self {
        Self { status, headers: vec![OWN_HEADER], body: body.into() }
    }

    /// The default response: a digest of the body that the handler received.
    pub(super) fn to_body(body: &[u8]) -> Self {
        Self::new(200, const_hex::encode(Sha256::digest(body)))
    }
}

/// A header of every response of a handler.
pub(super) const OWN_HEADER: (&str, &str) = ("x-handler", "ran");

impl HandlerScript {
    pub(super) fn new(acts: impl IntoIterator<Item = Act>) -> Self {
        Self(Arc::new(Shared {
            acts: Mutex::new(acts.into_iter().collect()),
            calls: Mutex::default(),
            progress: watch::Sender::default(),
            released: watch::Sender::default(),
        }))
    }

    /// Handles one delivery. Takes the verified delivery, the grant if the
    /// adapter claims, and the body as a handler gets it that does not use the
    /// verified delivery.
    ///
    /// # Panics
    ///
    /// Panics if the script requests it, because handlers may panic.
    pub async fn handle(
        &self,
        verified: &Verified,
        grant: Option<Grant>,
        body: &[u8],
    ) -> HandlerAnswer {
        self.0.calls().push(Call {
            event: verified.event_id().to_owned(),
            attempt: grant.map(|grant| grant.attempt),
            is_possible_duplicate: grant.is_some_and(|grant| grant.possible_duplicate),
            body: body.to_vec(),
            is_proved: verified.body() == body,
        });
        let running = Running::begin(&self.0);
        let act = self.0.acts.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let answer = match act {
            Some(Act::Answer(answer)) => answer,
            // Without the panic hook, which would write to the test's output.
            Some(Act::Panic) => resume_unwind(Box::new("requested by the script")),
            Some(Act::Wait) => {
                // Never fails, because the script holds the sender.
                let _ = self.0.released.subscribe().wait_for(|released| *released).await;
                HandlerAnswer::to_body(body)
            }
            None => HandlerAnswer::to_body(body),
        };
        running.finish();
        answer
    }

    /// Releases all waiting calls, and all later ones.
    pub(super) fn release(&self) {
        self.0.released.send_replace(true);
    }

    /// Waits until the handler was started this many times.
    pub(super) async fn begun(&self, times: usize) {
        let mut progress = self.0.progress.subscribe();
        let _ = progress.wait_for(|progress| progress.begun >= times).await;
    }

    /// Waits until the handler has finished this many times, and checks that it
    /// was never cancelled.
    pub(super) async fn finished(&self, times: usize) -> TestResult {
        let mut progress = self.0.progress.subscribe();
        let ended = |progress: &Progress| progress.finished >= times || progress.stopped > 0;
        match progress.wait_for(ended).await {
            Ok(progress) if progress.stopped == 0 => Ok(()),
            _ => Err(Failure::new("the handler was cancelled")),
        }
    }

    pub(super) fn calls(&self) -> Vec<Call> {
        self.0.calls().clone()
    }
}

impl Shared {
    fn calls(&self) -> std::sync::MutexGuard<'_, Vec<Call>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Distinguishes a handler that finishes from one that is cancelled.
struct Running<'s> {
    shared: &'s Shared,
    finished: bool,
}

impl<'s> Running<'s> {
    fn begin(shared: &'s Shared) -> Self {
        shared.progress.send_modify(|progress| progress.begun += 1);
        Self { shared, finished: false }
    }

    fn finish(mut self) {
        self.finished = true;
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let finished = self.finished;
        self.shared.progress.send_modify(|progress| {
            if finished {
                progress.finished += 1;
            } else {
                progress.stopped += 1;
            }
        });
    }
}

impl fmt::Debug for HandlerScript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandlerScript").field("progress", &*self.0.progress.borrow()).finish()
    }
}
