//! Reads the body under a size limit and one total deadline, and verifies it as
//! it arrives.

use std::error::Error;
use std::fmt;
use std::iter::successors;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use countersign_core::{
    BodyView, BufferPermit, DeliverySpan, EarlyResponse, IncomingDelivery, ReceivedDelivery,
    ResolveFuture, Verified, Verifier, VerifyError, VerifyErrorKind,
};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::request::Parts;
use http::{HeaderMap, Request, Uri};
use http_body::Body;
use http_body_util::{Full, LengthLimitError};
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep};

pin_project! {
    /// Reads the body of a delivery and verifies it. The layers and the
    /// extractors share it, and other adapters can use it too.
    ///
    /// The headers are checked first. If they are rejected, or if the announced
    /// length exceeds the limit, the body is not read. If the request is not a
    /// delivery for the handler, such as a handshake, the result is the response
    /// for its sender.
    ///
    /// # Panics
    ///
    /// Panics if it has to wait and is polled outside of a tokio runtime with its
    /// timer enabled.
    #[must_use = "futures do nothing unless polled"]
    pub struct ReadBody<B> {
        // Taken when the future completes.
        parts: Option<Parts>,
        #[pin]
        body: B,
        announced: Option<u64>,
        #[pin]
        state: State,
        wait: Wait,
        span: DeliverySpan,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State {
        // The secrets are being looked up.
        Resolving {
            #[pin]
            verifier: ResolveFuture,
            within: Duration,
            // Taken when the state ends. `None` if the budget has no room for
            // the request.
            reserved: Option<BufferPermit>,
        },
        // Taken when the future completes. Boxed because the future is moved
        // before its first poll, and should not carry the space of its later
        // states.
        Reading { arriving: Option<Box<IncomingDelivery>> },
    }
}

/// How long the future has waited. Starts at the first wait.
#[derive(Default)]
struct Wait {
    since: Option<Instant>,
    /// Boxed because most bodies are already available and need no timer.
    timer: Option<Pin<Box<Sleep>>>,
}

impl<B: Body> ReadBody<B> {
    /// Prepares to check a request's headers and to read its body.
    pub fn new(verifier: &Verifier, request: Request<B>) -> Self {
        let (parts, body) = request.into_parts();
        let span = verifier.span();
        let (reserved, resolving) = span.in_scope(|| {
            (
                verifier.reserve(head_bytes(&parts.headers, &parts.uri)).ok(),
                verifier.resolve(&parts),
            )
        });
        Self {
            announced: content_length(&parts).max(Some(body.size_hint().lower())),
            state: State::Resolving {
                verifier: resolving,
                within: verifier.body_timeout(),
                reserved,
            },
            parts: Some(parts),
            body,
            wait: Wait::default(),
            span,
        }
    }

    /// The telemetry span of the request. The handler should run in it, too.
    #[must_use]
    pub fn span(&self) -> &DeliverySpan {
        &self.span
    }
}

impl<B> Future for ReadBody<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    type Output = Result<(Parts, ReceivedDelivery), EarlyResponse>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let span = self.span.clone();
        span.in_scope(|| self.poll_in_span(cx))
    }
}

