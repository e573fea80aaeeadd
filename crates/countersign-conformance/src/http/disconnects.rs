//! Clients that disconnect before the response.

use super::context::{TestContext, TestResult};
use super::endpoint::{SIGNATURE, event, plain};
use super::script::Act;

pub(super) async fn a_sender_that_disconnects_does_not_stop_the_handler(
    scene: &TestContext<'_>,
) -> TestResult {
    let server = scene.open(plain()?.with_script([Act::Wait])).await;
    let delivery = event("1")?;
    let mut sender = server.connect().await?;
    sender.send(delivery.wire()).await?;
    server.script.begun(1).await;
    sender.reset()?;
    server.lets_things_settle().await?;

    server.script.release();
    server.script.finished(1).await?;
    server.deliver(&delivery).await?.is_duplicate()?;
    server.has_called(1)
}

pub(super) async fn a_stream_reset_over_http_2_does_not_stop_the_handler(
    scene: &TestContext<'_>,
) -> TestResult {
    let server = scene.open(plain()?.with_script([Act::Wait])).await;
    let delivery = event("1")?;
    let mut connection = server.http2().await?;
    let mut sending = connection.begin(&delivery)?;
    sending.send(&delivery.body).await?;
    sending.end();
    server.script.begun(1).await;
    sending.cancel().await;
    // The server reads later requests on the same connection after the reset. A single-threaded
    // server drops the cancelled request before it responds to the first of them, because its
    // task was woken earlier. A multi-threaded one gets several more requests to do so.
    let unsigned = event("1")?.without_header(SIGNATURE);
    for _ in 0..TURNS {
        connection.ask(&unsigned).await?.is_rejected(401, "missing_signature")?;
    }

    server.script.release();
    server.script.finished(1).await?;
    server.deliver(&delivery).await?.is_duplicate()?;
    server.has_called(1)
}

const TURNS: usize = 20;
