//! A request body whose beginning is in memory, so that a slow sender keeps no connection to the
//! target waiting.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use countersign::adapter::BufferPermit;
use countersign::{EarlyResponse, Verifier, VerifyErrorKind};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until, timeout_at};

use super::client::BoxError;

/// What was read of a body, and its rest. A body within the body limit is read as a whole.
pub(super) struct BeginningRead<B> {
    read: VecDeque<Frame<Bytes>>,
    /// `None` at the end of the body.
    rest: Option<B>,
    /// When the rest must have arrived.
    end: Pin<Box<Sleep>>,
}

impl<B> BeginningRead<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    /// Reads the body up to the limit, within the timeout. What is read is counted against the budget
    /// until the permit is dropped.
    pub(super) async fn of(
        mut body: B,
        verifier: &Verifier,
        timeout: Duration,
    ) -> Result<(Self, BufferPermit), EarlyResponse> {
        let end = Instant::now() + timeout;
        let mut reserved = verifier.buffer_budget().reserve();
        let mut read = VecDeque::new();
        let mut length = 0;
        while length <= verifier.body_limit() {
            let frame = timeout_at(end, body.frame()).await;
            let frame = frame.map_err(|_| rejected(VerifyErrorKind::BodyTimeout))?;
            let Some(frame) = frame else {
                let end = Box::pin(sleep_until(end));
                return Ok((Self { read, rest: None, end }, reserved));
            };
            let frame = frame.map_err(|_| rejected(VerifyErrorKind::BodyIncomplete))?;
            let piece = frame.data_ref().map_or(0, Bytes::len);
            reserved.grow(piece + FRAME_BYTES).map_err(|_| EarlyResponse::Busy)?;
            length += piece;
            read.push_back(frame);
        }
        let end = Box::pin(sleep_until(Instant::now() + MAX_REST));
        Ok((Self { read, rest: Some(body), end }, reserved))
    }
}

fn rejected(kind: VerifyErrorKind) -> EarlyResponse {
    EarlyResponse::Rejected(kind.into())
}

impl<B> Body for BeginningRead<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Some(frame) = self.read.pop_front() {
            return Poll::Ready(Some(Ok(frame)));
        }
        let Some(rest) = &mut self.rest else { return Poll::Ready(None) };
        if let Poll::Ready(frame) = Pin::new(rest).poll_frame(cx) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        match self.end.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Some(Err(Box::new(Late)))),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.read.is_empty() && self.rest.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let read = self.read.iter().filter_map(Frame::data_ref);
        let read = read.map(|data| data.len() as u64).sum::<u64>();
        let rest = self.rest.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint);
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(read));
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper.saturating_add(read));
        }
        hint
    }
}

/// The sender did not send the rest of the body in time.
#[derive(Debug)]
struct Late;

impl fmt::Display for Late {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the rest of the body did not arrive in time")
    }
}

impl Error for Late {}

/// The time for what exceeds the body limit.
const MAX_REST: Duration = Duration::from_secs(10);
/// For each piece, which can be small.
const FRAME_BYTES: usize = 64;
