//! `Expect: 100-continue`: senders that wait for permission before they send
//! the body.

use super::door::HttpEndpoint;
use super::endpoint::{SIGNATURE, event, plain, plain_delivery, plain_verifier};
use super::request::Request;
use super::scene::{Checked, Scene, Wrong, same};

pub(super) async fn whoever_asks_first_is_refused_without_being_told_to_go_on(
    scene: &Scene<'_>,
) -> Checked {
    let door = scene.open(plain()?).await;
    let mut connection = door.connect().await?;
    connection.send(asking(event("1")?.without_header(SIGNATURE)).wire_head()).await?;
    door.answer_on(&mut connection).await?.is_refused(401, "missing_signature")?;
    door.has_done_nothing()
}

pub(super) async fn whoever_asks_first_is_told_to_go_on_where_the_head_is_in_order(
    scene: &Scene<'_>,
) -> Checked {
    let door = scene.open(plain()?).await;
    let delivery = asking(event("1")?);
    let mut connection = door.connect().await?;
    connection.send(delivery.wire_head()).await?;
    let interim = door.answer_on(&mut connection).await?;
    same(&interim.status, &100)?;
    connection.send(delivery.wire_body()).await?;
    door.answer_on(&mut connection).await?.is_handled(&delivery.body)?;
    door.has_called(1)
}

pub(super) async fn whoever_asks_first_is_told_that_the_body_is_too_large(
    scene: &Scene<'_>,
) -> Checked {
    let door = scene.open(HttpEndpoint::of(limited()?)).await;
    let mut connection = door.connect().await?;
    connection.send(asking(plain_delivery(vec![b'x'; 11])?).wire_head()).await?;
    door.answer_on(&mut connection).await?.is_refused(413, "body_too_large")?;
    door.has_done_nothing()
}

fn limited() -> Result<countersign_core::Verifier, Wrong> {
    Ok(plain_verifier()?.with_body_limit(10))
}

fn asking(request: Request) -> Request {
    request.with_header("Expect", "100-continue")
}
