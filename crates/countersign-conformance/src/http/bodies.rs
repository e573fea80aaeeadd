//! Bodies that are encoded, already read, or slow.

use std::time::Duration;

use super::adapter::{HttpEndpoint, Upstream};
use super::context::{Failure, TestContext, TestResult};
use super::endpoint::{event, plain, plain_delivery, plain_verifier};
use super::request::Framing;

pub(super) async fn a_compressed_body_is_rejected_if_the_scheme_does_not_decode_bodies(
    scene: &TestContext<'_>,
) -> TestResult {
    let server = scene.open(plain()?).await;
    // Signed once as it is sent, and once as it decodes.
    for signed in [GZIP, PLAIN] {
        for encoding in ["gzip", "deflate", "br", "GZIP", "identity, gzip"] {
            let delivery = plain_delivery(signed)?.with_body(GZIP);
            let delivery = delivery.with_header("Content-Encoding", encoding);
            server.deliver(&delivery).await?.is_rejected(415, "unsupported_encoding")?;
        }
    }
    server.has_done_nothing()
}

pub(super) async fn a_compressed_body_without_a_content_encoding_is_passed_on_unchanged(
    scene: &TestContext<'_>,
) -> TestResult {
    let server = scene.open(plain()?).await;
    let delivery = plain_delivery(GZIP)?.with_header("Content-Type", "application/gzip");
    server.deliver(&delivery).await?.is_handled(GZIP)?;
    server.has_called(1)
}

pub(super) async fn a_body_that_was_already_read_is_rejected(
    scene: &TestContext<'_>,
) -> TestResult {
    let server = scene.open(plain()?.behind(Upstream::ReadsTheBody)).await;
    server.deliver(&event("1")?).await?.is_rejected(400, "body_incomplete")?;
    // If a body has no announced length, the adapter cannot detect that it was
    // read. But an empty body does not match the signature.
    let chunked = event("1")?.with_framing(Framing::Chunked(4, ""));
    server.deliver(&chunked).await?.is_rejected(401, "signature_mismatch")?;
    server.has_done_nothing()
}

pub(super) async fn a_body_that_never_comes_is_rejected_at_the_deadline(
    scene: &TestContext<'_>,
) -> TestResult {
    let server = scene.open(hasty()?).await;
    for framing in [Framing::Length, Framing::Chunked(4, "")] {
        let mut connection = server.connect().await?;
        connection.send(event("1")?.with_framing(framing).wire_head()).await?;
        server.answer_on(&mut connection).await?.is_rejected(408, "body_timeout")?;
    }
    server.has_done_nothing()
}

pub(super) async fn a_body_that_trickles_is_rejected_at_one_deadline_for_the_whole_body(
    scene: &TestContext<'_>,
) -> TestResult {
    let server = scene.open(hasty()?).await;
    // With one deadline for each byte, each byte would be in time.
    let delivery = plain_delivery(vec![b'x'; 50])?;
    let pace = DEADLINE / 10;
    let (answer, sent) = server.connect().await?.trickle(&delivery, pace).await?;
    server.record(&answer);
    answer.is_rejected(408, "body_timeout")?;
    if sent == delivery.body.len() {
        return Err(Failure::new("the whole body was sent before its deadline"));
    }
    server.has_done_nothing()
}

/// Each chunk costs the server about as much as the MAC of two thousand bytes.
pub(super) async fn a_body_in_very_many_small_chunks_is_rejected(
    scene: &TestContext<'_>,
) -> TestResult {
    let server = scene.open(plain()?).await;
    let delivery = plain_delivery(vec![b'x'; 16 * 1024])?;
    let delivery = delivery.with_framing(Framing::Chunked(1, ""));
    server.deliver(&delivery).await?.is_rejected(413, "body_too_large")?;
    server.has_done_nothing()
}

/// An endpoint with a short body timeout.
fn hasty() -> Result<HttpEndpoint, Failure> {
    Ok(HttpEndpoint::of(plain_verifier()?.with_body_timeout(DEADLINE)))
}

const DEADLINE: Duration = Duration::from_millis(500);
const PLAIN: &[u8] = br#"{"id":"1"}"#;
/// [`PLAIN`], compressed with gzip.
const GZIP: &[u8] =
    b"\x1f\x8b\x08\0\0\0\0\0\x02\x03\xabV\xcaLQ\xb2R2T\xaa\x05\0\xf3\xc8\x18\xf6\x0a\0\0\0";
