//! Senders that do not wait for their answer.

use super::endpoint::{SIGNATURE, event, plain};
use super::scene::{Checked, Scene};
use super::script::Act;

pub(super) async fn a_sender_that_leaves_does_not_stop_the_handler(scene: &Scene<'_>) -> Checked {
    let door = scene.open(plain()?.with_script([Act::Wait])).await;
    let delivery = event("1")?;
    let mut sender = door.connect().await?;
    sender.send(delivery.wire()).await?;
    door.script.begun(1).await;
    sender.reset()?;
    door.lets_things_settle().await?;

    door.script.release();
    door.script.finished(1).await?;
    door.deliver(&delivery).await?.is_duplicate()?;
    door.has_called(1)
}

pub(super) async fn a_sender_that_takes_its_delivery_back_over_http_2_does_not_stop_the_handler(
    scene: &Scene<'_>,
) -> Checked {
    let door = scene.open(plain()?.with_script([Act::Wait])).await;
    let delivery = event("1")?;
    let mut connection = door.http2().await?;
    let mut sending = connection.begin(&delivery)?;
    sending.send(&delivery.body).await?;
    sending.end();
    door.script.begun(1).await;
    sending.cancel().await;
    // Later requests on the same connection are read after the reset. A server on one thread has
    // dropped the cancelled request before it answers the first of them, for it was woken before;
    // one on several threads has some more turns to do so.
    let unsigned = event("1")?.without_header(SIGNATURE);
    for _ in 0..TURNS {
        connection.ask(&unsigned).await?.is_refused(401, "missing_signature")?;
    }

    door.script.release();
    door.script.finished(1).await?;
    door.deliver(&delivery).await?.is_duplicate()?;
    door.has_called(1)
}

const TURNS: usize = 20;
