//! The extractors that pass the claim to the handler.

use std::fmt;

use axum_core::extract::{FromRef, FromRequest, Request};
use countersign_core::{
    Claim, DeliverySpan, IdempotencyStore, MemoryStore, Receiver, TokioRuntime, Verified,
};
use countersign_tower::HttpBody;
use serde_core::de::DeserializeOwned;

use crate::rejection::Rejection;

/// A verified delivery, its parsed JSON body, and the claim on its event.
///
/// The handler settles the claim itself: it completes it, releases it, or passes
/// it to a worker and responds at once. If the claim is dropped unsettled, by an
/// early return or a panic, it is released.
///
/// Only the handler can renew the claim. If its work may take longer than the
/// lease, it runs the work in [`Claim::run_with_renewal`]. There is no response
/// deadline: the sender gets the handler's response however late it is.
///
/// If the client disconnects, axum cancels the handler, and the claim is
/// released. If a handler must not be cancelled, use
/// `countersign_tower::WebhookLayer`, or spawn a task for its work.
///
/// The extractor reads the body, so it must be the last argument of its handler.
///
/// ```
/// use axum::http::StatusCode;
/// use countersign_axum::ClaimedWebhookJson;
/// # use serde::Deserialize;
/// # async fn book(amount: u64) -> Result<(), ()> { Ok(()) }
///
/// #[derive(Deserialize)]
/// struct Event {
///     amount: u64,
/// }
///
/// async fn on_event(ClaimedWebhookJson { event, claim, .. }: ClaimedWebhookJson<Event>) -> StatusCode {
///     match book(event.amount).await {
///         Ok(()) => {
///             // The booking is done. If it cannot be recorded now, recording is retried.
///             let _ = claim.complete().await;
///             StatusCode::NO_CONTENT
///         }
///         Err(()) => {
///             let _ = claim.release().await;
///             StatusCode::SERVICE_UNAVAILABLE
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

impl<T, S, State> FromRequest<State> for ClaimedWebhookJson<T, S>
where
    T: DeserializeOwned + Send,
    S: IdempotencyStore,
    Receiver<S>: FromRef<State>,
    State: Send + Sync,
{
    type Rejection = Rejection;

    async fn from_request(request: Request, state: &State) -> Result<Self, Rejection> {
        let receiver = Receiver::from_ref(state);
        let (verified, span) = receive(&receiver, request).await?;
        // Parsed before claiming: a body that the handler cannot read needs no
        // claim.
        let event = span.in_scope(|| verified.json())?;
        let claim = receiver.claim_detached(&verified, &span, TokioRuntime, tokio::spawn).await?;
        Ok(Self { verified, event, claim })
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

impl<S, State> FromRequest<State> for ClaimedWebhook<S>
where
    S: IdempotencyStore,
    Receiver<S>: FromRef<State>,
    State: Send + Sync,
{
    type Rejection = Rejection;

    async fn from_request(request: Request, state: &State) -> Result<Self, Rejection> {
        let receiver = Receiver::from_ref(state);
        let (verified, span) = receive(&receiver, request).await?;
        let claim = receiver.claim_detached(&verified, &span, TokioRuntime, tokio::spawn).await?;
        Ok(Self { verified, claim })
    }
}

async fn receive<S: IdempotencyStore>(
    receiver: &Receiver<S>,
    request: Request,
) -> Result<(Verified, DeliverySpan), Rejection> {
    if let Some(background) = receiver.settlement_task(TokioRuntime) {
        tokio::spawn(background);
    }
    let (head, body) = request.into_parts();
    let receiving = receiver.receive(head, HttpBody::new(body), TokioRuntime);
    let span = receiving.span().clone();
    let (_, delivery) = receiving.await?;
    Ok((delivery.into_verified(), span))
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
