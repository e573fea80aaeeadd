//! The future of the receive loop. It is written by hand, because an `async fn` would
//! take more memory for each request; see `docs/decisions/`.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::changed_body;
use super::incoming::IncomingDelivery;
use super::{BodySource, HeadSource, ReceivedDelivery};
use crate::body::budget::BufferPermit;
use crate::error::{VerifyError, VerifyErrorKind};
use crate::idempotency::IdempotencyStore;
use crate::receive::EarlyResponse;
use crate::receive::Receiver;
use crate::telemetry::DeliverySpan;
use crate::time::runtime::Runtime;
use crate::verify::{ResolveFuture, Verifier};

impl<S: IdempotencyStore> Receiver<S> {
    /// Receives a delivery without claiming its event: [`Verifier::receive`] of the
    /// receiver's verifier. [`claim`](Self::claim) is the next step.
    pub fn receive<H, B, R>(&self, head: H, body: B, runtime: R) -> ReceiveFuture<H, B, R>
    where
        H: HeadSource,
        B: BodySource,
        R: Runtime,
    {
        self.log_configuration();
        self.verifier().receive(head, body, runtime)
    }
}

impl Verifier {
    /// Receives a delivery: checks its head, reads its body, and verifies it.
    ///
    /// The head is checked first. If it is rejected, or if the announced length
    /// exceeds the limit, the body is not read. If a tenant's secrets must be looked
    /// up, this waits for them for as long as for a body.
    ///
    /// The future returns the head, and the delivery with its body. If the request is
    /// not a delivery for the handler, because it is rejected or is a handshake, it
    /// returns the response for its sender. It polls inside of its
    /// [span](ReceiveFuture::span).
    pub fn receive<H, B, R>(&self, head: H, body: B, runtime: R) -> ReceiveFuture<H, B, R>
    where
        H: HeadSource,
        B: BodySource,
        R: Runtime,
    {
        self.log_configuration();
        let span = self.span();
        let (permit, resolving) = span.in_scope(|| {
            (self.reserve(head.buffered_bytes()).ok(), head.with_head(|head| self.resolve(head)))
        });
        ReceiveFuture {
            announced: head.content_length().max(body.min_length()),
            state: State::Resolving { resolving, within: self.body_timeout(), permit },
            head: Some(head),
            body,
            wait: Wait { runtime, since: None, timer: None },
            span,
        }
    }
}

pin_project! {
    /// The future of [`Verifier::receive`].
    #[must_use = "futures do nothing unless polled"]
    pub struct ReceiveFuture<H, B, R: Runtime> {
        // Taken when the future completes.
        head: Option<H>,
        #[pin]
        body: B,
        announced: Option<u64>,
        state: State,
        wait: Wait<R>,
        span: DeliverySpan,
    }
}

enum State {
    /// The secrets are being looked up.
    Resolving {
        resolving: ResolveFuture,
        within: Duration,
        /// Taken when the state ends. `None` if the budget has no room for the
        /// request.
        permit: Option<BufferPermit>,
    },
    /// Taken when the future completes. Boxed because the future is moved before its
    /// first poll, and should not carry the space of its later states.
    Reading { delivery: Option<Box<IncomingDelivery>> },
}

/// How long the future has waited. Starts at the first wait.
struct Wait<R: Runtime> {
    runtime: R,
    since: Option<R::Instant>,
    /// Boxed because most bodies are already available and need no timer.
    timer: Option<Pin<Box<R::Sleep>>>,
}

impl<H, B, R: Runtime> ReceiveFuture<H, B, R> {
    /// The telemetry span of the request. The handler should run in it, too.
    #[must_use]
    pub fn span(&self) -> &DeliverySpan {
        &self.span
    }
}

impl<H: HeadSource, B: BodySource, R: Runtime> Future for ReceiveFuture<H, B, R> {
    type Output = Result<(H, ReceivedDelivery), EarlyResponse>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let span = self.span.clone();
        span.in_scope(|| self.poll_in_span(cx))
    }
}

