//! Stores that are unavailable or full, and an event whose attempts all crash.

use countersign_core::{OutagePolicy, Verified};

use super::adapter::HttpEndpoint;
use super::context::{TestContext, TestResult};
use super::endpoint::{event, plain, plain_verifier};
use super::store::TestStore;

pub(super) async fn an_unavailable_store_is_answered_503_and_nothing_is_handled(
    scene: &TestContext<'_>,
) -> TestResult {
    let server = scene.open(plain()?).await;
    server.store.goes_away();
    let delivery = event("1")?;
    server.deliver(&delivery).await?.is_given(503, "store_unavailable", Some("1"))?;
    server.has_called(0)?;
    server.store.comes_back();
    server.deliver(&delivery).await?.is_handled(&delivery.body)?;
    server.has_called(1)
}

pub(super) async fn a_full_store_is_answered_503_until_it_has_capacity(
    scene: &TestContext<'_>,
) -> TestResult {
    let store = TestStore::with_capacity(1);
    let server = scene.open(HttpEndpoint::with_store(plain_verifier()?, store)).await;
    let other = server.store.hold(&server.proof(&event("other")?)?).await?;
    let delivery = event("1")?;
    server.deliver(&delivery).await?.is_given(503, "store_full", Some("1"))?;
    server.has_called(0)?;
    server.store.settle(other).await?;
    server.deliver(&delivery).await?.is_handled(&delivery.body)?;
    server.has_called(1)
}

pub(super) async fn deliveries_are_handled_during_an_outage_if_the_policy_falls_back(
    scene: &TestContext<'_>,
) -> TestResult {
    let delivery = event("1")?;
    for policy in [OutagePolicy::LocalFallback, OutagePolicy::FailOpen] {
        let endpoint = plain()?.with_receiver(|receiver| receiver.with_outage_policy(policy));
        let server = scene.open(endpoint).await;
        server.store.goes_away();
        server.deliver(&delivery).await?.is_handled(&delivery.body)?;
        let repeat = server.deliver(&delivery).await?;
        if policy == OutagePolicy::FailOpen {
            repeat.is_handled(&delivery.body)?;
        } else {
            repeat.is_duplicate()?;
        }
    }
    Ok(())
}

pub(super) async fn an_event_with_too_many_crashed_attempts_is_not_handled_again(
    scene: &TestContext<'_>,
) -> TestResult {
    let server = scene.open(plain()?).await;
    let delivery = event("1")?;
    server.store.crash(&server.proof(&delivery)?, ATTEMPTS).await?;
    server.deliver(&delivery).await?.is_given(503, "exhausted", Some("30"))?;
    server.has_called(0)
}

pub(super) async fn an_event_with_too_many_crashed_attempts_becomes_a_dead_letter(
    scene: &TestContext<'_>,
) -> TestResult {
    let endpoint =
        plain()?.with_receiver(|receiver| receiver.with_dead_letters(|_: &Verified| Ok(())));
    let server = scene.open(endpoint).await;
    let delivery = event("1")?;
    server.store.crash(&server.proof(&delivery)?, ATTEMPTS).await?;
    server.deliver(&delivery).await?.is_rejected(200, "exhausted")?;
    server.deliver(&delivery).await?.is_duplicate()?;
    server.has_called(0)
}

pub(super) async fn a_success_that_cannot_be_recorded_is_answered_as_a_success(
    scene: &TestContext<'_>,
) -> TestResult {
    let server = scene.open(plain()?).await;
    server.store.forgets_to_write();
    let delivery = event("1")?;
    server.deliver(&delivery).await?.is_handled(&delivery.body)?;
    server.has_called(1)
}

/// After this number of crashes an event is not granted again.
const ATTEMPTS: usize = 5;
