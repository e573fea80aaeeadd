//! The same over HTTP/2.

use super::context::{TestContext, TestResult};
use super::endpoint::{SIGNATURE, event, plain, plain_delivery};
use super::request::Framing;

pub(super) async fn a_delivery_over_http_2_is_handled(scene: &TestContext<'_>) -> TestResult {
    let server = scene.open(plain()?).await;
    let mut connection = server.http2().await?;
    for (framing, id) in [(Framing::Length, "1"), (Framing::Chunked(4, ""), "2")] {
        let delivery = event(id)?.with_framing(framing);
        let answer = connection.ask(&delivery).await?;
        server.record(&answer);
        answer.is_handled(&delivery.body)?;
    }
    server.has_called(2)
}

pub(super) async fn a_body_in_many_frames_is_handled(scene: &TestContext<'_>) -> TestResult {
    let server = scene.open(plain()?).await;
    let body: Vec<u8> = (0..=255).collect();
    let answer = server.http2().await?.ask_in_pieces(&plain_delivery(&body[..])?, 1).await?;
    server.record(&answer);
    answer.is_handled(&body)?;
    server.has_called(1)
}

pub(super) async fn a_rejection_over_http_2_is_only_a_status(
    scene: &TestContext<'_>,
) -> TestResult {
    let server = scene.open(plain()?).await;
    let unsigned = event("1")?.without_header(SIGNATURE);
    server.deliver_by_http2(&unsigned).await?.is_rejected(401, "missing_signature")?;
    let tampered = event("1")?.with_body(r#"{"id":"2"}"#);
    server.deliver_by_http2(&tampered).await?.is_rejected(401, "signature_mismatch")?;
    let repeated = event("1")?.and_header(SIGNATURE, "00");
    server.deliver_by_http2(&repeated).await?.is_rejected(400, "repeated_header")?;
    server.has_done_nothing()
}

pub(super) async fn a_delivery_whose_http_2_stream_is_reset_is_not_handled(
    scene: &TestContext<'_>,
) -> TestResult {
    let server = scene.open(plain()?).await;
    let mut connection = server.http2().await?;
    let delivery = event("1")?.with_framing(Framing::Chunked(4, ""));
    let mut sending = connection.begin(&delivery)?;
    // The whole body, without its end.
    sending.send(&delivery.body).await?;
    sending.cancel().await;
    // A later request on the same connection is answered after the
    // cancellation.
    let unsigned = event("1")?.without_header(SIGNATURE);
    connection.ask(&unsigned).await?.is_rejected(401, "missing_signature")?;
    server.has_done_nothing()?;
    let answer = connection.ask(&delivery).await?;
    server.record(&answer);
    answer.is_handled(&delivery.body)
}
