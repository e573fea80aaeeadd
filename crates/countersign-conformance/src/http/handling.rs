//! Valid deliveries.

use super::adapter::HttpEndpoint;
use super::context::{TestContext, TestResult, same};
use super::endpoint::{event, plain, plain_delivery, plain_verifier};
use super::request::Framing;
use super::script::{Act, HandlerAnswer};

pub(super) async fn the_handlers_response_reaches_the_sender(
    scene: &TestContext<'_>,
) -> TestResult {
    let answer = HandlerAnswer {
        status: 202,
        headers: vec![("content-type", "text/plain"), ("x-own", "one"), ("x-own", "two")],
        body: "in its own words".into(),
    };
    let server = scene.open(plain()?.with_script([Act::Answer(answer.clone())])).await;
    server.deliver(&event("1")?).await?.is_of_handler(&answer)?;
    server.has_called(1)
}

pub(super) async fn the_handler_gets_the_body_byte_for_byte(scene: &TestContext<'_>) -> TestResult {
    let every_byte: Vec<u8> = (0..=255).chain((0..=255).rev()).collect();
    let bodies: [&[u8]; 8] = [
        b"",
        b"\0",
        b"\xff\xfe\0\xc3(",
        b"\xef\xbb\xbf{}",
        b" \r\n\t{ \"id\" : \"1\" }\r\n",
        br#"{"id":"1","id":"2","big":12345678901234567890.10}"#,
        "\u{feff}ä\u{1F600}".as_bytes(),
        &every_byte,
    ];
    let server = scene.open(plain()?).await;
    for (number, body) in bodies.into_iter().enumerate() {
        server.deliver(&plain_delivery(body)?).await?.is_handled(body)?;
        let call = server.script.calls().pop();
        same(&call.map(|call| call.body), &Some(body.to_vec()))?;
        server.has_called(number + 1)?;
    }
    Ok(())
}

pub(super) async fn a_large_body_arrives_whole(scene: &TestContext<'_>) -> TestResult {
    let body: Vec<u8> = (0..1_500_000_u32).map(|at| at.wrapping_mul(31).to_le_bytes()[1]).collect();
    let verifier = plain_verifier()?.with_body_limit(body.len());
    let server = scene.open(HttpEndpoint::of(verifier)).await;
    let delivery = plain_delivery(body.clone())?;
    server.deliver(&delivery).await?.is_handled(&body)?;
    let other = [&body[..], b"!"].concat();
    let chunked = plain_delivery(&other[1..])?.with_framing(Framing::Chunked(65_536, ""));
    server.deliver(&chunked).await?.is_handled(&other[1..])?;
    server.has_called(2)
}

pub(super) async fn a_connection_carries_one_delivery_after_another(
    scene: &TestContext<'_>,
) -> TestResult {
    let server = scene.open(plain()?).await;
    let mut connection = server.connect().await?;
    for id in ["1", "2", "3"] {
        let delivery = event(id)?;
        connection.send(delivery.wire()).await?;
        server.answer_on(&mut connection).await?.is_handled(&delivery.body)?;
    }
    server.has_called(3)
}

pub(super) async fn a_connection_is_reused_after_a_rejection(
    scene: &TestContext<'_>,
) -> TestResult {
    let server = scene.open(plain()?).await;
    let mut connection = server.connect().await?;
    let delivery = event("1")?;
    connection.send(delivery.clone().with_body(r#"{"id":"2"}"#).wire()).await?;
    server.answer_on(&mut connection).await?.is_rejected(401, "signature_mismatch")?;
    connection.send(delivery.wire()).await?;
    server.answer_on(&mut connection).await?.is_handled(&delivery.body)?;
    server.has_called(1)
}

pub(super) async fn pipelined_deliveries_are_answered_in_order(
    scene: &TestContext<'_>,
) -> TestResult {
    let server = scene.open(plain()?).await;
    let mut connection = server.connect().await?;
    let deliveries = [event("1")?, event("2")?];
    connection.send([deliveries[0].wire(), deliveries[1].wire()].concat()).await?;
    for delivery in deliveries {
        server.answer_on(&mut connection).await?.is_handled(&delivery.body)?;
    }
    server.has_called(2)
}
