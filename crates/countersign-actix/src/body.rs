//! Reads the body under a size limit and one total deadline, and verifies it as
//! it arrives.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;

use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap};
use actix_web::rt::task::yield_now;
use actix_web::rt::time::{Instant, timeout};
use actix_web::{HttpMessage, HttpRequest};
use bytes::Bytes;
use countersign_core::{
    BodyView, EarlyResponse, IncomingDelivery, ReceivedDelivery, Verified, Verifier,
    VerifyErrorKind,
};
use futures_core::Stream;

use crate::headers::{RequestHeaders, head};

/// Reads the body of a delivery and verifies it. The middleware and the
/// extractors share it, and other adapters can use it too.
///
/// The headers are checked first. If they are rejected, or if the announced
/// length exceeds the limit, the body is not read. The payload is read as it
/// arrives, and is never decompressed.
///
/// Call it, and then the handler, inside of the request's [`Verifier::span`].
///
/// # Errors
///
/// If the request is not a delivery for the handler, because it is rejected or
/// is a handshake, returns the response for its sender.
///
/// # Panics
///
/// Panics outside of a runtime whose timer is enabled, as that of actix-web is.
pub async fn read_body(
    verifier: &Verifier,
    request: &HttpRequest,
    payload: &mut Payload,
) -> Result<ReceivedDelivery, EarlyResponse> {
    let headers = RequestHeaders(request.headers());
    let head = head(request, &headers);
    let reserved = verifier.reserve(head_bytes(request))?;
    let mut resolving = verifier.resolve(head);
    let verifier = match timeout(verifier.body_timeout(), &mut resolving).await {
        Ok(resolved) => resolved?,
        Err(_) => resolving.use_stale()?,
    };
    let mut arriving = verifier.begin_delivery(head)?.with_permit(reserved);
    let announced = content_length(request.headers());
    arriving.check_content_length(announced.unwrap_or(0))?;
    read_whole(&mut arriving, payload).await?;
    arriving.finish(announced)
}

async fn read_whole(
    arriving: &mut IncomingDelivery,
    payload: &mut Payload,
) -> Result<(), EarlyResponse> {
    let began = Instant::now();
    let mut since_a_pause = 0;
    while arriving.wants_body() {
        let piece = match poll_once(next_piece(payload)).await {
            Some(piece) => Ok(piece),
            None => {
                arriving.pause();
                let until_look = arriving.next_deadline().saturating_sub(began.elapsed());
                timeout(until_look, next_piece(payload)).await
            }
        };
        match piece {
            Ok(None) => break,
            Ok(Some(Ok(piece))) => arriving.update(piece)?,
            Ok(Some(Err(error))) => return Err(arriving.reject(body_error_kind(&error))),
            Err(_) => arriving.check_rate(began.elapsed())?,
        }
        since_a_pause += 1;
        if since_a_pause == PIECES_WITHOUT_A_PAUSE {
            since_a_pause = 0;
            arriving.check_rate(began.elapsed())?;
            yield_now().await;
        }
    }
    Ok(())
}

/// The future's output, if it is ready at once.
async fn poll_once<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|cx| {
        Poll::Ready(match future.as_mut().poll(cx) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        })
    })
    .await
}

async fn next_piece(payload: &mut Payload) -> Option<Result<Bytes, PayloadError>> {
    poll_fn(|cx| Pin::new(&mut *payload).poll_next(cx)).await
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

/// The approximate memory that a request's head takes, in bytes.
fn head_bytes(request: &HttpRequest) -> usize {
    let headers = request.headers();
    let fields = headers.capacity().max(headers.len());
    let texts: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    fields * FIELD_BYTES + texts + target
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Why reading a body failed: the connection broke, unless an outer layer has
/// its own size limit.
fn body_error_kind(error: &PayloadError) -> VerifyErrorKind {
    match error {
        PayloadError::Overflow => VerifyErrorKind::BodyTooLarge,
        _ => VerifyErrorKind::BodyIncomplete,
    }
}

/// If a body always has another piece available, reading it must not keep its
/// deadline from being checked, or the worker's other connections from being
/// served.
const PIECES_WITHOUT_A_PAUSE: usize = 128;
/// The size of a field in a header map, without its name and value.
const FIELD_BYTES: usize = 256;
