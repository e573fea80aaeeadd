//! `release`: failures, in time and late, and claims that arrive after them.

use countersign_core::{ClaimOutcome, CompleteOutcome, ReleaseOutcome, RenewOutcome};

use super::StoreUnderTest;
use super::context::{LEASE, TestContext, TestResult, event, granted, in_flight, reclaimed, same};

pub(super) async fn a_failed_event_can_be_claimed_at_once<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let event = scene.failed_by(&scene.attempt()?).await?;
    same(scene.claim(&event, &scene.attempt()?).await?, granted(2))?;
    scene.is_in_flight(&event).await
}

pub(super) async fn a_failure_can_be_sent_twice<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let (attempt, second) = (scene.attempt()?, scene.attempt()?);
    let event = scene.failed_by(&attempt).await?;
    same(scene.release(&event, &attempt).await?, ReleaseOutcome::NotHeld)?;
    same(scene.claim(&event, &second).await?, granted(2))?;
    same(scene.release(&event, &attempt).await?, ReleaseOutcome::NotHeld)?;
    same(scene.claim(&event, &second).await?, granted(2))
}

pub(super) async fn a_failure_after_the_lease_releases_the_event_if_it_was_not_reclaimed<
    U: StoreUnderTest,
>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let attempt = scene.attempt()?;
    let event = scene.held_by(&attempt).await?;
    scene.lapse().await;
    same(scene.release(&event, &attempt).await?, ReleaseOutcome::Released)?;
    // The attempt released it, so it did not crash.
    same(scene.claim(&event, &scene.attempt()?).await?, granted(2))
}

pub(super) async fn a_stale_attempts_failure_does_not_affect_the_new_holder<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let holder = scene.attempt()?;
    let (event, stale) = scene.taken_over_by(&holder).await?;
    same(scene.release(&event, &stale).await?, ReleaseOutcome::NotHeld)?;
    scene.is_in_flight(&event).await?;
    same(scene.renew(&event, &holder).await?, RenewOutcome::Renewed)?;
    same(scene.complete(&event, &holder).await?, CompleteOutcome::Recorded)
}

pub(super) async fn a_late_failure_does_not_undo_a_success<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let holder = scene.attempt()?;
    let (event, stale) = scene.taken_over_by(&holder).await?;
    same(scene.complete(&event, &holder).await?, CompleteOutcome::Recorded)?;
    same(scene.release(&event, &stale).await?, ReleaseOutcome::NotHeld)?;
    same(scene.release(&event, &holder).await?, ReleaseOutcome::NotHeld)?;
    scene.is_done(&event).await
}

pub(super) async fn an_unknown_event_cannot_be_released<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let event = event();
    same(scene.release(&event, &scene.attempt()?).await?, ReleaseOutcome::NotHeld)?;
    scene.is_unknown(&event).await
}

/// Its caller is gone: the claim was delayed, or sent twice.
pub(super) async fn a_claim_that_arrives_after_its_own_release_is_not_granted<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let attempt = scene.attempt()?;
    let event = scene.failed_by(&attempt).await?;
    same(scene.claim(&event, &attempt).await?, ClaimOutcome::AlreadyReleased)?;
    same(scene.claim(&event, &attempt).await?, ClaimOutcome::AlreadyReleased)?;
    let next = scene.attempt()?;
    same(scene.claim(&event, &next).await?, granted(2))?;
    in_flight(scene.claim(&event, &attempt).await?)?;
    same(scene.release(&event, &next).await?, ReleaseOutcome::Released)?;
    same(scene.claim(&event, &next).await?, ClaimOutcome::AlreadyReleased)
}

pub(super) async fn a_late_claim_is_not_granted_even_with_a_short_retention<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let mut attempt = scene.attempt()?;
    attempt.retention = scene.units(1);
    let event = scene.failed_by(&attempt).await?;
    scene.pass(LEASE - 1).await;
    same(scene.claim(&event, &attempt).await?, ClaimOutcome::AlreadyReleased)
}

pub(super) async fn late_claims_are_neither_attempts_nor_crashes<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let late = scene.attempt()?;
    let event = scene.failed_by(&late).await?;
    for _ in 0..5 {
        same(scene.claim(&event, &late).await?, ClaimOutcome::AlreadyReleased)?;
    }
    scene.lapse().await;
    same(scene.claim(&event, &scene.attempt()?).await?, granted(2))
}

pub(super) async fn a_claim_that_was_overtaken_by_its_own_release_is_not_granted<
    U: StoreUnderTest,
>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let (event, attempt) = (event(), scene.attempt()?);
    same(scene.release(&event, &attempt).await?, ReleaseOutcome::NotHeld)?;
    same(scene.release(&event, &attempt).await?, ReleaseOutcome::NotHeld)?;
    scene.pass(LEASE - 1).await;
    same(scene.claim(&event, &attempt).await?, ClaimOutcome::AlreadyReleased)?;
    same(scene.claim(&event, &scene.attempt()?).await?, granted(1))
}

pub(super) async fn a_release_that_found_nothing_is_forgotten_after_a_lease<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let event = event();
    same(scene.release(&event, &scene.attempt()?).await?, ReleaseOutcome::NotHeld)?;
    scene.lapse().await;
    same(scene.forget(&event).await?, false)?;
    scene.is_unknown(&event).await
}

pub(super) async fn a_release_that_found_nothing_does_not_affect_the_next_attempt<
    U: StoreUnderTest,
>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let (event, early, next) = (event(), scene.attempt()?, scene.attempt()?);
    same(scene.release(&event, &early).await?, ReleaseOutcome::NotHeld)?;
    same(scene.claim(&event, &next).await?, granted(1))?;
    same(scene.release(&event, &early).await?, ReleaseOutcome::NotHeld)?;
    in_flight(scene.claim(&event, &early).await?)?;
    same(scene.renew(&event, &next).await?, RenewOutcome::Renewed)?;
    same(scene.complete(&event, &next).await?, CompleteOutcome::Recorded)
}

pub(super) async fn a_release_by_another_attempt_does_not_change_a_failure<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let failed = scene.attempt()?;
    let event = scene.failed_by(&failed).await?;
    same(scene.release(&event, &scene.attempt()?).await?, ReleaseOutcome::NotHeld)?;
    same(scene.claim(&event, &failed).await?, ClaimOutcome::AlreadyReleased)?;
    same(scene.claim(&event, &scene.attempt()?).await?, granted(2))
}

pub(super) async fn failures_are_not_crashes<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let event = event();
    for epoch in 1..=20 {
        let attempt = scene.attempt()?;
        same(scene.claim(&event, &attempt).await?, granted(epoch))?;
        same(scene.release(&event, &attempt).await?, ReleaseOutcome::Released)?;
    }
    let last = scene.attempt()?;
    same(scene.claim(&event, &last).await?, granted(21))?;
    scene.lapse().await;
    same(scene.claim(&event, &scene.attempt()?).await?, reclaimed(22))
}