impl<B> ReadBody<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    fn poll_in_span(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(Parts, ReceivedDelivery), EarlyResponse>> {
        ready!(self.as_mut().poll_resolved(cx))?;
        ready!(self.as_mut().poll_whole(cx))?;
        let this = self.project();
        if let StateProjection::Reading { arriving } = this.state.project()
            && let Some(arriving) = arriving.take()
            && let Some(parts) = this.parts.take()
        {
            return Poll::Ready(arriving.finish(*this.announced).map(|arrived| (parts, arrived)));
        }
        // Polled again after completion: there is nothing left to return.
        Poll::Ready(Err(incomplete()))
    }

    /// Ready once the headers are checked.
    fn poll_resolved(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), EarlyResponse>> {
        let mut this = self.project();
        let StateProjection::Resolving { mut verifier, within, reserved } =
            this.state.as_mut().project()
        else {
            return Poll::Ready(Ok(()));
        };
        if reserved.is_none() {
            return Poll::Ready(Err(EarlyResponse::Busy));
        }
        let verifier = match verifier.as_mut().poll(cx) {
            Poll::Ready(verifier) => verifier?,
            Poll::Pending => {
                ready!(this.wait.poll(*within, cx));
                verifier.use_stale()?
            }
        };
        let (Some(parts), Some(reserved)) = (this.parts, reserved.take()) else {
            return Poll::Ready(Err(incomplete()));
        };
        let mut arriving = Box::new(verifier.begin_delivery(&*parts)?.with_permit(reserved));
        arriving.check_content_length(this.announced.unwrap_or(0))?;
        this.state.set(State::Reading { arriving: Some(arriving) });
        *this.wait = Wait::default();
        Poll::Ready(Ok(()))
    }

    /// Reads the available part of the body. Ready once the whole body is read.
    fn poll_whole(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), EarlyResponse>> {
        let mut this = self.project();
        let StateProjection::Reading { arriving: Some(arriving) } = this.state.project() else {
            return Poll::Ready(Err(incomplete()));
        };
        for _ in 0..FRAMES_PER_POLL {
            if !arriving.wants_body() || this.body.is_end_stream() {
                return Poll::Ready(Ok(()));
            }
            let frame = match this.body.as_mut().poll_frame(cx) {
                Poll::Ready(frame) => frame,
                Poll::Pending => {
                    arriving.pause();
                    let elapsed = ready!(this.wait.poll(arriving.next_deadline(), cx));
                    arriving.check_rate(elapsed)?;
                    continue;
                }
            };
            match frame {
                None => return Poll::Ready(Ok(())),
                Some(Err(error)) => {
                    return Poll::Ready(Err(arriving.reject(body_error_kind(&*error.into()))));
                }
                Some(Ok(frame)) => {
                    if let Ok(mut data) = frame.into_data() {
                        let length = data.remaining();
                        arriving.update(data.copy_to_bytes(length))?;
                    }
                }
            }
        }
        arriving.check_rate(this.wait.elapsed())?;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Wait {
    /// The time since the first call.
    fn elapsed(&mut self) -> Duration {
        self.since.get_or_insert_with(Instant::now).elapsed()
    }

    /// Ready once that much time has elapsed; returns the elapsed time.
    fn poll(&mut self, until: Duration, cx: &mut Context<'_>) -> Poll<Duration> {
        let left = until.saturating_sub(self.elapsed());
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(left)));
        ready!(timer.as_mut().poll(cx));
        self.timer = None;
        Poll::Ready(self.elapsed())
    }
}

impl<B> fmt::Debug for ReadBody<B> {
    /// Shows the progress, but no part of the body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arriving = match &self.state {
            State::Reading { arriving } => arriving.as_deref(),
            State::Resolving { .. } => None,
        };
        f.debug_struct("ReadBody")
            .field("arriving", &arriving)
            .field("announced", &self.announced)
            .finish_non_exhaustive()
    }
}
/// Rebuilds the request for the service, with its body and the verified
/// delivery.
pub(crate) fn rebuild_request(mut parts: Parts, verified: Verified) -> Request<Full<Bytes>> {
    if verified.scheme().body_view() == BodyView::Decoded {
        // These headers describe the encoded body.
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

/// The approximate memory that a request's head takes, in bytes.
pub(crate) fn head_bytes(headers: &HeaderMap, uri: &Uri) -> usize {
    let fields = headers.capacity().max(headers.len());
    let texts: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    let target = uri.path_and_query().map_or(0, |target| target.as_str().len());
    fields * FIELD_BYTES + texts + target
}

/// Why reading a body failed: the connection broke, unless an outer layer has
/// its own size limit.
fn body_error_kind(error: &(dyn Error + 'static)) -> VerifyErrorKind {
    let limited = successors(Some(error), |&error| error.source())
        .any(|error| error.is::<LengthLimitError>());
    if limited { VerifyErrorKind::BodyTooLarge } else { VerifyErrorKind::BodyIncomplete }
}

fn incomplete() -> EarlyResponse {
    VerifyError::from(VerifyErrorKind::BodyIncomplete).into()
}

pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// If a body always has another frame available, reading it must not keep its
/// deadline from being checked, or other tasks from running.
const FRAMES_PER_POLL: usize = 128;
/// The size of a field in a header map, without its name and value.
const FIELD_BYTES: usize = 112;
