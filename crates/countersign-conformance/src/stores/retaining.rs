//! How long an event is remembered.

use std::time::Duration;

use countersign_core::{Attempt, CompleteOutcome, ReleaseOutcome, RenewOutcome};

use super::StoreUnderTest;
use super::context::{Failure, LEASE, TestContext, TestResult, event, granted, reclaimed, same};

pub(super) async fn a_done_event_is_remembered_until_its_retention_ends<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let event = scene.done_by(&soon_forgotten(scene)?).await?;
    scene.pass(RETENTION - 1).await;
    scene.is_done(&event).await?;
    scene.pass(2).await;
    scene.is_unknown(&event).await
}

/// An event that succeeds late, after retries, is remembered as long as any
/// other.
pub(super) async fn the_retention_starts_at_the_completion<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let first = soon_forgotten(scene)?;
    let event = scene.failed_by(&first).await?;
    scene.pass(RETENTION / 2).await;
    let second = soon_forgotten(scene)?;
    same(scene.claim(&event, &second).await?, granted(2))?;
    scene.pass(LEASE - 1).await;
    same(scene.complete(&event, &second).await?, CompleteOutcome::Recorded)?;
    scene.pass(RETENTION - 1).await;
    scene.is_done(&event).await?;
    scene.pass(2).await;
    scene.is_unknown(&event).await
}

pub(super) async fn no_operation_prolongs_the_retention_of_a_done_event<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let (attempt, other) = (soon_forgotten(scene)?, scene.attempt()?);
    let event = scene.done_by(&attempt).await?;
    scene.pass(RETENTION / 2).await;
    for attempt in [&attempt, &other] {
        scene.complete(&event, attempt).await?;
        scene.renew(&event, attempt).await?;
        scene.release(&event, attempt).await?;
        scene.claim(&event, attempt).await?;
    }
    scene.pass(RETENTION - RETENTION / 2 + 1).await;
    scene.is_unknown(&event).await
}

pub(super) async fn a_renewal_restarts_the_retention<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let attempt = soon_forgotten(scene)?;
    let event = scene.held_by(&attempt).await?;
    scene.pass(LEASE - 1).await;
    same(scene.renew(&event, &attempt).await?, RenewOutcome::Renewed)?;
    scene.pass(RETENTION - 1).await;
    same(scene.claim(&event, &scene.attempt()?).await?, reclaimed(2))
}

pub(super) async fn a_failure_restarts_the_retention<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let attempt = soon_forgotten(scene)?;
    let event = scene.held_by(&attempt).await?;
    scene.pass(LEASE - 1).await;
    same(scene.release(&event, &attempt).await?, ReleaseOutcome::Released)?;
    scene.pass(RETENTION - 1).await;
    same(scene.claim(&event, &scene.attempt()?).await?, granted(2))
}

pub(super) async fn a_failed_event_is_forgotten_at_the_end_of_its_retention<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let event = scene.failed_by(&soon_forgotten(scene)?).await?;
    scene.pass(RETENTION + 1).await;
    scene.is_unknown(&event).await
}

pub(super) async fn an_abandoned_event_is_forgotten_at_the_end_of_its_retention<
    U: StoreUnderTest,
>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let stale = soon_forgotten(scene)?;
    let event = scene.held_by(&stale).await?;
    scene.pass(RETENTION + 1).await;
    same(scene.renew(&event, &stale).await?, RenewOutcome::Lost)?;
    same(scene.release(&event, &stale).await?, ReleaseOutcome::NotHeld)?;
    scene.is_unknown(&event).await
}

/// Otherwise an event with a short retention would have two holders.
pub(super) async fn a_claimed_event_is_kept_after_its_retention<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let mut holder = scene.attempt()?;
    holder.retention = scene.units(1);
    let event = scene.held_by(&holder).await?;
    scene.pass(LEASE - 1).await;
    scene.is_in_flight(&event).await?;
    same(scene.renew(&event, &holder).await?, RenewOutcome::Renewed)?;
    scene.pass(LEASE - 1).await;
    scene.is_in_flight(&event).await?;
    same(scene.complete(&event, &holder).await?, CompleteOutcome::Recorded)
}

pub(super) async fn a_success_of_a_forgotten_event_is_recorded_again<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let attempt = soon_forgotten(scene)?;
    let event = scene.held_by(&attempt).await?;
    scene.pass(RETENTION + 1).await;
    same(scene.complete(&event, &attempt).await?, CompleteOutcome::RecordedUnclaimed)?;
    scene.pass(RETENTION - 1).await;
    scene.is_done(&event).await
}

pub(super) async fn a_retention_of_years_works<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let (event, mut attempt) = (event(), scene.attempt()?);
    attempt.retention = Duration::from_secs(10 * 365 * 24 * 60 * 60);
    same(scene.claim(&event, &attempt).await?, granted(1))?;
    scene.lapse().await;
    same(scene.claim(&event, &scene.attempt()?).await?, reclaimed(2))?;
    same(scene.complete(&event, &attempt).await?, CompleteOutcome::RecordedLate)?;
    scene.is_done(&event).await
}

fn soon_forgotten<U: StoreUnderTest>(scene: &TestContext<'_, U>) -> Result<Attempt, Failure> {
    let mut attempt = scene.attempt()?;
    attempt.retention = scene.units(RETENTION);
    Ok(attempt)
}

/// In units; longer than a lease.
const RETENTION: u32 = 8;
