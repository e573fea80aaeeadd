//! Handing deliveries off to the jobs of a target.

use std::error::Error as _;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use countersign_core::{
    Attempt, ClaimOutcome, Effect, Handoff, HandoffDelivery, HandoffError, HandoffErrorKind,
    HandoffOutcome, IdempotencyStore, Repeats, StoreError,
};

use super::{AcceptOutcome, Accepting, SqliteQueue};
use crate::error::SqliteStoreError;

/// The jobs of one target, as a queue of a library user's service.
///
/// The event is recorded as done and its job is added in one transaction, which is synced to the
/// disk before the response. A worker takes the jobs: one of your own, with [`SqliteQueue::take`] and
/// [`SqliteQueue::settle`], or that of `countersign serve --queue`, if the target is the path of one
/// of its endpoints. Then give the verifier this name, too (`Verifier::with_endpoint`), so that both
/// know the same events.
#[derive(Clone)]
pub struct SqliteHandoff {
    queue: SqliteQueue,
    target: Arc<str>,
}

impl SqliteQueue {
    /// The jobs of the target of this name, for a `HandoffReceiver`.
    #[must_use]
    pub fn hand_off_to(&self, target: impl Into<Arc<str>>) -> SqliteHandoff {
        SqliteHandoff { queue: self.clone(), target: target.into() }
    }
}

impl SqliteHandoff {
    /// The queue.
    #[must_use]
    pub fn queue(&self) -> &SqliteQueue {
        &self.queue
    }

    /// The name of the target.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }
}

impl Handoff for SqliteHandoff {
    async fn hand_off(&self, delivery: &HandoffDelivery) -> Result<HandoffOutcome, HandoffError> {
        let event = &delivery.event;
        let attempt = Attempt::new(event.fingerprint, LEASE, event.retention)?;
        for _ in 0..TRIES {
            let claimed = self.queue.claim(&event.key, &attempt).await.map_err(failed)?;
            if let ClaimOutcome::Done { fingerprint_matches, at_unix_ms } = claimed
                && !delivery.handles_repeats()
            {
                let same_body = fingerprint_matches;
                return Ok(HandoffOutcome::Duplicate { same_body, at_unix_ms });
            }
            let repeats =
                if delivery.handles_repeats() { Repeats::Handle } else { Repeats::Suppress };
            let message = delivery.message.clone();
            let accepting =
                Accepting::new(event.key.clone(), attempt.clone(), &*self.target, message)
                    .with_repeats(repeats);
            match self.queue.accept(accepting).await.map_err(failed)? {
                AcceptOutcome::Accepted { possible_duplicate, .. } => {
                    return Ok(HandoffOutcome::Stored { possible_duplicate });
                }
                AcceptOutcome::Full => return Ok(HandoffOutcome::Full),
                // Another delivery was accepted meanwhile. The next claim finds it.
                _ => {}
            }
        }
        Ok(HandoffOutcome::InFlight { retry_after: Duration::ZERO })
    }
}

fn failed(error: StoreError) -> HandoffError {
    let source = error.source().and_then(<dyn std::error::Error>::downcast_ref);
    match source {
        // The file will not change by itself.
        Some(
            SqliteStoreError::ReadOnly { .. }
            | SqliteStoreError::Corrupt { .. }
            | SqliteStoreError::Layout,
        ) if error.effect() == Effect::NotApplied => {
            HandoffError::with_source(HandoffErrorKind::NotAccepted, error)
        }
        _ => error.into(),
    }
}

impl fmt::Debug for SqliteHandoff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteHandoff")
            .field("queue", &self.queue)
            .field("target", &self.target)
            .finish()
    }
}

/// An event that is accepted is done, so its claim has no lease.
const LEASE: Duration = Duration::from_secs(1);

const TRIES: usize = 3;
