//! The body: capped, under one total deadline, and verified as it arrives.

use std::error::Error;
use std::fmt;
use std::iter::successors;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use countersign_core::{Begun, BodyView, Verified, Verifier, VerifyError, VerifyErrorKind};
use http::Request;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::request::Parts;
use http_body::Body;
use http_body_util::{Full, LengthLimitError};
use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep};

pin_project! {
    /// Reads the body of a delivery and verifies it: what the layer and the
    /// extractors have in common, for adapters of one's own.
    ///
    /// The headers are judged at once; where they are refused, or where the
    /// length that the request announces is over the limit, none of the body is
    /// read. Polled again after its end, it answers that the body is gone.
    ///
    /// # Panics
    ///
    /// Polled outside of a tokio runtime with its timer enabled, where the body
    /// is not at hand and has to be waited for.
    #[must_use = "futures do nothing unless polled"]
    pub struct ReadBody<B> {
        begun: Result<Begun, VerifyError>,
        #[pin]
        body: B,
        announced: u64,
        received: u64,
        timeout: Duration,
        // Set only once the body has to be waited for.
        #[pin]
        timer: Option<Sleep>,
    }
}

impl<B: Body> ReadBody<B> {
    /// Judges the headers, and prepares to read the body.
    pub fn new(verifier: &Verifier, parts: &Parts, body: B) -> Self {
        let announced = content_length(parts).unwrap_or(0).max(body.size_hint().lower());
        let begun = verifier.begin(parts).and_then(|begun| {
            begun.expect(announced)?;
            Ok(begun)
        });
        let timeout = verifier.body_timeout();
        Self { begun, body, announced, received: 0, timeout, timer: None }
    }

    /// How long the whole body may take to arrive; see
    /// [`VerifyLayer::with_body_timeout`](crate::VerifyLayer::with_body_timeout).
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }
}

impl<B> Future for ReadBody<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    type Output = Result<Verified, VerifyError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let read = match self.as_mut().poll_whole(cx) {
            Poll::Ready(read) => read,
            Poll::Pending => {
                ready!(self.as_mut().poll_deadline(cx));
                Err(VerifyErrorKind::BodyTimeout.into())
            }
        };
        let gone = Err(VerifyErrorKind::BodyIncomplete.into());
        let begun = mem::replace(self.project().begun, gone);
        Poll::Ready(read.and_then(|()| begun?.verify()))
    }
}

impl<B> ReadBody<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    /// Takes what has arrived of the body; ready once that is all of it.
    fn poll_whole(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), VerifyError>> {
        let mut this = self.project();
        let begun = match this.begun {
            Ok(begun) => begun,
            Err(refused) => return Poll::Ready(Err(refused.clone())),
        };
        for _ in 0..FRAMES_PER_POLL {
            let frame = if this.body.is_end_stream() {
                None
            } else {
                ready!(this.body.as_mut().poll_frame(cx))
            };
            match frame {
                None if this.received < this.announced => {
                    return Poll::Ready(Err(VerifyErrorKind::BodyIncomplete.into()));
                }
                None => return Poll::Ready(Ok(())),
                Some(Err(error)) => return Poll::Ready(Err(broken_off(&*error.into()))),
                Some(Ok(frame)) => {
                    if let Ok(mut data) = frame.into_data() {
                        let length = data.remaining();
                        *this.received += length as u64;
                        begun.push(data.copy_to_bytes(length))?;
                    }
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn poll_deadline(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        if this.timer.is_none() {
            this.timer.set(Some(sleep(*this.timeout)));
        }
        match this.timer.as_pin_mut() {
            Some(timer) => timer.poll(cx),
            None => Poll::Pending,
        }
    }
}

impl<B> fmt::Debug for ReadBody<B> {
    /// Shows how far it is: no body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadBody")
            .field("begun", &self.begun)
            .field("announced", &self.announced)
            .field("received", &self.received)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// The request as the service gets it: with its body, and with the proof.
pub(crate) fn put_back(mut parts: Parts, verified: Verified) -> Request<Full<Bytes>> {
    if verified.scheme().body_view() == BodyView::Decoded {
        // These spoke of the body as it arrived.
        parts.headers.remove(CONTENT_ENCODING);
        parts.headers.remove(CONTENT_LENGTH);
    }
    let body = Full::new(verified.body().clone());
    parts.extensions.insert(verified);
    Request::from_parts(parts, body)
}

fn content_length(parts: &Parts) -> Option<u64> {
    parts.headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Why a body broke off: its connection did, unless a layer in front has a limit
/// of its own.
fn broken_off(error: &(dyn Error + 'static)) -> VerifyError {
    let limited = successors(Some(error), |&error| error.source())
        .any(|error| error.is::<LengthLimitError>());
    if limited {
        VerifyErrorKind::BodyTooLarge.into()
    } else {
        VerifyErrorKind::BodyIncomplete.into()
    }
}

pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// A body that always has another frame at hand must not keep its deadline, or
/// other tasks, from being looked at.
const FRAMES_PER_POLL: usize = 128;
