//! Attempts and crashes are counted.

use countersign_core::{Attempt, ClaimOutcome, ReleaseOutcome};

use super::StoreUnderTest;
use super::context::{TestContext, TestResult, event, granted, reclaimed, same};

pub(super) async fn every_grant_counts_as_an_attempt<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let (event, first, third) = (event(), scene.attempt()?, scene.attempt()?);
    same(scene.claim(&event, &first).await?, granted(1))?;
    same(scene.release(&event, &first).await?, ReleaseOutcome::Released)?;
    same(scene.claim(&event, &scene.attempt()?).await?, granted(2))?;
    scene.lapse().await;
    same(scene.claim(&event, &third).await?, reclaimed(3))?;
    same(scene.release(&event, &third).await?, ReleaseOutcome::Released)?;
    same(scene.claim(&event, &scene.attempt()?).await?, reclaimed(4))
}

pub(super) async fn a_crash_is_remembered_after_a_failure<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let holder = scene.attempt()?;
    let (event, _) = scene.taken_over_by(&holder).await?;
    same(scene.release(&event, &holder).await?, ReleaseOutcome::Released)?;
    same(scene.claim(&event, &scene.attempt()?).await?, reclaimed(3))?;
    scene.lapse().await;
    let last = allowing(2, scene.attempt()?);
    same(scene.claim(&event, &last).await?, ClaimOutcome::Exhausted { crashes: 2 })
}

pub(super) async fn an_event_is_exhausted_after_as_many_crashes_as_allowed<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let event = event();
    same(scene.claim(&event, &allowing(3, scene.attempt()?)).await?, granted(1))?;
    for epoch in 2..=3 {
        scene.lapse().await;
        same(scene.claim(&event, &allowing(3, scene.attempt()?)).await?, reclaimed(epoch))?;
    }
    scene.lapse().await;
    let outcome = scene.claim(&event, &allowing(3, scene.attempt()?)).await?;
    same(outcome, ClaimOutcome::Exhausted { crashes: 3 })
}

pub(super) async fn an_exhausted_event_stays_exhausted<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let event = scene.held_by(&scene.attempt()?).await?;
    scene.lapse().await;
    for _ in 0..3 {
        let outcome = scene.claim(&event, &allowing(1, scene.attempt()?)).await?;
        same(outcome, ClaimOutcome::Exhausted { crashes: 1 })?;
        scene.pass(1).await;
    }
    Ok(())
}

pub(super) async fn the_claiming_attempt_sets_the_maximum_number_of_crashes<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let event = scene.held_by(&allowing(1, scene.attempt()?)).await?;
    scene.lapse().await;
    let outcome = scene.claim(&event, &allowing(1, scene.attempt()?)).await?;
    same(outcome, ClaimOutcome::Exhausted { crashes: 1 })?;
    same(scene.claim(&event, &allowing(u32::MAX, scene.attempt()?)).await?, reclaimed(2))
}

fn allowing(most_crashes: u32, mut attempt: Attempt) -> Attempt {
    attempt.max_crashes = most_crashes;
    attempt
}
