//! A request body that keeps a copy of the bytes that are read from it.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use countersign::serve::{RequestBody, RequestBodyError};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::timeout;

use super::queue_limit::{QueueLimit, QueuePermit};
use super::stopwatch::Stopwatch;

/// A request body. If it is dropped early, the copy takes over the unread rest.
pub(in crate::serve) struct Copied {
    /// Taken on drop.
    body: Option<RequestBody>,
    copy: Option<BodyCopy>,
    stopwatch: Option<Stopwatch>,
}

/// The part of a body that was received.
#[derive(Clone)]
pub(super) struct BodyCopy(Arc<Mutex<State>>);

struct State {
    bytes: BytesMut,
    limit: usize,
    reserved: QueuePermit,
    /// The unread rest of the body.
    rest: Option<RequestBody>,
    end: End,
}

#[derive(Clone, Copy, PartialEq)]
enum End {
    NotYet,
    Whole,
    /// The body was cut off, or is longer than the limit.
    Never,
    /// There is no room for a copy.
    NoRoom,
}

/// The part of a body that was received.
pub(super) struct Came {
    pub(super) bytes: Bytes,
    pub(super) is_whole: bool,
    _reserved: QueuePermit,
}

impl Copied {
    /// A body without a copy.
    pub(in crate::serve) fn not(body: RequestBody) -> Self {
        Self { body: Some(body), copy: None, stopwatch: None }
    }

    /// A body and its copy, which holds at most `limit` bytes.
    pub(super) fn new(body: RequestBody, limit: usize, room: &Arc<QueueLimit>) -> (Self, BodyCopy) {
        let end = if body.is_end_stream() { End::Whole } else { End::NotYet };
        let reserved = QueueLimit::nothing(room);
        let state = State { bytes: BytesMut::new(), limit, reserved, rest: None, end };
        let copy = BodyCopy(Arc::new(Mutex::new(state)));
        (Self { body: Some(body), copy: Some(copy.clone()), stopwatch: None }, copy)
    }

    /// Also notes when the body is read.
    pub(super) fn timed(mut self, stopwatch: Option<Stopwatch>) -> Self {
        self.stopwatch = stopwatch;
        self
    }
}

impl BodyCopy {
    /// Reads the rest of the body, at most `within`, and returns all that was received. `None` if
    /// there is no room for it.
    pub(super) async fn whole(self, within: Duration) -> Option<Came> {
        let rest = self.state().rest.take();
        if let Some(mut rest) = rest {
            let reading = async {
                while self.state().end == End::NotYet {
                    let frame = rest.frame().await;
                    self.state().take(frame.as_ref(), rest.is_end_stream());
                }
            };
            // After the timeout the body counts as incomplete.
            let _ = timeout(within, reading).await;
        }
        self.so_far()
    }

    /// The part of the body that was read so far. `None` if there is no room for it.
    pub(super) fn so_far(self) -> Option<Came> {
        let mut state = self.state();
        let nothing = state.reserved.nothing_more();
        (state.end != End::NoRoom).then(|| Came {
            bytes: std::mem::take(&mut state.bytes).freeze(),
            is_whole: state.end == End::Whole,
            _reserved: std::mem::replace(&mut state.reserved, nothing),
        })
    }

    /// The copy of a complete body, for tests.
    #[cfg(test)]
    pub(super) fn of(body: &[u8], room: &Arc<QueueLimit>) -> Self {
        let (limit, reserved) = (body.len(), QueueLimit::nothing(room));
        let mut state =
            State { bytes: BytesMut::new(), limit, reserved, rest: None, end: End::NotYet };
        state.push(body);
        if state.end == End::NotYet {
            state.end = End::Whole;
        }
        Self(Arc::new(Mutex::new(state)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take(&mut self, frame: Option<&Result<Frame<Bytes>, RequestBodyError>>, is_end: bool) {
        match frame {
            _ if self.end != End::NotYet => return,
            None => self.end = End::Whole,
            Some(Err(_)) => self.end = End::Never,
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    self.push(data);
                }
            }
        }
        if is_end && self.end == End::NotYet {
            self.end = End::Whole;
        }
    }

    /// Copies the bytes into one buffer. A list of frames could be larger than their content if the
    /// frames are small, and each frame keeps its receive buffer alive.
    fn push(&mut self, data: &[u8]) {
        let data = match data.get(..self.limit - self.bytes.len()) {
            Some(fits) if fits.len() < data.len() => {
                self.end = End::Never;
                fits
            }
            _ => data,
        };
        let (length, has) = (self.bytes.len() + data.len(), self.bytes.capacity());
        // The unused capacity is reserved, too.
        let capacity = if length > has { (2 * has).clamp(length, self.limit) } else { has };
        if self.reserved.grow(capacity - has) {
            self.bytes.reserve(capacity - self.bytes.len());
            self.bytes.extend_from_slice(data);
        } else {
            self.bytes = BytesMut::new();
            self.reserved = self.reserved.nothing_more();
            self.end = End::NoRoom;
        }
    }
}

impl Body for Copied {
    type Data = Bytes;
    type Error = RequestBodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, RequestBodyError>>> {
        let Self { body: Some(body), copy, stopwatch } = &mut *self else {
            return Poll::Ready(None);
        };
        stopwatch.iter().for_each(Stopwatch::head);
        let frame = ready!(Pin::new(&mut *body).poll_frame(cx));
        if frame.is_none() || body.is_end_stream() {
            stopwatch.iter().for_each(Stopwatch::body);
        }
        if let Some(copy) = copy {
            copy.state().take(frame.as_ref(), body.is_end_stream());
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(RequestBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(RequestBody::size_hint).unwrap_or_default()
    }
}

impl Drop for Copied {
    fn drop(&mut self) {
        if let Some(copy) = &self.copy {
            copy.state().rest = self.body.take();
        }
    }
}
