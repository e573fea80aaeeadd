//! The task of one delivery: claim, handle, settle. Nothing outside stops it.

use std::convert::Infallible;
use std::pin::pin;

use bytes::Bytes;
use countersign_core::{Claim, IdempotencyStore, Receiver, Verified};
use http::request::Parts;
use http::{Request, Response};
use http_body_util::Full;
use tokio::select;
use tokio::time::sleep;
use tower_service::Service;

use crate::body::put_back;
use crate::response::answer;

pub(super) async fn run<S, T, ResBody>(
    receiver: Receiver<S>,
    verified: Verified,
    parts: Parts,
    mut service: T,
) -> Result<T::Response, T::Error>
where
    S: IdempotencyStore,
    T: Service<Request<Full<Bytes>>, Response = Response<ResBody>>,
    ResBody: Default,
{
    let proof = verified.clone();
    let claim = match receiver.claim(&verified, &sleep).await {
        Ok(claim) => claim,
        Err(other) => return Ok(with_proof(answer(other), proof)),
    };
    let mut request = put_back(parts, verified);
    request.extensions_mut().insert(claim.grant());

    let response = renewed(&claim, service.call(request)).await;
    match response {
        Ok(response) => {
            // Whatever comes of the record, the effect has happened and the answer stands.
            receiver.settle(claim, response.status().as_u16()).await;
            Ok(with_proof(response, proof))
        }
        // Dropped unsettled, the claim gives the event back.
        Err(error) => Err(error),
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
    loop {
        sleep(claim.lease() / 3).await;
        // One that fails is tried again at the next third.
        let _ = claim.renew().await;
    }
}

fn with_proof<B>(mut response: Response<B>, proof: Verified) -> Response<B> {
    response.extensions_mut().insert(proof);
    response
}
