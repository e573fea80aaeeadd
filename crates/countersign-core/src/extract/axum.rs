//! axum.

use std::convert::Infallible;

use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use axum_core::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;

use super::MissingLayer;
use crate::idempotency::{InboxTransaction, TransactionSlot};
use crate::verify::Verified;

/// The verified delivery, for a handler behind a layer. Without a layer, the response is 500, and the
/// log names the path.
impl<S: Send + Sync> FromRequestParts<S> for Verified {
    type Rejection = MissingLayer;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, MissingLayer> {
        let verified = parts.extensions.get::<Self>().cloned();
        verified.ok_or_else(|| MissingLayer::of(parts.uri.path()))
    }
}

/// `None` if no layer has verified the request, as in shadow mode.
impl<S: Send + Sync> OptionalFromRequestParts<S> for Verified {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned())
    }
}

/// The open transaction, for a handler behind an inbox layer. Without the layer, or if the handler takes
/// it twice, the response is 500, and the log names the path.
impl<S: Send + Sync, T: Send + 'static> FromRequestParts<S> for InboxTransaction<T> {
    type Rejection = MissingLayer;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, MissingLayer> {
        let slot = parts.extensions.get::<TransactionSlot<T>>();
        let taken = slot.and_then(TransactionSlot::take);
        taken.ok_or_else(|| MissingLayer::of_transaction(parts.uri.path()))
    }
}

impl IntoResponse for MissingLayer {
    fn into_response(self) -> Response {
        self.log();
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}
