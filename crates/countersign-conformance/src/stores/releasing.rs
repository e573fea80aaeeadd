//! `release`: failures, in time and late.

use countersign_core::{CompleteOutcome, ReleaseOutcome, RenewOutcome};

use super::StoreUnderTest;
use super::scene::{Checked, Scene, event, granted, reclaimed, same};

pub(super) async fn a_failed_event_can_be_claimed_at_once<U: StoreUnderTest>(
    scene: &Scene<'_, U>,
) -> Checked {
    let event = scene.failed_by(&scene.attempt()?).await?;
    same(scene.claim(&event, &scene.attempt()?).await?, granted(2))?;
    scene.is_in_flight(&event).await
}

pub(super) async fn a_failure_can_be_sent_twice<U: StoreUnderTest>(
    scene: &Scene<'_, U>,
) -> Checked {
    let (attempt, second) = (scene.attempt()?, scene.attempt()?);
    let event = scene.failed_by(&attempt).await?;
    same(scene.release(&event, &attempt).await?, ReleaseOutcome::NotHeld)?;
    same(scene.claim(&event, &second).await?, granted(2))?;
    same(scene.release(&event, &attempt).await?, ReleaseOutcome::NotHeld)?;
    same(scene.claim(&event, &second).await?, granted(2))
}

pub(super) async fn a_failure_after_the_lease_gives_the_event_back_if_nobody_came<
    U: StoreUnderTest,
>(
    scene: &Scene<'_, U>,
) -> Checked {
    let attempt = scene.attempt()?;
    let event = scene.held_by(&attempt).await?;
    scene.lapse().await;
    same(scene.release(&event, &attempt).await?, ReleaseOutcome::Released)?;
    // It gave a sign of life: that was no crash.
    same(scene.claim(&event, &scene.attempt()?).await?, granted(2))
}

pub(super) async fn a_stale_attempts_failure_leaves_the_new_holder_alone<U: StoreUnderTest>(
    scene: &Scene<'_, U>,
) -> Checked {
    let holder = scene.attempt()?;
    let (event, stale) = scene.taken_over_by(&holder).await?;
    same(scene.release(&event, &stale).await?, ReleaseOutcome::NotHeld)?;
    scene.is_in_flight(&event).await?;
    same(scene.renew(&event, &holder).await?, RenewOutcome::Renewed)?;
    same(scene.complete(&event, &holder).await?, CompleteOutcome::Recorded)
}

pub(super) async fn a_late_failure_does_not_undo_a_success<U: StoreUnderTest>(
    scene: &Scene<'_, U>,
) -> Checked {
    let holder = scene.attempt()?;
    let (event, stale) = scene.taken_over_by(&holder).await?;
    same(scene.complete(&event, &holder).await?, CompleteOutcome::Recorded)?;
    same(scene.release(&event, &stale).await?, ReleaseOutcome::NotHeld)?;
    same(scene.release(&event, &holder).await?, ReleaseOutcome::NotHeld)?;
    scene.is_done(&event).await
}

pub(super) async fn an_unknown_event_cannot_be_released<U: StoreUnderTest>(
    scene: &Scene<'_, U>,
) -> Checked {
    let event = event();
    same(scene.release(&event, &scene.attempt()?).await?, ReleaseOutcome::NotHeld)?;
    scene.is_unknown(&event).await
}

pub(super) async fn a_failed_attempt_can_claim_again_as_the_next_one<U: StoreUnderTest>(
    scene: &Scene<'_, U>,
) -> Checked {
    let attempt = scene.attempt()?;
    let event = scene.failed_by(&attempt).await?;
    same(scene.claim(&event, &attempt).await?, granted(2))?;
    scene.is_in_flight(&event).await?;
    same(scene.release(&event, &attempt).await?, ReleaseOutcome::Released)?;
    same(scene.claim(&event, &scene.attempt()?).await?, granted(3))
}

pub(super) async fn failures_are_not_crashes<U: StoreUnderTest>(scene: &Scene<'_, U>) -> Checked {
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
