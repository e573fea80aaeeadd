//! The limit of a body's size, to the byte.

use countersign_core::BufferBudget;

use super::adapter::HttpEndpoint;
use super::context::{Failure, TestContext, TestResult};
use super::endpoint::{plain_delivery, plain_verifier};
use super::request::{Framing, Request};

pub(super) async fn a_body_of_a_known_length_is_handled_up_to_the_limit(
    scene: &TestContext<'_>,
) -> TestResult {
    around_the_limit(scene, |delivery| delivery).await
}

pub(super) async fn a_body_in_chunks_is_handled_up_to_the_limit(
    scene: &TestContext<'_>,
) -> TestResult {
    around_the_limit(scene, |delivery| delivery.with_framing(Framing::Chunked(7, ""))).await?;
    around_the_limit(scene, |delivery| delivery.with_framing(Framing::Chunked(LIMIT, ""))).await
}

async fn around_the_limit(scene: &TestContext<'_>, framed: fn(Request) -> Request) -> TestResult {
    let server = scene.open(limited()?).await;
    for length in [LIMIT - 1, LIMIT] {
        let delivery = framed(of_length(length)?);
        server.deliver(&delivery).await?.is_handled(&delivery.body)?;
    }
    let too_large = framed(of_length(LIMIT + 1)?);
    server.deliver(&too_large).await?.is_rejected(413, "body_too_large")?;
    server.has_called(2)
}

pub(super) async fn a_body_over_http_2_is_handled_up_to_the_limit(
    scene: &TestContext<'_>,
) -> TestResult {
    let server = scene.open(limited()?).await;
    let mut known = 0;
    for framing in [Framing::Length, Framing::Chunked(7, "")] {
        for length in [LIMIT - 1, LIMIT, LIMIT + 1] {
            // A separate event.
            known += 1;
            let body = [format!("{known}").as_bytes(), &vec![b'x'; length - 1]].concat();
            let delivery = plain_delivery(body)?.with_framing(framing.clone());
            let answer = server.http2().await?.ask_in_pieces(&delivery, 400).await?;
            server.record(&answer);
            if length > LIMIT {
                answer.is_rejected(413, "body_too_large")?;
            } else {
                answer.is_handled(&delivery.body)?;
            }
        }
    }
    server.has_called(4)
}

pub(super) async fn a_length_over_the_limit_is_rejected_before_the_body_is_sent(
    scene: &TestContext<'_>,
) -> TestResult {
    let server = scene.open(limited()?).await;
    for announced in [LIMIT as u64 + 1, 1 << 40] {
        let delivery = of_length(LIMIT)?.with_framing(Framing::Announced(announced));
        let mut connection = server.connect().await?;
        connection.send(delivery.wire_head()).await?;
        server.answer_on(&mut connection).await?.is_rejected(413, "body_too_large")?;
    }
    server.has_done_nothing()
}

pub(super) async fn a_body_that_exceeds_the_shared_budget_is_answered_503(
    scene: &TestContext<'_>,
) -> TestResult {
    // A request takes 4 KiB of the budget before its body, and up to 8 KiB more
    // for its head: actix-web allocates space for 28 fields.
    let budget = BufferBudget::new(16 * 1024);
    let verifier = plain_verifier()?.with_buffer_budget(budget);
    let server = scene.open(HttpEndpoint::of(verifier)).await;
    for framing in [Framing::Length, Framing::Chunked(LIMIT, "")] {
        let too_much = of_length(14 * 1024)?.with_framing(framing);
        server.deliver(&too_much).await?.is_given(503, "busy", Some("1"))?;
    }
    server.has_done_nothing()?;
    // The memory that was reserved for them is available again.
    let fits = of_length(LIMIT)?;
    server.deliver(&fits).await?.is_handled(&fits.body)?;
    server.has_called(1)
}

fn limited() -> Result<HttpEndpoint, Failure> {
    Ok(HttpEndpoint::of(plain_verifier()?.with_body_limit(LIMIT)))
}

fn of_length(length: usize) -> Result<Request, Failure> {
    plain_delivery(vec![b'x'; length])
}

const LIMIT: usize = 1000;
