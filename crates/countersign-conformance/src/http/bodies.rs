//! Bodies that are encoded, already read, or slow.

use std::time::Duration;

use super::door::{HttpEndpoint, InFront};
use super::endpoint::{event, plain, plain_delivery, plain_verifier};
use super::request::Framing;
use super::scene::{Checked, Scene, Wrong};

pub(super) async fn a_compressed_body_of_a_scheme_that_knows_none_is_refused(
    scene: &Scene<'_>,
) -> Checked {
    let door = scene.open(plain()?).await;
    // Signed once as it is sent, and once as it decodes.
    for signed in [GZIP, PLAIN] {
        for encoding in ["gzip", "deflate", "br", "GZIP", "identity, gzip"] {
            let delivery = plain_delivery(signed)?.with_body(GZIP);
            let delivery = delivery.with_header("Content-Encoding", encoding);
            door.deliver(&delivery).await?.is_refused(415, "unsupported_encoding")?;
        }
    }
    door.has_done_nothing()
}

pub(super) async fn a_compressed_body_that_is_not_called_so_is_handed_over_as_it_is(
    scene: &Scene<'_>,
) -> Checked {
    let door = scene.open(plain()?).await;
    let delivery = plain_delivery(GZIP)?.with_header("Content-Type", "application/gzip");
    door.deliver(&delivery).await?.is_handled(GZIP)?;
    door.has_called(1)
}

pub(super) async fn a_body_that_somebody_else_has_read_is_refused(scene: &Scene<'_>) -> Checked {
    let door = scene.open(plain()?.behind(InFront::ReadsTheBody)).await;
    door.deliver(&event("1")?).await?.is_refused(400, "body_incomplete")?;
    // If a body has no announced length, the adapter cannot detect that it was
    // read. But an empty body does not match the signature.
    let chunked = event("1")?.with_framing(Framing::Chunked(4, ""));
    door.deliver(&chunked).await?.is_refused(401, "signature_mismatch")?;
    door.has_done_nothing()
}

pub(super) async fn a_body_that_never_comes_is_refused_at_the_deadline(
    scene: &Scene<'_>,
) -> Checked {
    let door = scene.open(hasty()?).await;
    for framing in [Framing::Length, Framing::Chunked(4, "")] {
        let mut connection = door.connect().await?;
        connection.send(event("1")?.with_framing(framing).wire_head()).await?;
        door.answer_on(&mut connection).await?.is_refused(408, "body_timeout")?;
    }
    door.has_done_nothing()
}

pub(super) async fn a_body_that_trickles_is_refused_at_one_deadline_for_the_whole(
    scene: &Scene<'_>,
) -> Checked {
    let door = scene.open(hasty()?).await;
    // With one deadline for each byte, each byte would be in time.
    let delivery = plain_delivery(vec![b'x'; 50])?;
    let pace = DEADLINE / 10;
    let (answer, sent) = door.connect().await?.trickle(&delivery, pace).await?;
    door.record(&answer);
    answer.is_refused(408, "body_timeout")?;
    if sent == delivery.body.len() {
        return Err(Wrong::new("the whole body was sent before its deadline"));
    }
    door.has_done_nothing()
}

/// An endpoint with a short body timeout.
fn hasty() -> Result<HttpEndpoint, Wrong> {
    Ok(HttpEndpoint::of(plain_verifier()?.with_body_timeout(DEADLINE)))
}

const DEADLINE: Duration = Duration::from_millis(500);
const PLAIN: &[u8] = br#"{"id":"1"}"#;
/// [`PLAIN`], compressed with gzip.
const GZIP: &[u8] =
    b"\x1f\x8b\x08\0\0\0\0\0\x02\x03\xabV\xcaLQ\xb2R2T\xaa\x05\0\xf3\xc8\x18\xf6\x0a\0\0\0";
