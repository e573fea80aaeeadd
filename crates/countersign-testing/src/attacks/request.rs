//! One request of an attack, for a service in this process or for a connection.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Request;
use http::header::CONTENT_LENGTH;
use http_body::{Body, Frame, SizeHint};

use super::expected::Expected;

/// A request, how its body is sent, and the response of a correct receiver.
#[derive(Clone)]
pub struct AttackRequest {
    request: Request<Bytes>,
    pace: Pace,
    expected: Expected,
}

/// How a body is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Pace {
    /// To its end.
    Whole,
    /// Half of it. The end never arrives.
    Slow,
    /// Half of it, and then it is cut off.
    Cut,
}

impl AttackRequest {
    /// A custom request, such as a recorded one, whose body is sent to its end.
    #[must_use]
    pub fn new(request: Request<Bytes>, expected: Expected) -> Self {
        Self { request, pace: Pace::Whole, expected }
    }

    pub(super) fn with_pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// The request: method, URL, headers, and the whole body, of which some
    /// [paces](Self::pace) send half.
    #[must_use]
    pub fn request(&self) -> &Request<Bytes> {
        &self.request
    }

    /// How the body is sent.
    #[must_use]
    pub fn pace(&self) -> Pace {
        self.pace
    }

    /// The response of a correct receiver.
    #[must_use]
    pub fn expected(&self) -> Expected {
        self.expected
    }

    /// The request for a tower service or an axum router, with its
    /// `Content-Length` and a body that is sent at its pace.
    #[must_use]
    pub fn to_http(&self) -> Request<AttackBody> {
        let (mut head, body) = self.request.clone().into_parts();
        head.headers.insert(CONTENT_LENGTH, body.len().into());
        let rest = match self.pace {
            Pace::Whole => body.clone(),
            Pace::Slow | Pace::Cut => self.first_half(),
        };
        Request::from_parts(head, AttackBody { rest, pace: self.pace, length: body.len() })
    }

    pub(super) fn first_half(&self) -> Bytes {
        let body = self.request.body();
        body.slice(..body.len() / 2)
    }
}

impl fmt::Debug for AttackRequest {
    /// Shows no header and no body, because they contain the signature.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttackRequest")
            .field("method", self.request.method())
            .field("body_bytes", &self.request.body().len())
            .field("pace", &self.pace)
            .field("expected", &self.expected)
            .finish_non_exhaustive()
    }
}

/// The body of a request, which is sent at its pace.
pub struct AttackBody {
    rest: Bytes,
    pace: Pace,
    /// The value of `Content-Length`.
    length: usize,
}

impl Body for AttackBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let rest = std::mem::take(&mut self.rest);
        if !rest.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(rest))));
        }
        match self.pace {
            Pace::Whole => Poll::Ready(None),
            // The task is never woken. That is the attack.
            Pace::Slow => Poll::Pending,
            Pace::Cut => Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into()))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.pace == Pace::Whole
    }

    fn size_hint(&self) -> SizeHint {
        match self.pace {
            Pace::Whole => SizeHint::with_exact(self.rest.len() as u64),
            Pace::Slow | Pace::Cut => SizeHint::with_exact(self.length as u64),
        }
    }
}

impl fmt::Debug for AttackBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttackBody").field("pace", &self.pace).finish_non_exhaustive()
    }
}
