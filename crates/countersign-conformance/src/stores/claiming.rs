//! `claim`, and the lease.

use std::future::{Future, poll_fn};
use std::task::Poll;
use std::time::Duration;

use countersign_core::{IdempotencyStore, RenewOutcome};

use super::StoreUnderTest;
use super::context::{
    LEASE, TestContext, TestResult, event, granted, in_flight, reclaimed, same, wrong,
};
use countersign_testing::SampleDelivery;

pub(super) async fn an_unknown_event_is_granted_as_its_first_attempt<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    same(scene.claim(&event(), &scene.attempt()?).await?, granted(1))
}

pub(super) async fn a_repeated_claim_of_an_attempt_returns_the_same_grant<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let attempt = scene.attempt()?;
    let event = scene.held_by(&attempt).await?;
    same(scene.claim(&event, &attempt).await?, granted(1))?;

    let second = scene.attempt()?;
    scene.lapse().await;
    same(scene.claim(&event, &second).await?, reclaimed(2))?;
    same(scene.claim(&event, &second).await?, reclaimed(2))
}

pub(super) async fn a_repeated_claim_restarts_the_lease<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let attempt = scene.attempt()?;
    let event = scene.held_by(&attempt).await?;
    scene.pass(LEASE - 1).await;
    same(scene.claim(&event, &attempt).await?, granted(1))?;
    scene.pass(LEASE - 1).await;
    scene.is_in_flight(&event).await
}

pub(super) async fn a_claim_by_a_second_attempt_reports_the_event_in_flight<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let event = scene.held_by(&scene.attempt()?).await?;
    scene.is_in_flight(&event).await?;
    scene.pass(LEASE - 1).await;
    scene.is_in_flight(&event).await
}

pub(super) async fn in_flight_reports_the_remaining_lease<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let event = scene.held_by(&scene.attempt()?).await?;
    for passed in 0..2 {
        let retry_after = in_flight(scene.claim(&event, &scene.attempt()?).await?)?;
        let (least, most) = (scene.units(LEASE - passed - 1), scene.units(LEASE - passed));
        if retry_after < least || retry_after > most {
            return Err(wrong(&retry_after, &format!("the lease left, {least:?} to {most:?}")));
        }
        scene.pass(1).await;
    }
    Ok(())
}

pub(super) async fn a_rejected_claim_changes_nothing_for_the_holder<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let holder = scene.attempt()?;
    let event = scene.held_by(&holder).await?;
    scene.is_in_flight(&event).await?;
    scene.is_in_flight(&event).await?;
    same(scene.claim(&event, &holder).await?, granted(1))?;
    same(scene.renew(&event, &holder).await?, RenewOutcome::Renewed)
}

pub(super) async fn an_event_can_be_reclaimed_after_its_lease_expires<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let event = scene.held_by(&scene.attempt()?).await?;
    scene.lapse().await;
    same(scene.claim(&event, &scene.attempt()?).await?, reclaimed(2))
}

pub(super) async fn a_reclaiming_attempt_gets_a_new_lease<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let (event, _) = scene.taken_over_by(&scene.attempt()?).await?;
    scene.pass(LEASE - 1).await;
    scene.is_in_flight(&event).await?;
    scene.pass(2).await;
    same(scene.claim(&event, &scene.attempt()?).await?, reclaimed(3))
}

pub(super) async fn an_attempt_that_lost_the_event_cannot_claim_it_while_it_is_in_flight<
    U: StoreUnderTest,
>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let (event, stale) = scene.taken_over_by(&scene.attempt()?).await?;
    in_flight(scene.claim(&event, &stale).await?).map(drop)
}

pub(super) async fn an_attempt_past_its_lease_still_holds_the_event_if_it_was_not_reclaimed<
    U: StoreUnderTest,
>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let attempt = scene.attempt()?;
    let event = scene.held_by(&attempt).await?;
    scene.lapse().await;
    same(scene.claim(&event, &attempt).await?, granted(1))?;
    scene.is_in_flight(&event).await
}

pub(super) async fn a_repeated_claim_after_a_cancelled_call_returns_its_own_grant<
    U: StoreUnderTest,
>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let (event, attempt) = (event(), scene.attempt()?);
    let mut left = Box::pin(scene.store.claim(&event, &attempt));
    poll_fn(|context| {
        let _ = left.as_mut().poll(context);
        Poll::Ready(())
    })
    .await;
    drop(left);
    same(scene.claim(&event, &attempt).await?, granted(1))?;
    scene.is_in_flight(&event).await
}

pub(super) async fn a_lease_of_years_works<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let mut attempt = scene.attempt()?;
    (attempt.lease, attempt.retention) = (TEN_YEARS, TEN_YEARS);
    let event = scene.held_by(&attempt).await?;
    scene.lapse().await;
    let retry_after = in_flight(scene.claim(&event, &scene.attempt()?).await?)?;
    let least = TEN_YEARS.saturating_sub(scene.units(3 * LEASE));
    if retry_after < least || retry_after > TEN_YEARS {
        return Err(wrong(&retry_after, "ten years, less the elapsed time"));
    }
    Ok(())
}

/// A cache that evicts entries when it is full grants an event again.
pub(super) async fn none_of_10_000_claimed_events_is_granted_again<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let event = |i: u32| SampleDelivery::of(format!("event-{i}")).event_key();
    let mut holder = scene.attempt()?;
    (holder.lease, holder.retention) = (TEN_YEARS, TEN_YEARS);
    for i in 0..10_000 {
        same(scene.claim(&event(i), &holder).await?, granted(1))?;
    }
    for i in 0..10_000 {
        scene.is_in_flight(&event(i)).await?;
    }
    Ok(())
}

const TEN_YEARS: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);
