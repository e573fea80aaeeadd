//! The head and the body of an actix-web request for the receive loop, and the
//! request for the service.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use actix_web::{HttpMessage, HttpRequest};
use bytes::Bytes;
use countersign_core::{
    BodySource, BodyView, EarlyResponse, HeadSource, ReceiveFuture, ReceivedDelivery, RequestHead,
    TokioRuntime, Verified, Verifier, VerifyErrorKind,
};
use futures_core::Stream;

use crate::headers::{RequestHeaders, head};

/// Receives a delivery: checks its head, reads its body, and verifies it, with
/// [`Verifier::receive`]. The payload is read as it arrives, and is never
/// decompressed.
///
/// # Errors
///
/// If the request is not a delivery for the handler, because it is rejected or
/// is a handshake, returns the response for its sender.
///
/// # Panics
///
/// Panics outside of a runtime whose timer is enabled, as that of actix-web is.
pub async fn receive(
    verifier: &Verifier,
    request: &HttpRequest,
    payload: &mut Payload,
) -> Result<ReceivedDelivery, EarlyResponse> {
    receiving(verifier, request, payload).await.map(|(_, delivery)| delivery)
}

/// As [`receive`], with the future itself.
pub(crate) fn receiving<'r>(
    verifier: &Verifier,
    request: &'r HttpRequest,
    payload: &'r mut Payload,
) -> ReceiveFuture<Head<'r>, Body<'r>, TokioRuntime> {
    verifier.receive(Head(request), Body(payload), TokioRuntime)
}

pub(crate) struct Head<'r>(pub(crate) &'r HttpRequest);

impl HeadSource for Head<'_> {
    fn with_head<T>(&self, read: impl FnOnce(RequestHead<'_>) -> T) -> T {
        let headers = RequestHeaders(self.0.headers());
        read(head(self.0, &headers))
    }

    fn buffered_bytes(&self) -> usize {
        /// The size of a field in a header map, without its name and value.
        const FIELD_BYTES: usize = 256;
        let headers = self.0.headers();
        let fields = headers.capacity().max(headers.len());
        let texts = headers.iter().map(|(name, value)| name.as_str().len() + value.len());
        let target = self.0.uri().path_and_query().map_or(0, |target| target.as_str().len());
        fields * FIELD_BYTES + texts.sum::<usize>() + target
    }
}

pub(crate) struct Body<'r>(&'r mut Payload);

impl BodySource for Body<'_> {
    fn poll_piece(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, VerifyErrorKind>>> {
        Pin::new(&mut *self.0)
            .poll_next(cx)
            .map(|piece| Some(piece?.map_err(|error| error_kind(&error))))
    }
}

/// Why reading a payload failed.
pub(crate) fn error_kind(error: &PayloadError) -> VerifyErrorKind {
    match error {
        // An outer middleware has its own size limit.
        PayloadError::Overflow => VerifyErrorKind::BodyTooLarge,
        _ => VerifyErrorKind::BodyIncomplete,
    }
}

/// Rebuilds the request for the inner service, with its body and the verified
/// delivery.
pub(crate) fn rebuild_request(request: &mut ServiceRequest, verified: Verified) {
    if verified.scheme().body_view() == BodyView::Decoded {
        // These headers describe the encoded body.
        let headers = request.headers_mut();
        headers.remove(CONTENT_ENCODING);
        headers.remove(CONTENT_LENGTH);
    }
    request.set_payload(Payload::from(verified.body().clone()));
    request.extensions_mut().insert(verified);
}
