//! Calls a service that outlives its connection, and waits for its response.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use countersign_core::{DeliverySpan, TokioRuntime, Verified, run_detached};
use http::{Request, Response};
use http_body_util::Full;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tower_service::Service;

use crate::response::{ResponseBody, into_response};

/// The result of the service.
pub(crate) type Called<B, E> = Result<Response<ResponseBody<B>>, E>;

/// Runs the work of a delivery, which nothing can cancel, and waits for its response until the
/// deadline.
pub(crate) async fn respond<F, B, E>(
    work: Pin<Box<F>>,
    mut response: oneshot::Receiver<Called<B, E>>,
    began: Instant,
    within: Duration,
    span: DeliverySpan,
    verified: Verified,
) -> Called<B, E>
where
    F: Future<Output = ()> + Send + 'static,
{
    let outcome = run_detached(work, began, within, &TokioRuntime, tokio::spawn).await;
    let mut response = match response.try_recv() {
        // Even at the deadline: the handler finished in time, and only its completion is not
        // written yet.
        Ok(response) => response?,
        Err(_) => into_response(outcome.early_response(&span)),
    };
    response.extensions_mut().insert(verified);
    Ok(response)
}

/// Calls the service once it is ready, and returns its response and the status of it.
#[expect(
    clippy::manual_async_fn,
    reason = "an `async fn` has room for its arguments twice: as given, and as used"
)]
pub(crate) fn call<T, ResBody>(
    mut service: T,
    request: Request<Full<Bytes>>,
    span: DeliverySpan,
) -> impl Future<Output = (Called<ResBody, T::Error>, Option<u16>)>
where
    T: Service<Request<Full<Bytes>>, Response = Response<ResBody>>,
{
    async move {
        // Only now, so that requests without a claim never hold the service's permits.
        if let Err(error) = poll_fn(|cx| service.poll_ready(cx)).await {
            return (Err(error), None);
        }
        let handling = span.handling();
        let response = service.call(request).await;
        let status = response.as_ref().ok().map(|response| response.status().as_u16());
        handling.ended(status);
        (response.map(ResponseBody::of_service), status)
    }
}

/// Calls the service of a layer that is applied twice. To claim the event again would wait for the
/// outer layer, which waits for this one.
pub(crate) async fn pass_on<T, ResBody>(
    mut service: T,
    request: Request<Full<Bytes>>,
) -> Called<ResBody, T::Error>
where
    T: Service<Request<Full<Bytes>>, Response = Response<ResBody>>,
{
    poll_fn(|cx| service.poll_ready(cx)).await?;
    service.call(request).await.map(ResponseBody::of_service)
}
