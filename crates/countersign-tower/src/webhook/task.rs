//! The task of one delivery: claim, handle, settle. Nothing outside stops it.

use bytes::Bytes;
use countersign_core::{Arrived, DeliverySpan, IdempotencyStore, Receiver};
use http::request::Parts;
use http::{Request, Response};
use http_body_util::Full;
use tokio::sync::oneshot;
use tokio::time::sleep;
use tower_service::Service;

use crate::body::put_back;
use crate::response::{ResponseBody, answer};

/// Gives the answer as soon as there is one, and only then settles: nobody is
/// told that a handler has failed because its record could not be written.
pub(super) async fn run<S, T, ResBody>(
    receiver: Receiver<S>,
    arrived: Arrived,
    parts: Parts,
    mut service: T,
    span: DeliverySpan,
    give: oneshot::Sender<Result<Response<ResponseBody<ResBody>>, T::Error>>,
) where
    S: IdempotencyStore,
    T: Service<Request<Full<Bytes>>, Response = Response<ResBody>>,
{
    let Arrived { verified, reserved: _reserved, .. } = arrived;
    let claim = match receiver.claim(&verified, &sleep).await {
        Ok(claim) => claim,
        Err(other) => {
            let _ = give.send(Ok(answer(other)));
            return;
        }
    };
    let mut request = put_back(parts, verified);
    request.extensions_mut().insert(claim.grant());

    let handling = span.handling();
    let response = claim.renewed_while(service.call(request), &sleep).await;
    let status = response.as_ref().map(|response| response.status().as_u16()).ok();
    handling.ended(status);
    // Nobody takes it where the sender has left, or its deadline has passed.
    let _ = give.send(response.map(ResponseBody::of_service));
    // Whatever comes of the record, the effect has happened and the answer stands.
    match status {
        Some(status) => drop(receiver.settle(claim, status).await),
        None => drop(claim.release().await),
    }
}
