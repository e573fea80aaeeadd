//! Bodies that arrive in many pieces.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use countersign::adapter::BodySource;
use countersign::{EarlyResponse, RequestHead, TokioRuntime, VerifyErrorKind};

use super::{receiver, signed};
use countersign::MemoryStore;

/// What the hand-out of a piece costs a server does not depend on its size.
#[tokio::test]
async fn a_body_of_many_small_pieces_is_rejected_before_it_is_read() {
    let body = json(1 << 20);
    for piece in [0, 1, 2, 16, 255] {
        let mut read = 0;
        let received = receive(&body, piece, &mut read).await;
        assert_eq!(received.unwrap_err().code(), "body_too_large", "pieces of {piece} bytes");
        assert!(read <= 2_049, "{read} pieces of {piece} bytes");
    }
}

#[tokio::test]
async fn a_body_in_pieces_as_clients_send_them_is_verified() {
    let few = json(1_024);
    let large = json(1 << 20);
    for (body, piece) in [(&few, 1), (&large, 536), (&large, 1_460), (&large, 16_384)] {
        let received = receive(body, piece, &mut 0).await;
        assert!(received.is_ok(), "{} bytes in pieces of {piece}: {received:?}", body.len());
    }
}

async fn receive(body: &str, piece: usize, read: &mut usize) -> Result<(), EarlyResponse> {
    let receiver = receiver("jupiter", MemoryStore::new());
    let headers = signed(&receiver, body);
    let pieces = Pieces { rest: Bytes::copy_from_slice(body.as_bytes()), piece, read };
    let head = RequestHead::new("POST", "/hooks", &headers);
    receiver.receive(head, pieces, TokioRuntime).await.map(drop)
}

fn json(bytes: usize) -> String {
    let start = r#"{"event_id":"1","pad":""#;
    format!(r#"{start}{}"}}"#, "x".repeat(bytes - start.len() - 2))
}

/// A body in pieces of one size. Empty pieces never end.
struct Pieces<'a> {
    rest: Bytes,
    piece: usize,
    read: &'a mut usize,
}

impl BodySource for Pieces<'_> {
    fn poll_piece(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, VerifyErrorKind>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        *self.read += 1;
        let bytes = self.piece.min(self.rest.len());
        Poll::Ready(Some(Ok(self.rest.split_to(bytes))))
    }
}
