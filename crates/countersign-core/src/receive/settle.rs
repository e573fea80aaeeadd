//! Settles a claim by the status of its handler.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;

use super::{OutcomeRule, Receiver, SuccessCompletes, Verdict};
use crate::idempotency::{Claim, CompleteOutcome, IdempotencyStore, ReleaseOutcome, StoreError};
use crate::telemetry::TelemetryEvent;
use crate::time::runtime::Runtime;

impl<S: IdempotencyStore> Receiver<S> {
    /// Settles the claim by the handler's status. If the handler ended without a status,
    /// the claim is released. The sender gets the handler's response, even if settling
    /// fails.
    ///
    /// If the store does not reply within the timeout of a store call (see
    /// [`with_ack_deadline`](Self::with_ack_deadline)), or panics, or if the future is
    /// dropped, the claim is settled in the background.
    pub async fn settle(
        &self,
        claim: Claim<S>,
        status: impl Into<Option<u16>>,
        runtime: &impl Runtime,
    ) -> Settled {
        match status.into().map_or(Verdict::Release, |status| self.verdict(status)) {
            Verdict::Complete => {
                Settled::Completed(self.reply(pin!(claim.complete()), runtime).await)
            }
            Verdict::Release => Settled::Released(self.reply(pin!(claim.release()), runtime).await),
        }
    }

    /// Returns the rule's verdict. If the rule panics, the default rule decides,
    /// because the handler has already run.
    fn verdict(&self, status: u16) -> Verdict {
        let rule = &self.0.settings.rule;
        catch_unwind(AssertUnwindSafe(|| rule.verdict(status))).unwrap_or_else(|_| {
            self.record(&TelemetryEvent::RulePanicked { status });
            SuccessCompletes.verdict(status)
        })
    }
}

/// The result of settling a claim.
#[derive(Debug)]
#[non_exhaustive]
pub enum Settled {
    /// The event is done. An error means that this is not recorded in the store
    /// yet.
    Completed(Result<CompleteOutcome, StoreError>),
    /// The event is released. An error means that the store has not released it
    /// yet.
    Released(Result<ReleaseOutcome, StoreError>),
}
