//! Bodies in chunks, in single bytes, and without an end.

use super::context::{TestContext, TestResult};
use super::endpoint::{event, plain};
use super::request::Framing;

pub(super) async fn a_body_in_chunks_is_handled(scene: &TestContext<'_>) -> TestResult {
    let server = scene.open(plain()?).await;
    for (size, id) in [(1, "1"), (3, "2"), (1000, "3")] {
        let delivery = event(id)?.with_framing(Framing::Chunked(size, ""));
        server.deliver(&delivery).await?.is_handled(&delivery.body)?;
    }
    server.has_called(3)
}

pub(super) async fn a_body_in_single_bytes_is_handled(scene: &TestContext<'_>) -> TestResult {
    let server = scene.open(plain()?).await;
    for (framing, id) in [(Framing::Length, "1"), (Framing::Chunked(1, ""), "2")] {
        let delivery = event(id)?.with_framing(framing);
        let mut connection = server.connect().await?;
        connection.send(delivery.wire_head()).await?;
        connection.send_one_by_one(&delivery.wire_body()).await;
        server.answer_on(&mut connection).await?.is_handled(&delivery.body)?;
    }
    server.has_called(2)
}

pub(super) async fn trailers_are_dropped(scene: &TestContext<'_>) -> TestResult {
    let server = scene.open(plain()?).await;
    let trailers = "X-Trailer: 1\r\nX-Signature: 00\r\n";
    let delivery = event("1")?.with_framing(Framing::Chunked(4, trailers));
    let delivery = delivery.with_header("Trailer", "X-Trailer, X-Signature");
    server.deliver(&delivery).await?.is_handled(&delivery.body)?;
    server.has_called(1)
}

pub(super) async fn a_malformed_chunk_is_rejected(scene: &TestContext<'_>) -> TestResult {
    let server = scene.open(plain()?).await;
    let delivery = event("1")?.with_framing(Framing::Chunked(4, ""));
    let mut connection = server.connect().await?;
    connection.send(delivery.wire_head()).await?;
    connection.send("4\r\n{\"id\r\nnonsense\r\n").await?;
    server.answer_on(&mut connection).await?.is_rejected(400, "body_incomplete")?;
    server.has_done_nothing()
}

pub(super) async fn a_body_that_stops_halfway_is_rejected(scene: &TestContext<'_>) -> TestResult {
    let server = scene.open(plain()?).await;
    for framing in [Framing::Length, Framing::Chunked(2, "")] {
        let delivery = event("1")?.with_framing(framing);
        let body = delivery.wire_body();
        let mut connection = server.connect().await?;
        connection.send(delivery.wire_head()).await?;
        connection.send(&body[..body.len() / 2]).await?;
        connection.half_close().await?;
        server.answer_on(&mut connection).await?.is_rejected(400, "body_incomplete")?;
    }
    server.has_done_nothing()
}

pub(super) async fn a_body_whose_sender_disconnects_is_not_handled(
    scene: &TestContext<'_>,
) -> TestResult {
    let server = scene.open(plain()?).await;
    for framing in [Framing::Length, Framing::Chunked(2, "")] {
        let delivery = event("1")?.with_framing(framing);
        // The whole request except its last byte.
        let wire = delivery.wire();
        let mut connection = server.connect().await?;
        connection.send(&wire[..wire.len() - 1]).await?;
        server.lets_things_settle().await?;
        connection.reset()?;
        server.lets_things_settle().await?;
    }
    server.has_done_nothing()?;
    let whole = event("1")?;
    server.deliver(&whole).await?.is_handled(&whole.body)
}
