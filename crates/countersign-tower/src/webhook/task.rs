//! The task of one delivery: claim, handle, settle. Nothing outside of it cancels it.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use countersign_core::{BufferPermit, DeliverySpan, IdempotencyStore};
use http::{Request, Response};
use http_body_util::Full;
use tokio::sync::oneshot;
use tokio::time::sleep;
use tower_service::Service;

use super::layer::Shared;
use crate::response::{ResponseBody, into_response};

/// Sends the response as soon as it is available, and settles afterwards. If only the completion
/// cannot be written, the sender still gets the response of the successful handler.
#[expect(
    clippy::manual_async_fn,
    reason = "an `async fn` has room for its arguments twice: as given, and as used"
)]
pub(super) fn run<S, T, ResBody>(
    shared: Arc<Shared<S>>,
    (mut request, reserved): (Request<Full<Bytes>>, BufferPermit),
    mut service: T,
    span: DeliverySpan,
    give: oneshot::Sender<Result<Response<ResponseBody<ResBody>>, T::Error>>,
) -> impl Future<Output = ()>
where
    S: IdempotencyStore,
    T: Service<Request<Full<Bytes>>, Response = Response<ResBody>>,
{
    async move {
        let receiver = &shared.receiver;
        let verified = request.extensions().get().expect("`put_back` has put it there");
        let claim = match receiver.claim(verified, &sleep).await {
            Ok(claim) => claim,
            Err(other) => {
                let _ = give.send(Ok(into_response(other)));
                return;
            }
        };
        request.extensions_mut().insert(claim.grant());

        let status = {
            let work = pin!(async {
                // Only now, so that requests without a claim never hold the service's permits.
                poll_fn(|cx| service.poll_ready(cx)).await?;
                let handling = span.handling();
                let response = service.call(request).await;
                handling.ended(response.as_ref().ok().map(status));
                response
            });
            let response = claim.run_with_renewal(work, &sleep).await;
            let status = response.as_ref().ok().map(status);
            // Fails if the client has disconnected, or if its deadline has passed.
            let _ = give.send(response.map(ResponseBody::of_service));
            status
        };
        // The response is sent, so a slow store does not hold a share of the budget.
        drop(reserved);
        // Even if the completion fails, the handler has had its effect, and the response is final.
        drop(receiver.settle_in_time(claim, status, &sleep).await);
    }
}

fn status<B>(response: &Response<B>) -> u16 {
    response.status().as_u16()
}
