//! Responses of the inspector, with the headers that confine the page.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, Response, StatusCode};
use hyper::body::Frame;
use serde::Serialize;
use tokio::sync::mpsc;

pub(super) type Reply = Response<Body>;

/// A response with a body of this type.
pub(super) fn typed(content_type: &'static str, body: impl Into<Body>) -> Reply {
    let mut reply = Response::new(body.into());
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    reply
}

pub(super) fn json(value: &impl Serialize) -> Reply {
    match serde_json::to_vec(value) {
        Ok(json) => typed("application/json", json),
        Err(_) => problem(StatusCode::INTERNAL_SERVER_ERROR, "the response cannot be written"),
    }
}

/// An error with its reason: `{"error": …}`.
pub(super) fn problem(status: StatusCode, reason: &str) -> Reply {
    let mut reply = typed("application/json", serde_json::json!({ "error": reason }).to_string());
    *reply.status_mut() = status;
    reply
}

pub(super) fn text(status: StatusCode, text: &'static str) -> Reply {
    let mut reply = typed("text/plain; charset=utf-8", text);
    *reply.status_mut() = status;
    reply
}

/// Adds the headers that every response has.
pub(super) fn confined(mut reply: Reply) -> Reply {
    let headers = reply.headers_mut();
    for (name, value) in CONFINING {
        headers.insert(name, HeaderValue::from_static(value));
    }
    reply
}

/// The body of a response that is written in pieces.
pub(super) fn streamed(content_type: &'static str) -> (mpsc::Sender<Bytes>, Reply) {
    let (sender, receiver) = mpsc::channel(16);
    (sender, typed(content_type, Body::new(Pieces(receiver))))
}

struct Pieces(mpsc::Receiver<Bytes>);

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(cx).map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
    }
}

/// Scripts and styles are our own files. Nothing can set HTML from text: there is no policy for trusted
/// types. No page can show this one in a frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'; require-trusted-types-for 'script'; \
                      trusted-types 'none'";

const CONFINING: [(HeaderName, &str); 7] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("x-frame-options"), "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];