impl<H: HeadSource, B: BodySource, R: Runtime> ReceiveFuture<H, B, R> {
    fn poll_in_span(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(H, ReceivedDelivery), EarlyResponse>> {
        ready!(self.as_mut().poll_head(cx))?;
        ready!(self.as_mut().poll_body(cx))?;
        let this = self.project();
        if let State::Reading { delivery } = this.state
            && let Some(delivery) = delivery.take()
            && let Some(head) = this.head.take()
        {
            let received = delivery.finish(*this.announced, &head);
            return Poll::Ready(received.map(|received| (head, received)));
        }
        // Polled again after completion: there is nothing left to return.
        Poll::Ready(Err(incomplete()))
    }

    /// Ready once the head is checked.
    fn poll_head(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), EarlyResponse>> {
        let this = self.project();
        let State::Resolving { resolving, within, permit } = this.state else {
            return Poll::Ready(Ok(()));
        };
        if permit.is_none() {
            return Poll::Ready(Err(EarlyResponse::Busy));
        }
        let verifier = match Pin::new(&mut *resolving).poll(cx) {
            Poll::Ready(verifier) => verifier?,
            Poll::Pending => {
                ready!(this.wait.poll(*within, cx));
                resolving.use_stale()?
            }
        };
        let (Some(head), Some(permit)) = (this.head, permit.take()) else {
            return Poll::Ready(Err(incomplete()));
        };
        let delivery = head.with_head(|head| verifier.begin_delivery(head))?;
        let mut delivery = Box::new(delivery.with_permit(permit));
        delivery.check_content_length(this.announced.unwrap_or(0))?;
        *this.state = State::Reading { delivery: Some(delivery) };
        this.wait.restart();
        Poll::Ready(Ok(()))
    }

    /// Reads the available part of the body. Ready once the whole body is read.
    fn poll_body(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), EarlyResponse>> {
        let mut this = self.project();
        let State::Reading { delivery: Some(delivery) } = this.state else {
            return Poll::Ready(Err(incomplete()));
        };
        for _ in 0..PIECES_PER_POLL {
            if !delivery.wants_body() || this.body.is_end() {
                return Poll::Ready(Ok(()));
            }
            match this.body.as_mut().poll_piece(cx) {
                Poll::Ready(None) => return Poll::Ready(Ok(())),
                Poll::Ready(Some(Ok(piece))) => delivery.update(piece)?,
                Poll::Ready(Some(Err(kind))) => {
                    let early = delivery.reject(kind);
                    if let Some(head) = this.head {
                        let (verifier, seen) = (delivery.verifier(), delivery.seen(false));
                        head.with_head(|head| changed_body::report(verifier, &early, seen, head));
                    }
                    return Poll::Ready(Err(early));
                }
                Poll::Pending => {
                    delivery.pause();
                    let elapsed = ready!(this.wait.poll(delivery.next_deadline(), cx));
                    delivery.check_rate(elapsed)?;
                }
            }
        }
        delivery.check_rate(this.wait.elapsed())?;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<R: Runtime> Wait<R> {
    fn restart(&mut self) {
        self.since = None;
        self.timer = None;
    }

    /// The time since the first call.
    fn elapsed(&mut self) -> Duration {
        let runtime = &self.runtime;
        runtime.elapsed(*self.since.get_or_insert_with(|| runtime.now()))
    }

    /// Ready once that much time has elapsed; returns the elapsed time.
    fn poll(&mut self, until: Duration, cx: &mut Context<'_>) -> Poll<Duration> {
        let left = until.saturating_sub(self.elapsed());
        let timer = self.timer.get_or_insert_with(|| Box::pin(self.runtime.sleep(left)));
        ready!(timer.as_mut().poll(cx));
        self.timer = None;
        Poll::Ready(self.elapsed())
    }
}

impl<H, B, R: Runtime> fmt::Debug for ReceiveFuture<H, B, R> {
    /// Shows the progress, but no part of the body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let delivery = match &self.state {
            State::Reading { delivery } => delivery.as_deref(),
            State::Resolving { .. } => None,
        };
        f.debug_struct("ReceiveFuture")
            .field("delivery", &delivery)
            .field("announced", &self.announced)
            .finish_non_exhaustive()
    }
}

fn incomplete() -> EarlyResponse {
    VerifyError::from(VerifyErrorKind::BodyIncomplete).into()
}

/// If a body always has another piece available, reading it must not keep its
/// deadline from being checked, or other tasks from running.
const PIECES_PER_POLL: usize = 128;
