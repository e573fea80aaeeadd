//! Receives deliveries: complete ones, whose events are claimed, and others step by step.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;

use countersign::adapter::{BodySource, HeadSource, ReceiveFuture, ReceivedDelivery};
use countersign::store::IdempotencyStore;
use countersign::{
    Claim, EarlyResponse, Headers, Receiver, RequestHead, TokioRuntime, Verified, Verifier,
    VerifyError, VerifyErrorKind,
};
use countersign_conformance::FrozenTime;

/// A delivery to handle.
pub(crate) struct ClaimedDelivery<S: IdempotencyStore> {
    pub(crate) verified: Verified,
    pub(crate) claim: Claim<S>,
}

impl<S: IdempotencyStore> fmt::Debug for ClaimedDelivery<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClaimedDelivery")
            .field("verified", &self.verified)
            .field("claim", &self.claim)
            .finish()
    }
}

pub(crate) async fn receive<S: IdempotencyStore>(
    receiver: &Receiver<S>,
    headers: &Vec<(String, String)>,
    body: impl Into<Vec<u8>>,
) -> Result<ClaimedDelivery<S>, EarlyResponse> {
    let head = RequestHead::from(headers);
    let (_, delivery) = receiver.receive(head, body.into(), TokioRuntime).await?;
    let claim = receiver.claim(&delivery.verified, &TokioRuntime).await?;
    Ok(ClaimedDelivery { verified: delivery.verified, claim })
}

/// Receives a delivery step by step: its head, then each piece of its body.
pub(crate) fn begin<H>(verifier: &Verifier, headers: H) -> Result<Arriving<H>, VerifyError>
where
    H: Headers + Sync,
{
    let pieces = Pieces::default();
    let receiving = Box::pin(verifier.receive(Owned(headers), pieces.clone(), FrozenTime));
    let mut arriving = Arriving { receiving, pieces, rejected: None };
    arriving.poll().map_or(Ok(arriving), |ended| Err(ended.unwrap_err()))
}

/// A delivery whose head was checked.
#[derive(Debug)]
pub(crate) struct Arriving<H> {
    receiving: Pin<Box<ReceiveFuture<Owned<H>, Pieces, FrozenTime>>>,
    pieces: Pieces,
    rejected: Option<VerifyError>,
}

impl<H: Headers + Sync> Arriving<H> {
    pub(crate) fn update(&mut self, piece: impl Into<Bytes>) -> Result<(), VerifyError> {
        if self.rejected.is_none() {
            self.pieces.push(Some(piece.into()));
            self.rejected = self.poll().map(|ended| ended.unwrap_err());
        }
        self.rejected.clone().map_or(Ok(()), Err)
    }

    pub(crate) fn verify(mut self) -> Result<Verified, VerifyError> {
        if let Some(rejected) = self.rejected {
            return Err(rejected);
        }
        self.pieces.push(None);
        self.poll().expect("the body is at its end").map(ReceivedDelivery::into_verified)
    }

    fn poll(&mut self) -> Option<Result<ReceivedDelivery, VerifyError>> {
        match self.receiving.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Pending => None,
            Poll::Ready(Ok((_, delivery))) => Some(Ok(delivery)),
            Poll::Ready(Err(EarlyResponse::Rejected(error))) => Some(Err(error)),
            Poll::Ready(Err(other)) => panic!("not a delivery: {other}"),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Owned<H>(H);

impl<H: Headers + Sync> HeadSource for Owned<H> {
    fn with_head<T>(&self, read: impl FnOnce(RequestHead<'_>) -> T) -> T {
        read(RequestHead::from(&self.0))
    }

    fn buffered_bytes(&self) -> usize {
        0
    }
}

/// The pieces that have arrived and were not read yet; `None` is the end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pieces(Arc<Mutex<VecDeque<Option<Bytes>>>>);

impl Pieces {
    fn push(&self, piece: Option<Bytes>) {
        self.0.lock().unwrap().push_back(piece);
    }
}

impl BodySource for Pieces {
    fn poll_piece(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, VerifyErrorKind>>> {
        let next = self.0.lock().unwrap().pop_front();
        next.map_or(Poll::Pending, |piece| Poll::Ready(piece.map(Ok)))
    }
}
