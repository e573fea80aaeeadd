//! The extractor of a verified delivery.

use std::fmt;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use countersign_core::{EarlyResponse, ReceivedDelivery, Verified, Verifier};

use super::configured;
use super::rejection::ExtractError;
use crate::body::receive;

/// A verified delivery, with the exact body that was signed.
///
/// The extractor takes the body, so no other extractor or outer middleware can
/// read it.
///
/// The `Verifier` comes from the app data. If there is none, the response is
/// 503 `misconfigured`.
#[derive(Clone)]
pub struct Webhook(pub Verified);

impl FromRequest for Webhook {
    type Error = ExtractError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ExtractError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            match receive_configured(&request, &mut payload).await {
                Ok(delivery) => Ok(Self(delivery.into_verified())),
                Err(early) => Err(ExtractError::before_the_end(early, payload)),
            }
        })
    }
}

async fn receive_configured(
    request: &HttpRequest,
    payload: &mut Payload,
) -> Result<ReceivedDelivery, EarlyResponse> {
    let verifier = configured::<Verifier>(request)?;
    receive(&verifier, request, payload).await
}

impl fmt::Debug for Webhook {
    /// As [`WebhookJson`](crate::WebhookJson).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").field("verified", &self.0).finish_non_exhaustive()
    }
}
