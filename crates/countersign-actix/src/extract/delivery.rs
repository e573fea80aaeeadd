//! The extractors that pass the claim to the handler.

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

/// A verified delivery, its parsed JSON body, and the claim on its event.
///
/// The handler settles the claim itself: it completes it, releases it, or passes it
/// to a worker and responds at once. If the claim is dropped unsettled, by an early
/// return or a panic, it is released.
///
/// Only the handler can renew the claim. If its work may take longer than the lease,
/// it runs the work in [`Claim::renewed_while`]. There is no response deadline: the
/// sender gets the handler's response however late it is.
///
/// If the connection breaks, actix-web cancels the handler, and the claim is
/// released. If a handler must not be cancelled, use a
/// [`WebhookMiddleware`](crate::WebhookMiddleware), or spawn a task for its work.
///
/// The extractor takes the body, so no other extractor or outer middleware can read
/// it. The `Receiver` comes from the app data. If there is none, the response is 503
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
///             // The booking is done. If it cannot be recorded now, recording is retried.
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
    /// The verified delivery.
    pub verified: Verified,
    /// The parsed body.
    pub event: T,
    /// The claim, which the handler settles.
    pub claim: Claim<S>,
}

impl<T: DeserializeOwned, S: IdempotencyStore> FromRequest for Delivery<T, S> {
    type Error = Rejected;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Rejected>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let (receiver, verified, span) = proved(&request, payload).await?;
            // Parsed before claiming: a body that the handler cannot read needs
            // no claim.
            let event = span.in_scope(|| verified.json()).map_err(Rejection::from)?;
            let claim = claim(receiver, verified.clone(), &span).await?;
            Ok(Self { verified, event, claim })
        })
    }
}

/// A verified delivery and the claim on its event: [`Delivery`] for a body that
/// is not JSON.
#[non_exhaustive]
pub struct Claimed<S: IdempotencyStore = MemoryStore> {
    /// The verified delivery, with its body.
    pub verified: Verified,
    /// The claim, which the handler settles.
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

/// Claims the event in a separate task. If the client disconnects during the
/// call to the store, the task still finishes, and the claim is dropped and
/// released. Without the task, a claim that nothing owns could be left in the
/// store.
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
    /// Shows the verified delivery and the claim, but not the contents of the
    /// body.
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
