//! Handlers that fail.

use std::time::Duration;

use super::context::{TestContext, TestResult, same};
use super::endpoint::{event, plain};
use super::script::{Act, HandlerAnswer};

pub(super) async fn a_failing_handlers_response_reaches_the_sender_and_releases_the_event(
    scene: &TestContext<'_>,
) -> TestResult {
    for status in [500, 503, 404, 422, 302] {
        let answer = HandlerAnswer::new(status, "in its own words");
        let server = scene.open(plain()?.with_script([Act::Answer(answer.clone())])).await;
        let delivery = event("1")?;
        server.deliver(&delivery).await?.is_of_handler(&answer)?;
        server.deliver(&delivery).await?.is_handled(&delivery.body)?;
        server.deliver(&delivery).await?.is_duplicate()?;
        server.has_called(2)?;
        let attempts: Vec<_> = server.script.calls().iter().map(|call| call.attempt).collect();
        same(&attempts, &[Some(1), Some(2)])?;
    }
    Ok(())
}

pub(super) async fn a_panicking_handler_is_answered_500_and_releases_the_event(
    scene: &TestContext<'_>,
) -> TestResult {
    let server = scene.open(plain()?.with_script([Act::Panic])).await;
    let delivery = event("1")?;
    server.deliver(&delivery).await?.is_rejected(500, "handler_failed")?;
    server.deliver(&delivery).await?.is_handled(&delivery.body)?;
    server.deliver(&delivery).await?.is_duplicate()?;
    server.has_called(2)
}

pub(super) async fn a_handler_past_its_deadline_is_answered_503_and_still_completes_its_event(
    scene: &TestContext<'_>,
) -> TestResult {
    let endpoint = plain()?.with_script([Act::Wait]);
    let hasty = endpoint.with_receiver(|receiver| receiver.with_ack_deadline(ACK_DEADLINE));
    let server = scene.open(hasty).await;
    let delivery = event("1")?;
    server.deliver(&delivery).await?.is_given(503, "handler_timeout", Some("1"))?;

    server.script.release();
    server.script.finished(1).await?;
    server.deliver(&delivery).await?.is_duplicate()?;
    server.has_called(1)
}

/// The response is sent a tenth of this time before it ends.
const ACK_DEADLINE: Duration = Duration::from_secs(1);
