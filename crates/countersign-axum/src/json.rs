//! The extractor of a verified delivery with a JSON body.

use std::fmt;

use axum_core::extract::{FromRef, FromRequest, Request};
use countersign_core::{Verified, Verifier};
use serde_core::de::DeserializeOwned;

use crate::rejection::Rejection;
use crate::webhook::Webhook;

/// A verified delivery and its parsed JSON body.
///
/// The JSON is parsed only after the delivery is verified. The extractor reads
/// the body, so it must be the last argument of its handler.
///
/// ```
/// use countersign_axum::WebhookJson;
/// # use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Event {
///     amount: u64,
/// }
///
/// async fn on_event(WebhookJson { verified, event }: WebhookJson<Event>) {
///     println!("{}: {}", verified.event_id(), event.amount);
/// }
/// # let _ = on_event;
/// ```
#[derive(Clone)]
pub struct WebhookJson<T> {
    /// The verified delivery.
    pub verified: Verified,
    /// The parsed body.
    pub event: T,
}

impl<T, S> FromRequest<S> for WebhookJson<T>
where
    T: DeserializeOwned,
    Verifier: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Rejection;

    async fn from_request(request: Request, state: &S) -> Result<Self, Rejection> {
        let Webhook(verified) = Webhook::from_request(request, state).await?;
        let event = verified.json()?;
        Ok(Self { verified, event })
    }
}

impl<T> fmt::Debug for WebhookJson<T> {
    /// Shows the verified delivery, but not the contents of the body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookJson").field("verified", &self.verified).finish_non_exhaustive()
    }
}
