//! Response bodies that are being sent.

use std::pin::Pin;
use std::task::{Context, Poll};

use http::header::RETRY_AFTER;
use http::{HeaderValue, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::connection_timer::Answering;

pin_project! {
    /// The body of a response: the service's, or empty.
    pub(super) struct Answer<B> {
        #[pin]
        body: Option<B>,
        // Dropped once the connection has read the whole body.
        answering: Option<Answering>,
    }
}

impl<B> Answer<B> {
    pub(super) fn of_service(body: B) -> Self {
        Self { body: Some(body), answering: None }
    }

    pub(super) fn on_its_way(self, answering: Answering) -> Self {
        Self { answering: Some(answering), ..self }
    }
}

/// A response without a body, sent without calling the service.
pub(super) fn rejected<B>(status: StatusCode) -> Response<Answer<B>> {
    let mut response = Response::new(Answer { body: None, answering: None });
    *response.status_mut() = status;
    response
}

/// The server has no capacity for the request at this moment.
pub(super) fn unavailable<B>() -> Response<Answer<B>> {
    let mut response = rejected(StatusCode::SERVICE_UNAVAILABLE);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

impl<B: Body> Body for Answer<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        match self.project().body.as_pin_mut() {
            Some(body) => body.poll_frame(cx),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}
