//! The task of one delivery: claim, handle, settle. Nothing outside stops it.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use countersign_core::{DeliverySpan, IdempotencyStore, Reserved};
use http::{Request, Response};
use http_body_util::Full;
use tokio::sync::oneshot;
use tokio::time::sleep;
use tower_service::Service;

use super::layer::Shared;
use crate::response::{ResponseBody, answer};

/// Gives the answer as soon as there is one, and only then settles: nobody is
/// told that a handler has failed because its record could not be written.
#[expect(
    clippy::manual_async_fn,
    reason = "an `async fn` has room for its arguments twice: as given, and as used"
)]
pub(super) fn run<S, T, ResBody>(
    shared: Arc<Shared<S>>,
    (mut request, reserved): (Request<Full<Bytes>>, Reserved),
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
                let _ = give.send(Ok(answer(other)));
                return;
            }
        };
        request.extensions_mut().insert(claim.grant());

        let status = {
            let work = pin!(async {
                // Only now, so that no request without a claim has the service's permits.
                poll_fn(|cx| service.poll_ready(cx)).await?;
                let handling = span.handling();
                let response = service.call(request).await;
                handling.ended(response.as_ref().ok().map(status));
                response
            });
            let response = claim.renewed_while(work, &sleep).await;
            let status = response.as_ref().ok().map(status);
            // Nobody takes it where the sender has left, or its deadline has passed.
            let _ = give.send(response.map(ResponseBody::of_service));
            status
        };
        // The answer is given: a store that is slow takes up no share of the budget.
        drop(reserved);
        // Whatever comes of the record, the effect has happened and the answer stands.
        drop(receiver.settle_in_time(claim, status, &sleep).await);
    }
}

fn status<B>(response: &Response<B>) -> u16 {
    response.status().as_u16()
}
