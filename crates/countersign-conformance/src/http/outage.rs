//! Stores that are unavailable or full, and an event whose attempts all crash.

use countersign_core::{OutagePolicy, Verified};

use super::door::HttpEndpoint;
use super::endpoint::{event, plain, plain_verifier};
use super::scene::{Checked, Scene};
use super::store::DoorStore;

pub(super) async fn a_store_that_is_away_is_answered_503_and_nothing_is_handled(
    scene: &Scene<'_>,
) -> Checked {
    let door = scene.open(plain()?).await;
    door.store.goes_away();
    let delivery = event("1")?;
    door.deliver(&delivery).await?.is_given(503, "store_unavailable", Some("1"))?;
    door.has_called(0)?;
    door.store.comes_back();
    door.deliver(&delivery).await?.is_handled(&delivery.body)?;
    door.has_called(1)
}

pub(super) async fn a_store_that_is_full_is_answered_503_until_there_is_room(
    scene: &Scene<'_>,
) -> Checked {
    let store = DoorStore::with_capacity(1);
    let door = scene.open(HttpEndpoint::with_store(plain_verifier()?, store)).await;
    let other = door.store.hold(&door.proof(&event("other")?)?).await?;
    let delivery = event("1")?;
    door.deliver(&delivery).await?.is_given(503, "store_full", Some("1"))?;
    door.has_called(0)?;
    door.store.settle(other).await?;
    door.deliver(&delivery).await?.is_handled(&delivery.body)?;
    door.has_called(1)
}

pub(super) async fn a_door_that_falls_back_goes_on_while_the_store_is_away(
    scene: &Scene<'_>,
) -> Checked {
    let delivery = event("1")?;
    for policy in [OutagePolicy::LocalFallback, OutagePolicy::FailOpen] {
        let endpoint = plain()?.with_receiver(|receiver| receiver.with_outage_policy(policy));
        let door = scene.open(endpoint).await;
        door.store.goes_away();
        door.deliver(&delivery).await?.is_handled(&delivery.body)?;
        let repeat = door.deliver(&delivery).await?;
        if policy == OutagePolicy::FailOpen {
            repeat.is_handled(&delivery.body)?;
        } else {
            repeat.is_duplicate()?;
        }
    }
    Ok(())
}

pub(super) async fn an_event_that_attempts_have_died_of_is_not_handled_again(
    scene: &Scene<'_>,
) -> Checked {
    let door = scene.open(plain()?).await;
    let delivery = event("1")?;
    door.store.crash(&door.proof(&delivery)?, ATTEMPTS).await?;
    door.deliver(&delivery).await?.is_given(503, "exhausted", Some("30"))?;
    door.has_called(0)
}

pub(super) async fn an_event_that_attempts_have_died_of_is_handed_over_as_a_dead_letter(
    scene: &Scene<'_>,
) -> Checked {
    let endpoint =
        plain()?.with_receiver(|receiver| receiver.with_dead_letters(|_: &Verified| Ok(())));
    let door = scene.open(endpoint).await;
    let delivery = event("1")?;
    door.store.crash(&door.proof(&delivery)?, ATTEMPTS).await?;
    door.deliver(&delivery).await?.is_refused(200, "exhausted")?;
    door.deliver(&delivery).await?.is_duplicate()?;
    door.has_called(0)
}

pub(super) async fn a_success_that_cannot_be_recorded_is_answered_as_one(
    scene: &Scene<'_>,
) -> Checked {
    let door = scene.open(plain()?).await;
    door.store.forgets_to_write();
    let delivery = event("1")?;
    door.deliver(&delivery).await?.is_handled(&delivery.body)?;
    door.has_called(1)
}

/// After this number of crashes an event is not granted again.
const ATTEMPTS: usize = 5;
