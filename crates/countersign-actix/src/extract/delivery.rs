//! The extractors that pass the claim to the handler.

use std::fmt;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::rt::spawn;
use actix_web::{FromRequest, HttpRequest};
use countersign_core::{
    Claim, DeliverySpan, IdempotencyStore, MemoryStore, Receiver, TokioRuntime, Verified,
};
use serde_core::de::DeserializeOwned;

use super::configured;
use super::rejection::{ExtractError, Rejection};
use crate::background::ensure_background;
use crate::body::receiving;

/// A verified delivery, its parsed JSON body, and the claim on its event.
///
/// The handler settles the claim itself: it completes it, releases it, or passes it
/// to a worker and responds at once. If the claim is dropped unsettled, by an early
/// return or a panic, it is released.
///
/// Only the handler can renew the claim. If its work may take longer than the lease,
/// it runs the work in [`Claim::run_with_renewal`]. There is no response deadline: the
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
/// use countersign_actix::ClaimedWebhookJson;
/// # use serde::Deserialize;
/// # async fn book(amount: u64) -> Result<(), ()> { Ok(()) }
///
/// #[derive(Deserialize)]
/// struct Event {
///     amount: u64,
/// }
///
/// async fn on_event(ClaimedWebhookJson { event, claim, .. }: ClaimedWebhookJson<Event>) -> HttpResponse {
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
pub struct ClaimedWebhookJson<T, S: IdempotencyStore = MemoryStore> {
    /// The verified delivery.
    pub verified: Verified,
    /// The parsed body.
    pub event: T,
    /// The claim, which the handler settles.
    pub claim: Claim<S>,
}

impl<T: DeserializeOwned, S: IdempotencyStore> FromRequest for ClaimedWebhookJson<T, S> {
    type Error = ExtractError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ExtractError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let (receiver, verified, span) = receive(&request, payload).await?;
            // Parsed before claiming: a body that the handler cannot read needs
            // no claim.
            let event = span.in_scope(|| verified.json()).map_err(Rejection::from)?;
            let claim = receiver.claim_detached(&verified, &span, TokioRuntime, spawn).await;
            let claim = claim.map_err(Rejection::from)?;
            Ok(Self { verified, event, claim })
        })
    }
}

/// A verified delivery and the claim on its event: [`ClaimedWebhookJson`] for a body that
/// is not JSON.
#[non_exhaustive]
pub struct ClaimedWebhook<S: IdempotencyStore = MemoryStore> {
    /// The verified delivery, with its body.
    pub verified: Verified,
    /// The claim, which the handler settles.
    pub claim: Claim<S>,
}

impl<S: IdempotencyStore> FromRequest for ClaimedWebhook<S> {
    type Error = ExtractError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ExtractError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let (receiver, verified, span) = receive(&request, payload).await?;
            let claim = receiver.claim_detached(&verified, &span, TokioRuntime, spawn).await;
            let claim = claim.map_err(Rejection::from)?;
            Ok(Self { verified, claim })
        })
    }
}

async fn receive<S: IdempotencyStore>(
    request: &HttpRequest,
    mut payload: Payload,
) -> Result<(Receiver<S>, Verified, DeliverySpan), ExtractError> {
    let receiver = match configured::<Receiver<S>>(request) {
        Ok(receiver) => receiver,
        Err(error) => return Err(ExtractError::before_the_end(error.into(), payload)),
    };
    ensure_background(&receiver);
    let receiving = receiving(receiver.verifier(), request, &mut payload);
    let span = receiving.span().clone();
    match receiving.await {
        Ok((_, delivery)) => Ok((receiver, delivery.into_verified(), span)),
        Err(early) => Err(ExtractError::before_the_end(early, payload)),
    }
}

impl<T, S: IdempotencyStore> fmt::Debug for ClaimedWebhookJson<T, S> {
    /// Shows the verified delivery and the claim, but not the contents of the
    /// body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClaimedWebhookJson")
            .field("verified", &self.verified)
            .field("claim", &self.claim)
            .finish_non_exhaustive()
    }
}

impl<S: IdempotencyStore> fmt::Debug for ClaimedWebhook<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClaimedWebhook")
            .field("verified", &self.verified)
            .field("claim", &self.claim)
            .finish()
    }
}
