//! The task of one delivery: claim, handle, settle. Nothing outside of it
//! cancels it.

use std::rc::Rc;

use actix_web::body::EitherBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse};
use actix_web::rt::time::sleep;
use actix_web::{Error, HttpMessage};
use countersign_core::{DeliverySpan, IdempotencyStore, ReceivedDelivery, Receiver};
use tokio::sync::oneshot;

use crate::body::rebuild_request;
use crate::ready::Behind;
use crate::response::{answered, status};

/// Sends the response as soon as it is available, and settles afterwards. If only the completion
/// cannot be written, the sender still gets the response of the successful handler.
pub(super) async fn run<S, T, B>(
    receiver: Receiver<S>,
    arrived: ReceivedDelivery,
    mut request: ServiceRequest,
    service: Rc<Behind<T>>,
    span: DeliverySpan,
    give: oneshot::Sender<Result<ServiceResponse<EitherBody<B>>, Error>>,
) where
    S: IdempotencyStore,
    T: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    let ReceivedDelivery { verified, permit: reserved, .. } = arrived;
    let claim = match receiver.claim(&verified, &sleep).await {
        Ok(claim) => claim,
        Err(other) => {
            let _ = give.send(Ok(answered(request, other)));
            return;
        }
    };
    rebuild_request(&mut request, verified);
    request.extensions_mut().insert(claim.grant());

    let work = async {
        let (calling, handling) = service.call(request, &span).await?;
        let response = calling.await;
        handling.ended(Some(status(&response)));
        response
    };
    let response = claim.run_with_renewal(work, &sleep).await;
    let status = status(&response);
    // Fails if the client has disconnected, or if its deadline has passed.
    let _ = give.send(response.map(ServiceResponse::map_into_left_body));
    // The response is sent, so a slow store does not hold a share of the
    // budget.
    drop(reserved);
    // Even if the completion fails, the handler has had its effect, and the
    // response is final.
    drop(receiver.settle_in_time(claim, Some(status), &sleep).await);
}
