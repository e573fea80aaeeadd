//! The body: capped, under one total deadline, and verified as it arrives.

use std::error::Error;
use std::fmt;
use std::iter::successors;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use countersign_core::{
    Answer, Arrived, Arriving, BodyView, DeliverySpan, Reserved, Resolving, Verified, Verifier,
    VerifyError, VerifyErrorKind,
};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::request::Parts;
use http::{HeaderMap, Request, Uri};
use http_body::Body;
use http_body_util::{Full, LengthLimitError};
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep};

pin_project! {
    /// Reads the body of a delivery and verifies it: what the layers and the
    /// extractors have in common, for adapters of one's own.
    ///
    /// The head is judged first; where it is refused, or where the length that
    /// it announces is over the limit, none of the body is read. A request that
    /// is no delivery to be handled, such as a handshake, comes out as the answer
    /// that its sender gets.
    ///
    /// # Panics
    ///
    /// Polled outside of a tokio runtime with its timer enabled, where something
    /// has to be waited for.
    #[must_use = "futures do nothing unless polled"]
    pub struct ReadBody<B> {
        // Taken at the end.
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
        // The secrets are being found.
        Resolving {
            #[pin]
            verifier: Resolving,
            within: Duration,
            // Taken at the end; none if there was no room for the request.
            reserved: Option<Reserved>,
        },
        // Taken at the end. In a box, for this future is moved until it is first polled, and has no
        // room for what it has yet to become.
        Reading { arriving: Option<Box<Arriving>> },
    }
}

/// How long something has been waited for. Begins only once it has to be.
#[derive(Default)]
struct Wait {
    since: Option<Instant>,
    /// In a box, for most bodies are at hand, and need no room for it.
    timer: Option<Pin<Box<Sleep>>>,
}

impl<B: Body> ReadBody<B> {
    /// Prepares to judge a request and to read its body.
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

    /// What is told of the request; the handler belongs there, too.
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
    type Output = Result<(Parts, Arrived), Answer>;

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
    ) -> Poll<Result<(Parts, Arrived), Answer>> {
        ready!(self.as_mut().poll_resolved(cx))?;
        ready!(self.as_mut().poll_whole(cx))?;
        let this = self.project();
        if let StateProjection::Reading { arriving } = this.state.project()
            && let Some(arriving) = arriving.take()
            && let Some(parts) = this.parts.take()
        {
            return Poll::Ready(arriving.finish(*this.announced).map(|arrived| (parts, arrived)));
        }
        // Polled again after its end, it has nothing left.
        Poll::Ready(Err(incomplete()))
    }

    /// Ready once the head is judged.
    fn poll_resolved(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Answer>> {
        let mut this = self.project();
        let StateProjection::Resolving { mut verifier, within, reserved } =
            this.state.as_mut().project()
        else {
            return Poll::Ready(Ok(()));
        };
        if reserved.is_none() {
            return Poll::Ready(Err(Answer::Busy));
        }
        let verifier = match verifier.as_mut().poll(cx) {
            Poll::Ready(verifier) => verifier?,
            Poll::Pending => {
                ready!(this.wait.poll(*within, cx));
                verifier.give_up()?
            }
        };
        let (Some(parts), Some(reserved)) = (this.parts, reserved.take()) else {
            return Poll::Ready(Err(incomplete()));
        };
        let arriving = Box::new(verifier.arrive(&*parts)?.with_reserved(reserved));
        arriving.expect(this.announced.unwrap_or(0))?;
        this.state.set(State::Reading { arriving: Some(arriving) });
        *this.wait = Wait::default();
        Poll::Ready(Ok(()))
    }

    /// Takes what has arrived of the body; ready once that is all of it.
    fn poll_whole(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Answer>> {
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
                    let elapsed = ready!(this.wait.poll(arriving.next_look(), cx));
                    arriving.judge_pace(elapsed)?;
                    continue;
                }
            };
            match frame {
                None => return Poll::Ready(Ok(())),
                Some(Err(error)) => {
                    return Poll::Ready(Err(arriving.refuse(broken_off(&*error.into()))));
                }
                Some(Ok(frame)) => {
                    if let Ok(mut data) = frame.into_data() {
                        let length = data.remaining();
                        arriving.push(data.copy_to_bytes(length))?;
                    }
                }
            }
        }
        arriving.judge_pace(this.wait.elapsed())?;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Wait {
    /// Since the first call.
    fn elapsed(&mut self) -> Duration {
        self.since.get_or_insert_with(Instant::now).elapsed()
    }

    /// Ready once so much has elapsed, with how much it was.
    fn poll(&mut self, until: Duration, cx: &mut Context<'_>) -> Poll<Duration> {
        let left = until.saturating_sub(self.elapsed());
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(left)));
        ready!(timer.as_mut().poll(cx));
        self.timer = None;
        Poll::Ready(self.elapsed())
    }
}

impl<B> fmt::Debug for ReadBody<B> {
    /// Shows whose it is and how far: no body.
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

/// What is held of a request's head, about.
pub(crate) fn head_bytes(headers: &HeaderMap, uri: &Uri) -> usize {
    let fields = headers.capacity().max(headers.len());
    let texts: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    let target = uri.path_and_query().map_or(0, |target| target.as_str().len());
    fields * FIELD_BYTES + texts + target
}

/// Why a body broke off: its connection did, unless a layer in front has a limit
/// of its own.
fn broken_off(error: &(dyn Error + 'static)) -> VerifyErrorKind {
    let limited = successors(Some(error), |&error| error.source())
        .any(|error| error.is::<LengthLimitError>());
    if limited { VerifyErrorKind::BodyTooLarge } else { VerifyErrorKind::BodyIncomplete }
}

fn incomplete() -> Answer {
    VerifyError::from(VerifyErrorKind::BodyIncomplete).into()
}

pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// A body that always has another frame at hand must not keep its deadline, or
/// other tasks, from being looked at.
const FRAMES_PER_POLL: usize = 128;
/// What a header map takes for a field, beside its texts.
const FIELD_BYTES: usize = 112;
