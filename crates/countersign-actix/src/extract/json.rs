//! The extractor of a proved delivery whose body is JSON.

use std::fmt;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use countersign_core::Verified;
use serde_core::de::DeserializeOwned;

use super::rejection::{Rejected, Rejection};
use super::webhook::Webhook;

/// A delivery that is proved, and what its JSON says.
///
/// Nothing is parsed before the delivery has been verified. It takes the body,
/// so nothing else in front of it or beside it can.
///
/// ```
/// use actix_web::{HttpResponse, Responder};
/// use countersign_actix::WebhookJson;
/// # use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Event {
///     amount: u64,
/// }
///
/// async fn on_event(WebhookJson { verified, event }: WebhookJson<Event>) -> impl Responder {
///     println!("{}: {}", verified.event_id(), event.amount);
///     HttpResponse::NoContent()
/// }
/// # let _ = on_event;
/// ```
#[derive(Clone)]
pub struct WebhookJson<T> {
    /// The proof.
    pub verified: Verified,
    /// What the body says.
    pub event: T,
}

impl<T: DeserializeOwned> FromRequest for WebhookJson<T> {
    type Error = Rejected;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Rejected>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let proved = Webhook::from_request(request, payload);
        Box::pin(async move {
            let Webhook(verified) = proved.await?;
            let event = verified.json().map_err(Rejection::from)?;
            Ok(Self { verified, event })
        })
    }
}

impl<T> fmt::Debug for WebhookJson<T> {
    /// Shows the proof, and nothing that the body says.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookJson").field("verified", &self.verified).finish_non_exhaustive()
    }
}
