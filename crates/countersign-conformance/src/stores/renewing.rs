//! `renew`.

use countersign_core::RenewOutcome;

use super::StoreUnderTest;
use super::context::{LEASE, TestContext, TestResult, event, granted, reclaimed, same};

pub(super) async fn a_renewal_restarts_the_lease<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let attempt = scene.attempt()?;
    let event = scene.held_by(&attempt).await?;
    for _ in 0..2 {
        scene.pass(LEASE - 1).await;
        same(scene.renew(&event, &attempt).await?, RenewOutcome::Renewed)?;
    }
    scene.pass(LEASE - 1).await;
    scene.is_in_flight(&event).await?;
    scene.pass(2).await;
    same(scene.claim(&event, &scene.attempt()?).await?, reclaimed(2))
}

pub(super) async fn a_renewal_can_be_sent_twice<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let attempt = scene.attempt()?;
    let event = scene.held_by(&attempt).await?;
    same(scene.renew(&event, &attempt).await?, RenewOutcome::Renewed)?;
    same(scene.renew(&event, &attempt).await?, RenewOutcome::Renewed)?;
    scene.lapse().await;
    same(scene.claim(&event, &scene.attempt()?).await?, reclaimed(2))
}

pub(super) async fn a_renewal_changes_neither_attempt_nor_holder<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let holder = scene.attempt()?;
    let (event, _) = scene.taken_over_by(&holder).await?;
    same(scene.renew(&event, &holder).await?, RenewOutcome::Renewed)?;
    same(scene.claim(&event, &holder).await?, reclaimed(2))?;
    scene.is_in_flight(&event).await
}

pub(super) async fn a_renewal_after_the_lease_is_in_time_if_the_event_was_not_reclaimed<
    U: StoreUnderTest,
>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let attempt = scene.attempt()?;
    let event = scene.held_by(&attempt).await?;
    scene.lapse().await;
    same(scene.renew(&event, &attempt).await?, RenewOutcome::Renewed)?;
    scene.is_in_flight(&event).await
}

pub(super) async fn a_stale_attempt_cannot_renew<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let holder = scene.attempt()?;
    let (event, stale) = scene.taken_over_by(&holder).await?;
    same(scene.renew(&event, &stale).await?, RenewOutcome::Lost)?;
    same(scene.renew(&event, &stale).await?, RenewOutcome::Lost)?;
    same(scene.claim(&event, &holder).await?, reclaimed(2))
}

pub(super) async fn a_late_renewal_does_not_prolong_the_new_holders_lease<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let (event, stale) = scene.taken_over_by(&scene.attempt()?).await?;
    scene.pass(LEASE - 1).await;
    same(scene.renew(&event, &stale).await?, RenewOutcome::Lost)?;
    scene.pass(2).await;
    same(scene.claim(&event, &scene.attempt()?).await?, reclaimed(3))
}

pub(super) async fn an_unknown_event_cannot_be_renewed<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let event = event();
    same(scene.renew(&event, &scene.attempt()?).await?, RenewOutcome::Lost)?;
    scene.is_unknown(&event).await
}

pub(super) async fn a_failed_event_cannot_be_renewed<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let attempt = scene.attempt()?;
    let event = scene.failed_by(&attempt).await?;
    same(scene.renew(&event, &attempt).await?, RenewOutcome::Lost)?;
    same(scene.claim(&event, &scene.attempt()?).await?, granted(2))
}

pub(super) async fn a_done_event_cannot_be_renewed<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let attempt = scene.attempt()?;
    let event = scene.done_by(&attempt).await?;
    same(scene.renew(&event, &attempt).await?, RenewOutcome::Lost)?;
    scene.is_done(&event).await
}
