//! The extractor of a verified delivery with a JSON body.

use std::fmt;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use countersign_core::Verified;
use serde_core::de::DeserializeOwned;

use super::rejection::{ExtractError, Rejection};
use super::webhook::Webhook;

/// A verified delivery and its parsed JSON body.
///
/// The JSON is parsed only after the delivery is verified. The extractor takes
/// the body, so no other extractor or outer middleware can read it.
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
    /// The verified delivery.
    pub verified: Verified,
    /// The parsed body.
    pub event: T,
}

impl<T: DeserializeOwned> FromRequest for WebhookJson<T> {
    type Error = ExtractError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ExtractError>>>>;

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
    /// Shows the verified delivery, but not the contents of the body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookJson").field("verified", &self.verified).finish_non_exhaustive()
    }
}
