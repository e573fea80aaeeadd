//! What happens to a delivery while the store is unavailable or full.

use super::granted;
use crate::idempotency::{Claim, Effect, Holder, IdempotencyStore};
use crate::receive::{EarlyResponse, Receiver};
use crate::time::runtime::Runtime;
use crate::verify::Verified;

/// What an endpoint does while its store is unavailable, or too full for a new event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutagePolicy {
    /// Responds with 503 and handles nothing: the sender retries. The default if the
    /// sender retries.
    FailClosed,
    /// Deduplicates with a bounded table in this process. It has the events that are
    /// handled during the outage, and the last 50,000 that this process handled before
    /// it. An event that is delivered to two processes during the outage is handled
    /// twice. The default if the sender does not retry, because a rejection would lose
    /// the event.
    LocalFallback,
    /// Handles every delivery, including duplicates.
    FailOpen,
}

impl<S: IdempotencyStore> Receiver<S> {
    /// Applies the outage policy to a delivery whose claim failed because the store
    /// is unavailable or full.
    pub(super) async fn apply_outage_policy(
        &self,
        claim: Claim<S>,
        applied: Effect,
        verified: &Verified,
        runtime: &impl Runtime,
    ) -> Result<Claim<S>, EarlyResponse> {
        let queue = &self.0.queue;
        let may_be_in_store = applied == Effect::Unknown;
        let (holder, outcome) = match self.0.settings.outage {
            OutagePolicy::FailClosed => {
                if !may_be_in_store {
                    claim.disarm();
                }
                return Err(EarlyResponse::StoreUnavailable);
            }
            // The claim keeps its token. If the store has granted it, it is not released while the
            // handler runs.
            OutagePolicy::LocalFallback => {
                let outcome = queue.claim(claim.key(), claim.attempt(), may_be_in_store);
                (Holder::Here, granted(outcome))
            }
            OutagePolicy::FailOpen => (Holder::Nowhere { may_be_in_store }, Ok((1, false))),
        };
        match outcome {
            Ok((epoch, reclaimed)) => {
                queue.counters().degraded();
                Ok(claim.held(holder).granted(epoch, reclaimed))
            }
            Err(answer) => {
                if may_be_in_store {
                    queue.push_release(claim.key(), claim.attempt());
                }
                self.not_granted(answer, claim.held(holder), verified, runtime).await
            }
        }
    }
}
