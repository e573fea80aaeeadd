//! The task of one delivery: claim, handle, settle. Nothing outside stops it.

use std::rc::Rc;

use actix_web::body::EitherBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse};
use actix_web::rt::time::sleep;
use actix_web::{Error, HttpMessage};
use countersign_core::{Arrived, DeliverySpan, IdempotencyStore, Receiver};
use tokio::sync::oneshot;

use crate::body::put_back;
use crate::ready::Behind;
use crate::response::{answered, status};

/// Gives the answer as soon as there is one, and only then settles: nobody is
/// told that a handler has failed because its record could not be written.
pub(super) async fn run<S, T, B>(
    receiver: Receiver<S>,
    arrived: Arrived,
    mut request: ServiceRequest,
    service: Rc<Behind<T>>,
    span: DeliverySpan,
    give: oneshot::Sender<Result<ServiceResponse<EitherBody<B>>, Error>>,
) where
    S: IdempotencyStore,
    T: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    let Arrived { verified, reserved, .. } = arrived;
    let claim = match receiver.claim(&verified, &sleep).await {
        Ok(claim) => claim,
        Err(other) => {
            let _ = give.send(Ok(answered(request, other)));
            return;
        }
    };
    put_back(&mut request, verified);
    request.extensions_mut().insert(claim.grant());

    let work = async {
        let (calling, handling) = service.call(request, &span).await?;
        let response = calling.await;
        handling.ended(Some(status(&response)));
        response
    };
    let response = claim.renewed_while(work, &sleep).await;
    let status = status(&response);
    // Nobody takes it where the sender has left, or its deadline has passed.
    let _ = give.send(response.map(ServiceResponse::map_into_left_body));
    // The answer is given: a store that is slow takes up no share of the budget.
    drop(reserved);
    // Whatever comes of the record, the effect has happened and the answer stands.
    drop(receiver.settle_in_time(claim, Some(status), &sleep).await);
}
