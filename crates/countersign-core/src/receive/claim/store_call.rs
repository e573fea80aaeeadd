//! The calls of a claim to the store, and the wait for another attempt.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::OutagePolicy;
use crate::idempotency::{
    Attempt, ClaimOutcome, EventKey, IdempotencyStore, StoreError, bounded, caught, replied,
};
use crate::receive::Receiver;
use crate::receive::settings::MIN_LEASE;
use crate::telemetry::{Stopwatch, TelemetryEvent};
use crate::time::runtime::Runtime;

impl<S: IdempotencyStore> Receiver<S> {
    /// Claims the event. While another attempt holds it, retries for a limited time
    /// with the same token, unless too many duplicates of the event do so already.
    pub(super) async fn claim_with_wait(
        &self,
        key: &EventKey,
        attempt: &Attempt,
        runtime: &impl Runtime,
    ) -> Result<ClaimOutcome, StoreError> {
        let since = runtime.now();
        match self.query_store(key, attempt, runtime).await {
            Ok(in_flight @ ClaimOutcome::InFlight { .. }) => match self.0.waiters.enter(key) {
                Some(_waiting) => {
                    Box::pin(self.poll_in_flight(in_flight, since, key, attempt, runtime)).await
                }
                None => Ok(in_flight),
            },
            outcome => outcome,
        }
    }

    /// Retries the claim of an event in flight until the wait is over, which began with
    /// the first query. The time of the queries counts, so that a slow store does not
    /// make the wait longer.
    async fn poll_in_flight<R: Runtime>(
        &self,
        mut in_flight: ClaimOutcome,
        since: R::Instant,
        key: &EventKey,
        attempt: &Attempt,
        runtime: &R,
    ) -> Result<ClaimOutcome, StoreError> {
        let longest = self.0.settings.in_flight_wait;
        let mut pause = FIRST_PAUSE;
        // As much as the last query took is left for the next one, and as much again, because it
        // may take longer.
        let mut reserve = Duration::ZERO;
        let outcome = loop {
            let left = longest.saturating_sub(runtime.elapsed(since));
            if left.is_zero() || left < reserve {
                break Ok(in_flight);
            }
            runtime.sleep(pause.min(left - reserve)).await;
            pause = (pause * 2).min(MAX_PAUSE);
            let began = runtime.elapsed(since);
            let query = pin!(self.query_store(key, attempt, runtime));
            let Some(outcome) = bounded(query, longest.saturating_sub(began), runtime).await else {
                // The store may have granted this claim in the meantime.
                self.0.queue.push_release(key, attempt);
                break Ok(in_flight);
            };
            reserve = runtime.elapsed(since).saturating_sub(began).saturating_mul(2);
            match outcome {
                Ok(again @ ClaimOutcome::InFlight { .. }) => in_flight = again,
                outcome => break outcome,
            }
        };
        self.record(&TelemetryEvent::Waited(runtime.elapsed(since)));
        outcome
    }

    /// Claims the event in the store, unless this process holds or has handled the
    /// event and has not recorded that in the store yet.
    async fn query_store(
        &self,
        key: &EventKey,
        attempt: &Attempt,
        runtime: &impl Runtime,
    ) -> Result<ClaimOutcome, StoreError> {
        if self.0.settings.outage != OutagePolicy::FailOpen
            && let Some(outcome) = self.0.queue.look(key, attempt)
        {
            return Ok(outcome);
        }
        let began = runtime.now();
        let outcome = self.call_store(key, attempt, runtime).await;
        if !is_stale(&outcome, runtime.elapsed(began), attempt) {
            return outcome;
        }
        // Another process may have claimed, or even handled, the event in the meantime. The same
        // token gets the same grant, if it still holds.
        let began = runtime.now();
        let outcome = Box::pin(self.call_store(key, attempt, runtime)).await;
        if is_stale(&outcome, runtime.elapsed(began), attempt) {
            return Err(StoreError::unknown_effect("the store replied after the end of the lease"));
        }
        outcome
    }

    async fn call_store(
        &self,
        key: &EventKey,
        attempt: &Attempt,
        runtime: &impl Runtime,
    ) -> Result<ClaimOutcome, StoreError> {
        let since = Stopwatch::start();
        // In a block, because a store can also panic before it returns its future.
        let call = pin!(async { self.store().claim(key, attempt).await });
        let outcome = self.reply(call, runtime).await;
        self.record(&TelemetryEvent::StoreQueried(since.elapsed()));
        self.report_store(outcome.as_ref().err());
        outcome
    }

    /// The reply to a call of the store, or an error if none arrives in time.
    pub(in crate::receive) async fn reply<T>(
        &self,
        call: Pin<&mut impl Future<Output = Result<T, StoreError>>>,
        runtime: &impl Runtime,
    ) -> Result<T, StoreError> {
        let within = self.0.settings.store_timeout;
        // The store's code, so it may panic, as its calls may.
        let own = catch_unwind(AssertUnwindSafe(|| self.store().deadline())).unwrap_or(None);
        match own {
            Some(own) if own <= within => caught(call).await,
            _ => replied(call, within, runtime).await,
        }
    }

    /// Reports the first error and the end of an outage.
    fn report_store(&self, error: Option<&StoreError>) {
        let fails = &self.0.store_fails;
        if fails.load(Ordering::Relaxed) != error.is_some()
            && fails.swap(error.is_some(), Ordering::Relaxed) != error.is_some()
        {
            self.record(&match error {
                Some(error) => TelemetryEvent::StoreFailed(error),
                None => TelemetryEvent::StoreRecovered,
            });
        }
    }
}

/// Whether the lease of a grant may have run out before its reply was read: the reply was slow, or
/// this process was stopped. Leases below the minimum are for tests, and end before any reply.
fn is_stale(outcome: &Result<ClaimOutcome, StoreError>, took: Duration, attempt: &Attempt) -> bool {
    matches!(outcome, Ok(ClaimOutcome::Granted { .. })) && took >= attempt.lease.max(MIN_LEASE)
}

const FIRST_PAUSE: Duration = Duration::from_millis(10);
const MAX_PAUSE: Duration = Duration::from_millis(200);
