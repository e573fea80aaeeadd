//! The task of one delivery: claim, handle, settle. Nothing outside stops it.

use std::convert::Infallible;
use std::future::pending;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use countersign_core::{Arrived, Claim, DeliverySpan, IdempotencyStore, Receiver, RenewOutcome};
use http::request::Parts;
use http::{Request, Response};
use http_body_util::Full;
use tokio::select;
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
    let response = renewed(&claim, service.call(request)).await;
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
