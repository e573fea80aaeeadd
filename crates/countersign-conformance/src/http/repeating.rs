//! One event, several deliveries.

use std::time::Duration;

use super::adapter::HttpEndpoint;
use super::context::{Failure, TestContext, TestResult, same};
use super::endpoint::{event, plain, plain_delivery};
use super::script::Act;

pub(super) async fn a_duplicate_of_a_handled_event_is_answered_200_without_a_body(
    scene: &TestContext<'_>,
) -> TestResult {
    let server = scene.open(plain()?).await;
    let delivery = event("1")?;
    server.deliver(&delivery).await?.is_handled(&delivery.body)?;
    for _ in 0..2 {
        server.deliver(&delivery).await?.is_duplicate()?;
    }
    let other = event("2")?;
    server.deliver(&other).await?.is_handled(&other.body)?;
    server.has_called(2)
}

pub(super) async fn another_body_with_the_same_id_is_a_duplicate(
    scene: &TestContext<'_>,
) -> TestResult {
    let server = scene.open(plain()?).await;
    let delivery = event("1")?;
    server.deliver(&delivery).await?.is_handled(&delivery.body)?;
    let other = plain_delivery(r#"{"id":"1","amount":2}"#)?;
    server.deliver(&other).await?.is_duplicate()?;
    server.has_called(1)
}

pub(super) async fn a_duplicate_of_an_event_in_flight_waits_and_is_then_answered_503(
    scene: &TestContext<'_>,
) -> TestResult {
    let server = scene.open(waiting(ACK_DEADLINE)?).await;
    let delivery = event("1")?;
    let mut first = server.connect().await?;
    first.send(delivery.wire()).await?;
    server.script.begun(1).await;
    // The lease lasts for 30 s, but the handler may finish at any moment.
    server.deliver(&delivery).await?.is_given(503, "in_flight", Some("5"))?;

    server.script.release();
    server.answer_on(&mut first).await?.is_handled(&delivery.body)?;
    server.deliver(&delivery).await?.is_duplicate()?;
    server.has_called(1)
}

pub(super) async fn a_waiting_duplicate_is_answered_once_the_event_is_handled(
    scene: &TestContext<'_>,
) -> TestResult {
    let deadline = 10 * ACK_DEADLINE;
    let endpoint = plain()?.with_receiver(move |receiver| receiver.with_ack_deadline(deadline));
    let server = scene.open(endpoint).await;
    let delivery = event("1")?;
    // In another process: so the adapter calls the store while it waits.
    let elsewhere = server.store.hold(&server.proof(&delivery)?).await?;
    let asked = server.store.asked();
    let mut repeat = server.connect().await?;
    repeat.send(delivery.wire()).await?;
    server.store.is_asked_again(asked).await;

    server.store.settle(elsewhere).await?;
    server.answer_on(&mut repeat).await?.is_duplicate()?;
    server.has_called(0)
}

pub(super) async fn of_many_simultaneous_duplicates_one_is_handled(
    scene: &TestContext<'_>,
) -> TestResult {
    let server = scene.open(plain()?).await;
    let delivery = event("1")?;
    let mut connections = Vec::new();
    for _ in 0..16 {
        connections.push(server.connect().await?);
    }
    for connection in &mut connections {
        connection.send(delivery.wire()).await?;
    }
    let mut handled = 0;
    for connection in &mut connections {
        let answer = connection.answer().await?;
        if answer.is_the_handlers() {
            handled += 1;
            answer.is_handled(&delivery.body)?;
        } else if answer.code.as_deref() == Some("in_flight") {
            // Only a few copies wait for the handler.
            answer.is_given(503, "in_flight", Some("5"))?;
        } else {
            answer.is_duplicate()?;
        }
    }
    same(&handled, &1)?;
    server.has_called(1)
}

pub(super) async fn a_redelivery_over_another_http_version_is_a_duplicate(
    scene: &TestContext<'_>,
) -> TestResult {
    let server = scene.open(plain()?).await;
    let delivery = event("1")?;
    server.deliver_by_http2(&delivery).await?.is_handled(&delivery.body)?;
    server.deliver(&delivery).await?.is_duplicate()?;
    server.deliver_by_http2(&delivery).await?.is_duplicate()?;
    server.has_called(1)
}

/// An endpoint whose handler waits at its first call.
fn waiting(ack_deadline: Duration) -> Result<HttpEndpoint, Failure> {
    let endpoint = plain()?.with_script([Act::Wait]);
    Ok(endpoint.with_receiver(move |receiver| receiver.with_ack_deadline(ack_deadline)))
}

/// A duplicate waits for a third of this time. The first handler is released
/// after that.
const ACK_DEADLINE: Duration = Duration::from_secs(6);
