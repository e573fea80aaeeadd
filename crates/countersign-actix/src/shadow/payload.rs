//! A payload that is read for verification, and then passed on whole.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use bytes::Bytes;
use countersign_core::{BodySource, VerifyErrorKind};
use futures_core::Stream;

use crate::body::error_kind;

/// The payload as it arrived, errors included.
pub(super) struct ShadowPayload {
    /// What was read for verification.
    read: VecDeque<Bytes>,
    failed: Option<PayloadError>,
    has_ended: bool,
    rest: Payload,
}

impl ShadowPayload {
    pub(super) fn new(rest: Payload) -> Self {
        Self { read: VecDeque::new(), failed: None, has_ended: false, rest }
    }

    /// The whole payload, for the service.
    pub(super) fn into_payload(self) -> Payload {
        Payload::Stream { payload: Box::pin(self) }
    }
}

/// Reads the payload for verification.
pub(super) struct Observe<'p>(pub(super) &'p mut ShadowPayload);

impl BodySource for Observe<'_> {
    fn poll_piece(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, VerifyErrorKind>>> {
        let payload = &mut *self.0;
        Poll::Ready(match ready!(Pin::new(&mut payload.rest).poll_next(cx)) {
            Some(Ok(piece)) => {
                payload.read.push_back(piece.clone());
                Some(Ok(piece))
            }
            Some(Err(error)) => {
                let kind = error_kind(&error);
                payload.failed = Some(error);
                Some(Err(kind))
            }
            None => {
                payload.has_ended = true;
                None
            }
        })
    }
}

impl Stream for ShadowPayload {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(piece) = self.read.pop_front() {
            return Poll::Ready(Some(Ok(piece)));
        }
        if let Some(error) = self.failed.take() {
            self.has_ended = true;
            return Poll::Ready(Some(Err(error)));
        }
        if self.has_ended {
            return Poll::Ready(None);
        }
        Pin::new(&mut self.rest).poll_next(cx)
    }
}
