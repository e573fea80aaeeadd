//! `forget`, in each state.

use countersign_core::{ClaimOutcome, CompleteOutcome, ReleaseOutcome, RenewOutcome};

use super::StoreUnderTest;
use super::context::{TestContext, TestResult, event, granted, same};
use countersign_testing::SampleDelivery;

pub(super) async fn an_unknown_event_cannot_be_forgotten<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let event = event();
    same(scene.forget(&event).await?, false)?;
    scene.is_unknown(&event).await
}

pub(super) async fn an_event_in_flight_is_forgotten_with_its_holder<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let holder = scene.attempt()?;
    let event = scene.held_by(&holder).await?;
    same(scene.forget(&event).await?, true)?;
    same(scene.forget(&event).await?, false)?;
    same(scene.renew(&event, &holder).await?, RenewOutcome::Lost)?;
    same(scene.release(&event, &holder).await?, ReleaseOutcome::NotHeld)?;
    scene.is_unknown(&event).await?;
    same(scene.complete(&event, &holder).await?, CompleteOutcome::RecordedLate)?;
    scene.is_done(&event).await
}

pub(super) async fn a_failed_event_is_forgotten_with_its_attempts<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let event = scene.failed_by(&scene.attempt()?).await?;
    same(scene.forget(&event).await?, true)?;
    scene.is_unknown(&event).await
}

pub(super) async fn a_done_event_is_forgotten_and_handled_again<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let event = scene.done_by(&scene.attempt()?).await?;
    same(scene.forget(&event).await?, true)?;
    same(scene.forget(&event).await?, false)?;
    let again = scene.attempt()?;
    same(scene.claim(&event, &again).await?, granted(1))?;
    same(scene.complete(&event, &again).await?, CompleteOutcome::Recorded)
}

pub(super) async fn an_exhausted_event_is_forgotten_and_handled_again<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let event = scene.held_by(&scene.attempt()?).await?;
    scene.lapse().await;
    let mut attempt = scene.attempt()?;
    attempt.max_crashes = 1;
    same(scene.claim(&event, &attempt).await?, ClaimOutcome::Exhausted { crashes: 1 })?;
    same(scene.forget(&event).await?, true)?;
    same(scene.claim(&event, &attempt).await?, granted(1))
}

pub(super) async fn forgetting_one_event_leaves_the_others<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let other = SampleDelivery::of("other").event_key();
    let attempt = scene.attempt()?;
    same(scene.claim(&other, &attempt).await?, granted(1))?;
    let event = scene.done_by(&scene.attempt()?).await?;
    same(scene.forget(&event).await?, true)?;
    same(scene.complete(&other, &attempt).await?, CompleteOutcome::Recorded)?;
    scene.is_done(&other).await
}
