//! `complete`, in time and late.

use countersign_core::{ClaimOutcome, CompleteOutcome, ReleaseOutcome, RenewOutcome};

use super::StoreUnderTest;
use super::context::{TestContext, TestResult, done, event, same};

pub(super) async fn a_done_event_is_not_granted_again<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let attempt = scene.attempt()?;
    let event = scene.done_by(&attempt).await?;
    scene.is_done(&event).await?;
    done(scene.claim(&event, &attempt).await?)?;
    // Also long after the lease.
    scene.lapse().await;
    scene.is_done(&event).await
}

pub(super) async fn a_done_event_reports_its_completion_time<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let attempt = scene.attempt()?;
    let event = scene.done_by(&attempt).await?;
    let at_ms = done(scene.claim(&event, &scene.attempt()?).await?)?;
    scene.pass(1).await;
    same(scene.complete(&event, &attempt).await?, CompleteOutcome::Recorded)?;
    same(scene.complete(&event, &scene.attempt()?).await?, CompleteOutcome::AlreadyDone)?;
    same(done(scene.claim(&event, &scene.attempt()?).await?)?, at_ms)
}

pub(super) async fn a_success_can_be_recorded_twice_by_the_same_attempt<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let attempt = scene.attempt()?;
    let event = scene.done_by(&attempt).await?;
    same(scene.complete(&event, &attempt).await?, CompleteOutcome::Recorded)?;
    scene.is_done(&event).await
}

pub(super) async fn a_success_after_the_lease_is_in_time_if_the_event_was_not_reclaimed<
    U: StoreUnderTest,
>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let attempt = scene.attempt()?;
    let event = scene.held_by(&attempt).await?;
    scene.lapse().await;
    same(scene.complete(&event, &attempt).await?, CompleteOutcome::Recorded)?;
    scene.is_done(&event).await
}

pub(super) async fn a_success_of_a_stale_attempt_is_recorded_late<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let (event, stale) = scene.taken_over_by(&scene.attempt()?).await?;
    same(scene.complete(&event, &stale).await?, CompleteOutcome::RecordedLate)?;
    scene.is_done(&event).await
}

pub(super) async fn a_late_success_can_be_recorded_twice_by_the_same_attempt<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let (event, stale) = scene.taken_over_by(&scene.attempt()?).await?;
    same(scene.complete(&event, &stale).await?, CompleteOutcome::RecordedLate)?;
    same(scene.complete(&event, &stale).await?, CompleteOutcome::Recorded)
}

pub(super) async fn a_late_success_ends_the_reclaiming_attempt<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let holder = scene.attempt()?;
    let (event, stale) = scene.taken_over_by(&holder).await?;
    same(scene.complete(&event, &stale).await?, CompleteOutcome::RecordedLate)?;
    same(scene.renew(&event, &holder).await?, RenewOutcome::Lost)?;
    same(scene.release(&event, &holder).await?, ReleaseOutcome::NotHeld)?;
    same(scene.complete(&event, &holder).await?, CompleteOutcome::AlreadyDone)?;
    scene.is_done(&event).await
}

pub(super) async fn a_second_attempts_success_does_not_change_the_first_record<
    U: StoreUnderTest,
>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let event = scene.done_by(&scene.attempt()?).await?;
    let other = scene.attempt_at_other_body()?;
    same(scene.complete(&event, &other).await?, CompleteOutcome::AlreadyDone)?;
    same(scene.complete(&event, &other).await?, CompleteOutcome::AlreadyDone)?;
    scene.is_done(&event).await
}

pub(super) async fn a_success_after_its_own_failure_is_recorded_as_unclaimed<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let attempt = scene.attempt()?;
    let event = scene.failed_by(&attempt).await?;
    same(scene.complete(&event, &attempt).await?, CompleteOutcome::RecordedUnclaimed)?;
    scene.is_done(&event).await
}

pub(super) async fn a_success_after_another_attempts_failure_is_recorded_late<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let holder = scene.attempt()?;
    let (event, stale) = scene.taken_over_by(&holder).await?;
    same(scene.release(&event, &holder).await?, ReleaseOutcome::Released)?;
    same(scene.complete(&event, &stale).await?, CompleteOutcome::RecordedLate)?;
    scene.is_done(&event).await
}

pub(super) async fn a_success_of_an_unknown_event_is_recorded_as_unclaimed<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let event = event();
    same(scene.complete(&event, &scene.attempt()?).await?, CompleteOutcome::RecordedUnclaimed)?;
    scene.is_done(&event).await
}

pub(super) async fn an_exhausted_event_can_still_succeed<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let (holder, mut other) = (scene.attempt()?, scene.attempt()?);
    other.max_crashes = 1;
    let event = scene.held_by(&holder).await?;
    scene.lapse().await;
    same(scene.claim(&event, &other).await?, ClaimOutcome::Exhausted { crashes: 1 })?;
    same(scene.complete(&event, &holder).await?, CompleteOutcome::Recorded)?;
    scene.is_done(&event).await
}

pub(super) async fn a_done_event_stays_done_after_any_operation<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let owner = scene.attempt()?;
    let event = scene.done_by(&owner).await?;
    for attempt in [&owner, &scene.attempt()?, &scene.attempt_at_other_body()?] {
        scene.release(&event, attempt).await?;
        scene.is_done(&event).await?;
        scene.renew(&event, attempt).await?;
        scene.is_done(&event).await?;
        scene.claim(&event, attempt).await?;
        scene.is_done(&event).await?;
        scene.complete(&event, attempt).await?;
        scene.is_done(&event).await?;
    }
    Ok(())
}
