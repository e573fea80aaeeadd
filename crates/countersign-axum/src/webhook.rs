//! The extractor of a verified delivery.

use std::fmt;

use axum_core::extract::{FromRef, FromRequest, Request};
use countersign_core::{TokioRuntime, Verified, Verifier};
use countersign_tower::HttpBody;

use crate::rejection::Rejection;

/// A verified delivery, with the exact body that was signed.
///
/// The extractor reads the body, so it must be the last argument of its
/// handler.
#[derive(Clone)]
pub struct Webhook(pub Verified);

impl<S> FromRequest<S> for Webhook
where
    Verifier: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Rejection;

    async fn from_request(request: Request, state: &S) -> Result<Self, Rejection> {
        let (head, body) = request.into_parts();
        let verifier = Verifier::from_ref(state);
        let (_, delivery) = verifier.receive(head, HttpBody::new(body), TokioRuntime).await?;
        Ok(Self(delivery.into_verified()))
    }
}

impl fmt::Debug for Webhook {
    /// As [`WebhookJson`](crate::WebhookJson).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").field("verified", &self.0).finish_non_exhaustive()
    }
}
