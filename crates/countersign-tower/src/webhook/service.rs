//! The service: reads the body, runs the delivery's task, and sends its response.

use std::fmt;
use std::future::{self, Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use countersign_core::{DeliverySpan, EarlyResponse, IdempotencyStore, ReceivedDelivery};
use futures_util::FutureExt;
use futures_util::future::Either;
use http::request::Parts;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};
use tower_service::Service;

use super::layer::Shared;
use super::task;
use crate::body::{BoxError, ReadBody, rebuild_request};
use crate::response::{ResponseBody, into_response};

/// A service that is called once for each event; see [`WebhookLayer`](crate::WebhookLayer).
pub struct WebhookService<S: IdempotencyStore, T> {
    pub(super) inner: T,
    pub(super) shared: Arc<Shared<S>>,
}

impl<S, T, B, ResBody> Service<Request<B>> for WebhookService<S, T>
where
    S: IdempotencyStore,
    T: Service<Request<Full<Bytes>>, Response = Response<ResBody>> + Clone + Send + 'static,
    T::Future: Send + 'static,
    T::Error: Send + 'static,
    B: Body + Send + 'static,
    B::Error: Into<BoxError>,
    ResBody: Send + 'static,
{
    type Response = Response<ResponseBody<ResBody>>;
    type Error = T::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, T::Error>> + Send>>;

    /// Always ready. Limited resources of the inner service, such as permits, are acquired only for
    /// claimed events.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), T::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        self.shared.ensure_background();
        let service = self.inner.clone();
        let (shared, began) = (Arc::clone(&self.shared), Instant::now());
        let read = ReadBody::new(shared.receiver.verifier(), request);
        let span = read.span().clone();
        // Reading and responding use the same memory in turn. An `async fn` for both would reserve
        // memory for the request three times.
        Box::pin(read.then(move |read| respond(&shared, began, span, service, read)))
    }
}

fn respond<S, T, ResBody>(
    shared: &Arc<Shared<S>>,
    began: Instant,
    span: DeliverySpan,
    service: T,
    read: Result<(Parts, ReceivedDelivery), EarlyResponse>,
) -> impl Future<Output = Result<Response<ResponseBody<ResBody>>, T::Error>> + use<S, T, ResBody>
where
    S: IdempotencyStore,
    T: Service<Request<Full<Bytes>>, Response = Response<ResBody>> + Send + 'static,
    T::Future: Send + 'static,
    T::Error: Send + 'static,
    ResBody: Send + 'static,
{
    let (parts, arrived) = match read {
        Ok(arrived) => arrived,
        Err(other) => return Either::Left(future::ready(Ok(into_response(other)))),
    };
    let ReceivedDelivery { verified, permit: reserved, .. } = arrived;
    let proof = verified.clone();
    let request = rebuild_request(parts, verified);
    let answer_within = shared.receiver.response_deadline();
    let (give, mut given) = oneshot::channel();
    let task = task::run(Arc::clone(shared), (request, reserved), service, span.clone(), give);
    // From here on a client that disconnects cancels nothing, not even a claim that is in progress.
    let task = Box::pin(shared.tasks.track_future(span.instrument(task)));
    Either::Right(async move {
        let ended = run_detached(task, began, answer_within).await;
        let mut response = match (given.try_recv(), ended) {
            // Even at the deadline: the handler finished in time, and only its completion is not
            // written yet.
            (Ok(given), _) => given?,
            (Err(_), TaskOutcome::Panicked) => into_response(EarlyResponse::HandlerFailed),
            (Err(_), TaskOutcome::Completed | TaskOutcome::Stopped) => {
                into_response(EarlyResponse::Busy)
            }
            (Err(_), TaskOutcome::Not) => {
                span.timed_out();
                into_response(EarlyResponse::HandlerTimeout)
            }
        };
        response.extensions_mut().insert(proof);
        Ok(response)
    })
}

/// Runs a future that nothing outside of it can cancel, and waits for it until `within` has passed
/// since the request began. A future that completes at its first poll needs no separate task.
async fn run_detached(
    mut work: Pin<Box<impl Future<Output = ()> + Send + 'static>>,
    began: Instant,
    within: Duration,
) -> TaskOutcome {
    let mut polled = |cx: &mut Context<'_>| {
        Poll::Ready(catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))))
    };
    match poll_fn(&mut polled).await {
        Ok(Poll::Ready(())) => return TaskOutcome::Completed,
        Ok(Poll::Pending) => {}
        Err(_) => return TaskOutcome::Panicked,
    }
    match timeout(within.saturating_sub(began.elapsed()), tokio::spawn(work)).await {
        Ok(Ok(())) => TaskOutcome::Completed,
        Ok(Err(stopped)) if stopped.is_panic() => TaskOutcome::Panicked,
        Ok(Err(_)) => TaskOutcome::Stopped,
        Err(_) => TaskOutcome::Not,
    }
}

/// The state of a task at the end of the wait.
enum TaskOutcome {
    Completed,
    Panicked,
    /// The runtime is shutting down.
    Stopped,
    Not,
}

impl<S: IdempotencyStore, T: Clone> Clone for WebhookService<S, T> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), shared: Arc::clone(&self.shared) }
    }
}

impl<S: IdempotencyStore, T> fmt::Debug for WebhookService<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookService")
            .field("receiver", &self.shared.receiver)
            .finish_non_exhaustive()
    }
}
