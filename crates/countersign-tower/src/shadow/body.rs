//! A body that is read for verification, and then passed on whole.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use countersign_core::{BodySource, VerifyErrorKind};
use http_body::{Body, Frame, SizeHint};

use crate::body::{BoxError, error_kind};

/// The body of a request in shadow mode: as it arrived, trailers and errors included.
pub struct ShadowBody<B> {
    /// What was read for verification.
    read: VecDeque<Frame<Bytes>>,
    rest: Rest<B>,
}

enum Rest<B> {
    Unread(Pin<Box<B>>),
    Failed(BoxError),
    Ended,
}

/// The body while it is read for verification. Clones share it, because the receive loop does not
/// return a body that it has stopped reading.
pub(super) struct Observed<B>(Arc<Mutex<ShadowBody<B>>>);

impl<B> Observed<B> {
    pub(super) fn new(body: B) -> Self {
        let rest = Rest::Unread(Box::pin(body));
        Self(Arc::new(Mutex::new(ShadowBody { read: VecDeque::new(), rest })))
    }

    /// The whole body. Other clones are empty from then on.
    pub(super) fn into_body(self) -> ShadowBody<B> {
        let mut body = self.lock();
        std::mem::replace(&mut *body, ShadowBody { read: VecDeque::new(), rest: Rest::Ended })
    }

    fn lock(&self) -> MutexGuard<'_, ShadowBody<B>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<B> Clone for Observed<B> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<B> BodySource for Observed<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    fn poll_piece(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, VerifyErrorKind>>> {
        let mut body = self.lock();
        let frame = match ready!(body.rest.poll_frame(cx)) {
            Some(Ok(frame)) => frame,
            Some(Err(error)) => {
                let kind = error_kind(&*error);
                body.rest = Rest::Failed(error);
                return Poll::Ready(Some(Err(kind)));
            }
            None => return Poll::Ready(None),
        };
        let piece = frame.data_ref().cloned().unwrap_or_default();
        body.read.push_back(frame);
        Poll::Ready(Some(Ok(piece)))
    }

    fn is_end(&self) -> bool {
        self.lock().rest.is_end()
    }

    fn min_length(&self) -> Option<u64> {
        Some(self.lock().rest.size_hint().lower())
    }
}

impl<B> Rest<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Self::Unread(body) = self else {
            return Poll::Ready(match std::mem::replace(self, Self::Ended) {
                Self::Failed(error) => Some(Err(error)),
                _ => None,
            });
        };
        let frame = ready!(body.as_mut().poll_frame(cx));
        if frame.is_none() {
            *self = Self::Ended;
        }
        Poll::Ready(frame.map(|frame| {
            frame
                .map(|frame| frame.map_data(|mut data| data.copy_to_bytes(data.remaining())))
                .map_err(Into::into)
        }))
    }

    fn is_end(&self) -> bool {
        match self {
            Self::Unread(body) => body.is_end_stream(),
            Self::Failed(_) => false,
            Self::Ended => true,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Unread(body) => body.size_hint(),
            Self::Failed(_) => SizeHint::default(),
            Self::Ended => SizeHint::with_exact(0),
        }
    }
}

impl<B> Body for ShadowBody<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.read.pop_front() {
            Some(frame) => Poll::Ready(Some(Ok(frame))),
            None => self.rest.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.read.is_empty() && self.rest.is_end()
    }

    fn size_hint(&self) -> SizeHint {
        let read = self.read.iter().filter_map(Frame::data_ref);
        let read = read.map(|data| data.len() as u64).sum::<u64>();
        let rest = self.rest.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(read));
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper.saturating_add(read));
        }
        hint
    }
}

impl<B> fmt::Debug for ShadowBody<B> {
    /// Shows how many pieces were read, but no part of the body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShadowBody").field("read", &self.read.len()).finish_non_exhaustive()
    }
}
