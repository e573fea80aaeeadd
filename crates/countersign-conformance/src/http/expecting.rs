//! `Expect: 100-continue`: senders that wait for permission before they send
//! the body.

use super::adapter::HttpEndpoint;
use super::context::{Failure, TestContext, TestResult, same};
use super::endpoint::{SIGNATURE, event, plain, plain_delivery, plain_verifier};
use super::request::Request;

pub(super) async fn a_client_that_expects_100_continue_is_rejected_for_its_headers_without_a_100(
    scene: &TestContext<'_>,
) -> TestResult {
    let server = scene.open(plain()?).await;
    let mut connection = server.connect().await?;
    connection.send(asking(event("1")?.without_header(SIGNATURE)).wire_head()).await?;
    server.answer_on(&mut connection).await?.is_rejected(401, "missing_signature")?;
    server.has_done_nothing()
}

pub(super) async fn a_client_that_expects_100_continue_gets_it_if_its_headers_are_valid(
    scene: &TestContext<'_>,
) -> TestResult {
    let server = scene.open(plain()?).await;
    let delivery = asking(event("1")?);
    let mut connection = server.connect().await?;
    connection.send(delivery.wire_head()).await?;
    let interim = server.answer_on(&mut connection).await?;
    same(&interim.status, &100)?;
    connection.send(delivery.wire_body()).await?;
    server.answer_on(&mut connection).await?.is_handled(&delivery.body)?;
    server.has_called(1)
}

pub(super) async fn a_client_that_expects_100_continue_gets_413_for_a_too_large_body(
    scene: &TestContext<'_>,
) -> TestResult {
    let server = scene.open(HttpEndpoint::of(limited()?)).await;
    let mut connection = server.connect().await?;
    connection.send(asking(plain_delivery(vec![b'x'; 11])?).wire_head()).await?;
    server.answer_on(&mut connection).await?.is_rejected(413, "body_too_large")?;
    server.has_done_nothing()
}

fn limited() -> Result<countersign_core::Verifier, Failure> {
    Ok(plain_verifier()?.with_body_limit(10))
}

fn asking(request: Request) -> Request {
    request.with_header("Expect", "100-continue")
}
