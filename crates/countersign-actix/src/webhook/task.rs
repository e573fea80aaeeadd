//! The task of one delivery: claim, handle, settle. Nothing outside stops it.

use std::convert::Infallible;
use std::future::pending;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use actix_web::body::EitherBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse};
use actix_web::rt::time::sleep;
use actix_web::{Error, HttpMessage};
use countersign_core::{Arrived, Claim, DeliverySpan, IdempotencyStore, Receiver, RenewOutcome};
use tokio::select;
use tokio::sync::oneshot;

use crate::body::put_back;
use crate::response::{answered, status};

/// Gives the answer as soon as there is one, and only then settles: nobody is
/// told that a handler has failed because its record could not be written.
pub(super) async fn run<S, T, B>(
    receiver: Receiver<S>,
    arrived: Arrived,
    mut request: ServiceRequest,
    service: Rc<T>,
    span: DeliverySpan,
    give: oneshot::Sender<Result<ServiceResponse<EitherBody<B>>, Error>>,
) where
    S: IdempotencyStore,
    T: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    let Arrived { verified, reserved: _reserved, .. } = arrived;
    let claim = match receiver.claim(&verified, &sleep).await {
        Ok(claim) => claim,
        Err(other) => {
            let _ = give.send(Ok(answered(request, other)));
            return;
        }
    };
    put_back(&mut request, verified);
    request.extensions_mut().insert(claim.grant());

    let handling = span.handling();
    let response = renewed(&claim, service.call(request)).await;
    let status = status(&response);
    handling.ended(Some(status));
    // Nobody takes it where the sender has left, or its deadline has passed.
    let _ = give.send(response.map(ServiceResponse::map_into_left_body));
    // Whatever comes of the record, the effect has happened and the answer stands.
    drop(receiver.settle(claim, status).await);
}

/// Keeps the claim's lease alive while its handler runs. A lease that is lost
/// does not stop the handler: what it has begun may not be left half done.
async fn renewed<S: IdempotencyStore, F: Future>(claim: &Claim<S>, handler: F) -> F::Output {
    let mut handler = pin!(handler);
    let mut renewals = pin!(renewals(claim));
    select! {
        biased;
        output = &mut handler => output,
        never = &mut renewals => match never {},
    }
}

async fn renewals<S: IdempotencyStore>(claim: &Claim<S>) -> Infallible {
    let every = (claim.lease() / 3).max(LEAST_PAUSE);
    loop {
        sleep(every).await;
        // One that fails is tried again at the next third. One that is lost stays lost.
        if let Ok(RenewOutcome::Lost) = claim.renew().await {
            return pending().await;
        }
    }
}

/// A lease of next to nothing is renewed in vain, and must not cost a core.
const LEAST_PAUSE: Duration = Duration::from_millis(10);
