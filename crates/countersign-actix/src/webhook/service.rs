//! The service: reads the body, runs the delivery's task, and sends its response.

use std::fmt;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::Error;
use actix_web::body::EitherBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, always_ready};
use actix_web::rt::spawn;
use actix_web::rt::time::{Instant, timeout};
use countersign_core::{EarlyResponse, IdempotencyStore, Verified};
use tokio::sync::oneshot;

use super::middleware::Shared;
use super::task;
use crate::background::ensure_background;
use crate::body::read_body;
use crate::extract::Rejection;
use crate::ready::Behind;
use crate::response::answered;

/// A service that is called once for each event; see
/// [`WebhookMiddleware`](crate::WebhookMiddleware).
pub struct WebhookService<S: IdempotencyStore, T> {
    pub(super) inner: Rc<Behind<T>>,
    pub(super) shared: Arc<Shared<S>>,
}

impl<S, T, B> Service<ServiceRequest> for WebhookService<S, T>
where
    S: IdempotencyStore,
    T: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    // The inner service is only for claimed events, so its readiness is checked only for them.
    always_ready!();

    fn call(&self, request: ServiceRequest) -> Self::Future {
        ensure_background(&self.shared.receiver);
        Box::pin(respond(Arc::clone(&self.shared), Rc::clone(&self.inner), request))
    }
}

async fn respond<S, T, B>(
    shared: Arc<Shared<S>>,
    service: Rc<Behind<T>>,
    mut request: ServiceRequest,
) -> Result<ServiceResponse<EitherBody<B>>, Error>
where
    S: IdempotencyStore,
    T: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: 'static,
{
    let began = Instant::now();
    let answer_within = shared.receiver.response_deadline();
    let span = shared.receiver.verifier().span();
    let (head, payload) = request.parts_mut();
    let read = read_body(shared.receiver.verifier(), head, payload);
    let arrived = match span.instrument(read).await {
        Ok(arrived) => arrived,
        Err(other) => return Ok(answered(request, other)),
    };
    let proof = arrived.verified.clone();
    let receiver = shared.receiver.clone();
    let (give, mut given) = oneshot::channel();
    let task = task::run(receiver, arrived, request, service, span.clone(), give);
    let task = span.instrument(task);
    // From here on a client that disconnects cancels nothing, not even a claim that is in progress.
    let left = answer_within.saturating_sub(began.elapsed());
    let ended = run_detached(shared.tasks.track_future(task), left).await;
    let answer = match (given.try_recv(), ended) {
        // Even at the deadline: the handler finished in time, and only its completion is not
        // written yet.
        (Ok(given), _) => given,
        (Err(_), TaskOutcome::Panicked) => Err(without_request(EarlyResponse::HandlerFailed)),
        (Err(_), TaskOutcome::Completed | TaskOutcome::Stopped) => {
            Err(without_request(EarlyResponse::Busy))
        }
        (Err(_), TaskOutcome::Not) => {
            span.timed_out();
            Err(without_request(EarlyResponse::HandlerTimeout))
        }
    };
    with_proof(answer, proof)
}

/// Runs a future that nothing outside of it can cancel, and waits for it at most `wait`. A future
/// that completes at its first poll needs no separate task.
async fn run_detached(work: impl Future<Output = ()> + 'static, wait: Duration) -> TaskOutcome {
    let mut work = Box::pin(work);
    let mut polled = |cx: &mut Context<'_>| {
        Poll::Ready(catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))))
    };
    match poll_fn(&mut polled).await {
        Ok(Poll::Ready(())) => return TaskOutcome::Completed,
        Ok(Poll::Pending) => {}
        Err(_) => return TaskOutcome::Panicked,
    }
    match timeout(wait, spawn(work)).await {
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
    /// The worker is shutting down.
    Stopped,
    Not,
}

fn without_request(answer: EarlyResponse) -> Error {
    Rejection::from(answer).into()
}

fn with_proof<B>(
    answer: Result<ServiceResponse<B>, Error>,
    proof: Verified,
) -> Result<ServiceResponse<B>, Error> {
    match answer {
        Ok(mut response) => {
            response.response_mut().extensions_mut().insert(proof);
            Ok(response)
        }
        Err(mut error) => {
            error.add_response_mapper(move |mut response| {
                response.extensions_mut().insert(proof.clone());
                response
            });
            Err(error)
        }
    }
}

impl<S: IdempotencyStore, T> fmt::Debug for WebhookService<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookService")
            .field("receiver", &self.shared.receiver)
            .finish_non_exhaustive()
    }
}
