//! A body gives the same result in pieces as in one piece, encoded or not.

use std::collections::VecDeque;
use std::future::Future;
use std::io::Write;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use countersign::adapter::BodySource;
use countersign::scheme::BodyView;
use countersign::{EarlyResponse, RequestHead, Verified, Verifier, VerifyError, VerifyErrorKind};
use countersign_conformance::FrozenTime;
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

use super::Target;
use super::input::Input;
use super::parties::{NOW_MS, PARTIES, Party};
use super::request::Request;
use super::sign_then_verify::BODY;

pub const TARGET: Target = Target { name: "split_body", run, seeds };

/// One byte chooses the scheme, one the encoding, and the next bytes change a byte of the sent
/// body. The bytes of a line are the lengths of the pieces, and the rest is the body.
fn run(input: &[u8]) {
    let mut input = Input::new(input);
    let party = input.one_of(&PARTIES);
    let encoding = *input.one_of(&[None, Some("gzip"), Some("deflate")]);
    let (change, at) = (input.byte(), input.up_to_bits(16) as usize);
    let lengths = input.line();
    let Some(Request { mut headers, mut body, .. }) = party.delivery(input.rest()) else { return };
    let encoding = encoding.filter(|_| party.scheme.body_view() == BodyView::Decoded);
    if let Some(encoding) = encoding {
        body = encoded(encoding, &body);
        headers.push(("content-encoding".to_owned(), encoding.into()));
    }
    let length = body.len().max(1);
    if let Some(byte) = body.get_mut(at % length) {
        *byte ^= change;
    }
    let body = Bytes::from(body);
    let head = || RequestHead::new("POST", "/hooks?tenant=7", &headers);

    // Faults are most likely at the last byte of a limit.
    let default = party.scheme.profile().body_limit();
    for limit in [default, body.len(), body.len().saturating_sub(1)] {
        let verifier = party.verifier.clone().with_clock(|| NOW_MS).with_body_limit(limit);
        let whole = proof(verifier.verify(head(), body.clone()));
        let split = proof(in_pieces(&verifier, head(), &body, lengths));
        // If an encoded body is too large and also cannot be decoded, the two ways may report
        // different errors.
        let is_either = encoding.is_some()
            && [&whole, &split].iter().any(|it| **it == Err(VerifyErrorKind::BodyTooLarge));
        assert!(
            whole == split || (is_either && whole.is_err() && split.is_err()),
            "{}: {whole:?} whole, {split:?} in pieces of {lengths:?}, limit {limit}",
            party.scheme.name(),
        );
    }
}

fn proof(
    verdict: Result<Verified, VerifyError>,
) -> Result<(String, Option<i64>, Bytes), VerifyErrorKind> {
    let proof = |it: Verified| (it.event_id().to_owned(), it.signed_at_unix_ms(), it.into_body());
    verdict.map(proof).map_err(|error| error.kind())
}

/// Receives the body in pieces.
fn in_pieces(
    verifier: &Verifier,
    head: RequestHead<'_>,
    body: &Bytes,
    lengths: &[u8],
) -> Result<Verified, VerifyError> {
    let mut rest = body.clone();
    let mut pieces: VecDeque<_> =
        lengths.iter().map(|length| rest.split_to(rest.len().min(usize::from(*length)))).collect();
    pieces.push_back(rest);
    let mut receiving = pin!(verifier.receive(head, Pieces(pieces), FrozenTime));
    // The loop yields after a number of pieces.
    loop {
        match receiving.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok((_, delivery))) => return Ok(delivery.into_verified()),
            Poll::Ready(Err(EarlyResponse::Rejected(error))) => return Err(error),
            Poll::Ready(Err(other)) => panic!("not a delivery: {other}"),
            Poll::Pending => {}
        }
    }
}

struct Pieces(VecDeque<Bytes>);

impl BodySource for Pieces {
    fn poll_piece(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, VerifyErrorKind>>> {
        Poll::Ready(self.0.pop_front().map(Ok))
    }
}

fn encoded(encoding: &str, body: &[u8]) -> Vec<u8> {
    let written = "a vector takes everything";
    let (fast, best) = (Compression::fast(), Compression::best());
    if encoding == "gzip" {
        let mut encoder = GzEncoder::new(Vec::new(), best);
        encoder.write_all(body).expect(written);
        encoder.finish().expect(written)
    } else {
        let mut encoder = ZlibEncoder::new(Vec::new(), fast);
        encoder.write_all(body).expect(written);
        encoder.finish().expect(written)
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let seed = |name: &str, encoding: u8, change: u8, lengths: &[u8]| {
        let start = [Party::number_of(name), encoding, change, 16, 0, 0, 9, 0];
        [&start, lengths, b"\n", BODY].concat()
    };
    let mut seeds = Vec::new();
    for party in PARTIES.iter() {
        seeds.push(seed(party.scheme.name(), 0, 0, &[0, 1, 0, 7, 64, 64]));
    }
    for change in [0, 1, 255] {
        for encoding in [0, 1, 2] {
            seeds.push(seed("quicknode", encoding, change, &[1; 40]));
            seeds.push(seed("quicknode", encoding, change, &[12, 0, 50, 255]));
        }
    }
    seeds
}
