//! Handlers that fail.

use std::time::Duration;

use super::endpoint::{event, plain};
use super::scene::{Checked, Scene, same};
use super::script::{Act, HandlerAnswer};

pub(super) async fn a_failing_handlers_own_answer_reaches_the_sender_and_gives_the_event_back(
    scene: &Scene<'_>,
) -> Checked {
    for status in [500, 503, 404, 422, 302] {
        let answer = HandlerAnswer::new(status, "in its own words");
        let door = scene.open(plain()?.with_script([Act::Answer(answer.clone())])).await;
        let delivery = event("1")?;
        door.deliver(&delivery).await?.is_of_handler(&answer)?;
        door.deliver(&delivery).await?.is_handled(&delivery.body)?;
        door.deliver(&delivery).await?.is_duplicate()?;
        door.has_called(2)?;
        let attempts: Vec<_> = door.script.calls().iter().map(|call| call.attempt).collect();
        same(&attempts, &[Some(1), Some(2)])?;
    }
    Ok(())
}

pub(super) async fn a_panicking_handler_is_answered_500_and_gives_the_event_back(
    scene: &Scene<'_>,
) -> Checked {
    let door = scene.open(plain()?.with_script([Act::Panic])).await;
    let delivery = event("1")?;
    door.deliver(&delivery).await?.is_refused(500, "handler_failed")?;
    door.deliver(&delivery).await?.is_handled(&delivery.body)?;
    door.deliver(&delivery).await?.is_duplicate()?;
    door.has_called(2)
}

pub(super) async fn a_handler_past_its_deadline_is_answered_503_and_still_finishes_its_event(
    scene: &Scene<'_>,
) -> Checked {
    let endpoint = plain()?.with_script([Act::Wait]);
    let hasty = endpoint.with_receiver(|receiver| receiver.with_ack_deadline(ACK_DEADLINE));
    let door = scene.open(hasty).await;
    let delivery = event("1")?;
    door.deliver(&delivery).await?.is_given(503, "handler_timeout", Some("1"))?;

    door.script.release();
    door.script.finished(1).await?;
    door.deliver(&delivery).await?.is_duplicate()?;
    door.has_called(1)
}

/// The response is sent a tenth of this time before it ends.
const ACK_DEADLINE: Duration = Duration::from_secs(1);
