//! The extractors that hand the claim to the handler.

use std::fmt;
use std::panic::resume_unwind;

use axum_core::extract::{FromRef, FromRequest, Request};
use countersign_core::{
    Answer, Claim, DeliverySpan, IdempotencyStore, MemoryStore, Receiver, Verified,
};
use countersign_tower::ReadBody;
use serde_core::de::DeserializeOwned;
use tokio::time::sleep;

use crate::rejection::Rejection;

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
/// A sender that leaves cancels the handler, as everywhere in axum, and then the
/// event is given back too. A handler that must not be stopped half-way stands
/// behind `countersign_tower::WebhookLayer`, or does its work in a task.
///
/// It reads the body, so it is the last argument of its handler.
///
/// ```
/// use axum::http::StatusCode;
/// use countersign_axum::Delivery;
/// # use serde::Deserialize;
/// # async fn book(amount: u64) -> Result<(), ()> { Ok(()) }
///
/// #[derive(Deserialize)]
/// struct Event {
///     amount: u64,
/// }
///
/// async fn on_event(Delivery { event, claim, .. }: Delivery<Event>) -> StatusCode {
///     match book(event.amount).await {
///         Ok(()) => {
///             // Booked is booked: where the record cannot be written yet, it is tried again.
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
pub struct Delivery<T, S: IdempotencyStore = MemoryStore> {
    /// The proof.
    pub verified: Verified,
    /// What the body says.
    pub event: T,
    /// The claim, to be settled.
    pub claim: Claim<S>,
}

impl<T, S, State> FromRequest<State> for Delivery<T, S>
where
    T: DeserializeOwned + Send,
    S: IdempotencyStore,
    Receiver<S>: FromRef<State>,
    State: Send + Sync,
{
    type Rejection = Rejection;

    async fn from_request(request: Request, state: &State) -> Result<Self, Rejection> {
        let receiver = Receiver::from_ref(state);
        let (verified, span) = verified(&receiver, request).await?;
        // Before the claim: what no handler can read is not worth holding.
        let event = span.in_scope(|| verified.json())?;
        let claim = claim(receiver, verified.clone(), &span).await?;
        Ok(Self { verified, event, claim })
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

impl<S, State> FromRequest<State> for Claimed<S>
where
    S: IdempotencyStore,
    Receiver<S>: FromRef<State>,
    State: Send + Sync,
{
    type Rejection = Rejection;

    async fn from_request(request: Request, state: &State) -> Result<Self, Rejection> {
        let receiver = Receiver::from_ref(state);
        let (verified, span) = verified(&receiver, request).await?;
        let claim = claim(receiver, verified.clone(), &span).await?;
        Ok(Self { verified, claim })
    }
}

async fn verified<S: IdempotencyStore>(
    receiver: &Receiver<S>,
    request: Request,
) -> Result<(Verified, DeliverySpan), Rejection> {
    if let Some(background) = receiver.background(sleep) {
        tokio::spawn(background);
    }
    let read = ReadBody::new(receiver.verifier(), request);
    let span = read.span().clone();
    let (_, arrived) = read.await?;
    Ok((arrived.into_verified(), span))
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
    let claiming = tokio::spawn(span.instrument(claiming));
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
