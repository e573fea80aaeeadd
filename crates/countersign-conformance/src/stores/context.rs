//! The context of a case.

use std::fmt::Debug;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use countersign_core::{
    Attempt, ClaimOutcome, CompleteOutcome, EventKey, Fingerprint, IdempotencyStore,
    ReleaseOutcome, RenewOutcome, StoreError,
};

use super::StoreUnderTest;
use countersign_testing::SampleDelivery;

/// A new store and its time.
pub(crate) struct TestContext<'u, U: StoreUnderTest> {
    under_test: &'u U,
    pub(super) store: Arc<U::Store>,
}

/// The result of a case.
pub(crate) type TestResult = Result<(), Failure>;

/// What the store did, and what it should have done.
#[derive(Debug)]
pub(crate) struct Failure(pub(super) String);

impl<'u, U: StoreUnderTest> TestContext<'u, U> {
    pub(super) async fn new(under_test: &'u U) -> Self {
        Self { under_test, store: Arc::new(under_test.fresh().await) }
    }

    /// An attempt with a lease of four units.
    pub(super) fn attempt(&self) -> Result<Attempt, Failure> {
        Ok(Attempt::new(body(), self.units(LEASE), self.units(10_000))?)
    }

    /// An attempt that handles another body.
    pub(super) fn attempt_at_other_body(&self) -> Result<Attempt, Failure> {
        Ok(Attempt::new(other_body(), self.units(LEASE), self.units(10_000))?)
    }

    pub(super) fn units(&self, units: u32) -> Duration {
        self.under_test.unit().saturating_mul(units)
    }

    pub(super) async fn pass(&self, units: u32) {
        self.under_test.advance(&self.store, self.units(units)).await;
    }

    /// Lets the lease expire that the last step started.
    pub(super) async fn lapse(&self) {
        self.pass(LEASE + 1).await;
    }

    pub(super) async fn claim(
        &self,
        event: &EventKey,
        attempt: &Attempt,
    ) -> Result<ClaimOutcome, Failure> {
        Ok(self.store.claim(event, attempt).await?)
    }

    pub(super) async fn complete(
        &self,
        event: &EventKey,
        attempt: &Attempt,
    ) -> Result<CompleteOutcome, Failure> {
        Ok(self.store.complete(event, attempt).await?)
    }

    pub(super) async fn renew(
        &self,
        event: &EventKey,
        attempt: &Attempt,
    ) -> Result<RenewOutcome, Failure> {
        Ok(self.store.renew(event, attempt).await?)
    }

    pub(super) async fn release(
        &self,
        event: &EventKey,
        attempt: &Attempt,
    ) -> Result<ReleaseOutcome, Failure> {
        Ok(self.store.release(event, attempt).await?)
    }

    pub(super) async fn forget(&self, event: &EventKey) -> Result<bool, Failure> {
        Ok(self.store.forget(event).await?)
    }

    /// An event that this attempt holds, as the first one.
    pub(super) async fn held_by(&self, attempt: &Attempt) -> Result<EventKey, Failure> {
        let event = event();
        same(self.claim(&event, attempt).await?, granted(1))?;
        Ok(event)
    }

    /// An event whose first attempt let its lease expire, and that this attempt
    /// has taken over. Returns the first attempt, too.
    pub(super) async fn taken_over_by(
        &self,
        attempt: &Attempt,
    ) -> Result<(EventKey, Attempt), Failure> {
        let stale = self.attempt()?;
        let event = self.held_by(&stale).await?;
        self.lapse().await;
        same(self.claim(&event, attempt).await?, reclaimed(2))?;
        Ok((event, stale))
    }

    /// An event that this attempt has completed.
    pub(super) async fn done_by(&self, attempt: &Attempt) -> Result<EventKey, Failure> {
        let event = self.held_by(attempt).await?;
        same(self.complete(&event, attempt).await?, CompleteOutcome::Recorded)?;
        Ok(event)
    }

    /// An event that this attempt has released.
    pub(super) async fn failed_by(&self, attempt: &Attempt) -> Result<EventKey, Failure> {
        let event = self.held_by(attempt).await?;
        same(self.release(&event, attempt).await?, ReleaseOutcome::Released)?;
        Ok(event)
    }

    /// Checks that the event is granted only to its holder at this time.
    pub(super) async fn is_in_flight(&self, event: &EventKey) -> TestResult {
        in_flight(self.claim(event, &self.attempt()?).await?).map(drop)
    }

    /// Checks that the event is done, with the usual body.
    pub(super) async fn is_done(&self, event: &EventKey) -> TestResult {
        done(self.claim(event, &self.attempt()?).await?).map(drop)
    }

    /// Checks that the event is like one that the store has never seen.
    pub(super) async fn is_unknown(&self, event: &EventKey) -> TestResult {
        same(self.claim(event, &self.attempt()?).await?, granted(1))
    }
}

/// The event that most cases use.
pub(super) fn event() -> EventKey {
    SampleDelivery::of("event").event_key()
}

pub(super) fn body() -> Fingerprint {
    Fingerprint::from_u64(u64::MAX)
}

/// Differs in a bit that a floating-point number loses.
fn other_body() -> Fingerprint {
    Fingerprint::from_u64(u64::MAX - 1)
}

pub(super) fn granted(epoch: u32) -> ClaimOutcome {
    ClaimOutcome::Granted { attempt: epoch, reclaimed: false }
}

pub(super) fn reclaimed(epoch: u32) -> ClaimOutcome {
    ClaimOutcome::Granted { attempt: epoch, reclaimed: true }
}

/// Checks that two values are equal.
#[track_caller]
pub(super) fn same<T: PartialEq + Debug + Copy>(is: T, must_be: T) -> TestResult {
    if is == must_be {
        return Ok(());
    }
    Err(wrong(&is, &format!("{must_be:?}")))
}

/// Checks that a claim returned in flight, and returns its `retry_after`.
#[track_caller]
pub(super) fn in_flight(outcome: ClaimOutcome) -> Result<Duration, Failure> {
    match outcome {
        ClaimOutcome::InFlight { retry_after } => Ok(retry_after),
        _ => Err(wrong(&outcome, "InFlight")),
    }
}

/// Checks that a claim returned done with the same body, and returns its time.
#[track_caller]
pub(super) fn done(outcome: ClaimOutcome) -> Result<i64, Failure> {
    match outcome {
        ClaimOutcome::Done { fingerprint_matches: true, at_unix_ms } => Ok(at_unix_ms),
        _ => Err(wrong(&outcome, "Done by the same body")),
    }
}

/// Checks that a claim returned done with another body.
#[track_caller]
pub(super) fn done_by_other_body(outcome: ClaimOutcome) -> TestResult {
    match outcome {
        ClaimOutcome::Done { fingerprint_matches: false, .. } => Ok(()),
        _ => Err(wrong(&outcome, "Done by another body")),
    }
}

#[track_caller]
pub(super) fn wrong(is: &impl Debug, must_be: &str) -> Failure {
    let at = Location::caller();
    Failure(format!("got {is:?}, expected {must_be} ({}:{})", at.file(), at.line()))
}

impl From<StoreError> for Failure {
    #[track_caller]
    fn from(error: StoreError) -> Self {
        let at = Location::caller();
        let source = std::error::Error::source(&error).map(ToString::to_string);
        let source = source.unwrap_or_default();
        Self(format!("{error}: {source} ({}:{})", at.file(), at.line()))
    }
}

/// In units.
pub(super) const LEASE: u32 = 4;
