//! The extractors that hand the claim to the handler.

use std::fmt;
use std::panic::resume_unwind;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::rt::spawn;
use actix_web::rt::time::sleep;
use actix_web::{FromRequest, HttpRequest};
use countersign_core::{
    Answer, Claim, DeliverySpan, IdempotencyStore, MemoryStore, Receiver, Verified,
};
use serde_core::de::DeserializeOwned;

use super::configured;
use super::rejection::{Rejected, Rejection};
use crate::background::ensure_background;
use crate::body::read_body;

/// A delivery that is proved, what its JSON says, and the claim on its event.
///
/// The handler settles the claim itself: it completes it, releases it, or gives
/// it to a worker and answers at once. Dropped unsettled, by an early return or
/// a panic, the claim gives its event back.
///
/// Nobody renews the claim but the handler: one that takes longer than the lease
/// does its work by [`Claim::renewed_while`]. Nor is there a deadline: the
/// sender gets the handler's answer, however late.
///
/// A sender whose connection breaks cancels the handler, as everywhere in
/// actix-web, and then the event is given back too. A handler that must not be
/// stopped half-way stands behind a [`WebhookMiddleware`](crate::WebhookMiddleware),
/// or does its work in a task.
///
/// It takes the body, so nothing else in front of it or beside it can. The
/// `Receiver` comes out of the app's data. Where there is none, the answer is 503
/// `misconfigured`.
///
/// ```
/// use actix_web::HttpResponse;
/// use countersign_actix::Delivery;
/// # use serde::Deserialize;
/// # async fn book(amount: u64) -> Result<(), ()> { Ok(()) }
///
/// #[derive(Deserialize)]
/// struct Event {
///     amount: u64,
/// }
///
/// async fn on_event(Delivery { event, claim, .. }: Delivery<Event>) -> HttpResponse {
///     match book(event.amount).await {
///         Ok(()) => {
///             // Booked is booked: where the record cannot be written yet, it is tried again.
///             let _ = claim.complete().await;
///             HttpResponse::NoContent().finish()
///         }
///         Err(()) => {
///             let _ = claim.release().await;
///             HttpResponse::ServiceUnavailable().finish()
///         }
///     }
/// }
/// # let _ = on_event;
/// ```
#[non_exhaustive]
pub struct Delivery<T, S: IdempotencyStore = MemoryStore> {
    /// The proof.
    pub verified: Verified,
    /// What the body says.
    pub event: T,
    /// The claim, to be settled.
    pub claim: Claim<S>,
}

impl<T: DeserializeOwned, S: IdempotencyStore> FromRequest for Delivery<T, S> {
    type Error = Rejected;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Rejected>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let (receiver, verified, span) = proved(&request, payload).await?;
            // Before the claim: what no handler can read is not worth holding.
            let event = span.in_scope(|| verified.json()).map_err(Rejection::from)?;
            let claim = claim(receiver, verified.clone(), &span).await?;
            Ok(Self { verified, event, claim })
        })
    }
}

/// A delivery that is proved, and the claim on its event: [`Delivery`] for a
/// body that is not JSON.
#[non_exhaustive]
pub struct Claimed<S: IdempotencyStore = MemoryStore> {
    /// The proof, with the body.
    pub verified: Verified,
    /// The claim, to be settled.
    pub claim: Claim<S>,
}

impl<S: IdempotencyStore> FromRequest for Claimed<S> {
    type Error = Rejected;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Rejected>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let (receiver, verified, span) = proved(&request, payload).await?;
            let claim = claim(receiver, verified.clone(), &span).await?;
            Ok(Self { verified, claim })
        })
    }
}

async fn proved<S: IdempotencyStore>(
    request: &HttpRequest,
    mut payload: Payload,
) -> Result<(Receiver<S>, Verified, DeliverySpan), Rejected> {
    let receiver = match configured::<Receiver<S>>(request) {
        Ok(receiver) => receiver,
        Err(error) => return Err(Rejected::before_the_end(error.into(), payload)),
    };
    ensure_background(&receiver);
    let span = receiver.verifier().span();
    match span.instrument(read_body(receiver.verifier(), request, &mut payload)).await {
        Ok(arrived) => Ok((receiver, arrived.into_verified(), span)),
        Err(answer) => Err(Rejected::before_the_end(answer, payload)),
    }
}

/// Claims in a task of its own: a sender that leaves while the store is being
/// asked would leave a claim behind that nobody holds. This way it is given
/// back.
async fn claim<S: IdempotencyStore>(
    receiver: Receiver<S>,
    verified: Verified,
    span: &DeliverySpan,
) -> Result<Claim<S>, Rejection> {
    let claiming = async move { receiver.claim(&verified, &sleep).await };
    let claiming = spawn(span.instrument(claiming));
    match claiming.await {
        Ok(claimed) => Ok(claimed?),
        Err(stopped) => match stopped.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            // The runtime is shutting down.
            Err(_) => Err(Answer::Busy.into()),
        },
    }
}

impl<T, S: IdempotencyStore> fmt::Debug for Delivery<T, S> {
    /// Shows proof and claim, and nothing that the body says.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("verified", &self.verified)
            .field("claim", &self.claim)
            .finish_non_exhaustive()
    }
}

impl<S: IdempotencyStore> fmt::Debug for Claimed<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claimed")
            .field("verified", &self.verified)
            .field("claim", &self.claim)
            .finish()
    }
}
